import assert from "node:assert/strict";
import { test } from "node:test";
import { listen, tree } from "../support/listener.js";
import { fixture } from "../support/paths.js";
import { visits } from "../support/visit.js";

const visit = visits();

test("the live regions are in the accessibility tree before anything is said", async () => {
  const person = await visit();
  await person.open();
  const nodes = await tree(person.page);
  const live = nodes.filter(({ properties }) => ["polite", "assertive"].includes(String(properties["live"])));
  const regions = live.filter(({ role }) => role === "log" || role === "alert");
  assert.deepEqual(
    regions.map(({ role, properties }) => [role, properties["live"]]),
    [
      ["log", "polite"],
      ["alert", "assertive"],
    ],
  );
  assert.ok(nodes.some(({ role, name }) => role === "dialog" && name === "North Clinic"));
  await person.close();
});

test("each message of the guide is announced once, those of the person are not", async () => {
  const person = await visit();
  const heard = await listen(person.page);
  person.fake.says("source?", fixture("answer"), fixture("text"));
  await person.open();
  await person.hear("hello");
  await person.hear("source?");
  assert.deepEqual(await heard(), [
    { how: "polite", text: "You said hello" },
    { how: "polite", text: fixture("answer").text },
    { how: "polite", text: fixture("text").text },
  ]);
  await person.close();
});

test("what is announced stands in the tree under the live log", async () => {
  const person = await visit();
  await person.open();
  await person.hear("hello");
  const nodes = await tree(person.page);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const said = nodes.filter(({ role, name }) => role === "StaticText" && name === "You said hello");
  const logs = said.filter((node) => {
    for (let up = byId.get(node.parent); up; up = byId.get(up.parent)) if (up.role === "log") return true;
    return false;
  });
  assert.equal(logs.length, 1);
  await person.close();
});

for (const name of ["escalation", "crisis"]) {
  test(`the ${name} card is announced assertively, once, and takes no focus`, async () => {
    const person = await visit();
    const heard = await listen(person.page);
    person.fake.says("help", fixture(name), ...(name === "crisis" ? [] : [fixture("answer")]));
    await person.open();
    await person.hear("help");
    const said = await heard();
    assert.deepEqual(said[0], { how: "assertive", text: fixture(name).text });
    assert.equal(said.filter(({ text }) => text === fixture(name).text).length, 1);
    assert.equal(await person.input.evaluate((input) => input.matches(":focus")), true);
    const card = (await tree(person.page)).find(({ role, name }) => role === "group" && name === "Urgent");
    assert.ok(card);
    await person.close();
  });
}

test("a restored conversation is silent, and so is one that is restored open", async () => {
  const person = await visit();
  const heard = await listen(person.page);
  person.fake.says("help", fixture("escalation"), fixture("answer"));
  await person.open();
  await person.hear("help");
  await person.page.reload();
  await person.log.locator(".answer").waitFor();
  await person.page.waitForTimeout(300);
  assert.deepEqual(await heard(), []);
  assert.equal(await person.window.isVisible(), true);
  await person.close();
});

test("a failure is announced with what to do", async () => {
  const person = await visit();
  const heard = await listen(person.page);
  await person.open();
  await person.fake.stop();
  await person.say("hello");
  await person.log.locator(".failed").waitFor();
  assert.deepEqual(await heard(), [{ how: "polite", text: "I could not get an answer. Please try again, or call." }]);
  await person.close();
});
