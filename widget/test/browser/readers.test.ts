import assert from "node:assert/strict";
import { test } from "node:test";
import { listen, tree } from "../support/listener.js";
import { fixture } from "../support/paths.js";
import { visits } from "../support/visit.js";

const visit = visits();

test("the live regions are in the accessibility tree before anything is said", async () => {
  const person = await visit();
  await person.open();
  await person.page.getByRole("dialog", { name: "North Clinic" }).waitFor(); // Once the settings are there.
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
  const numbers = "Emergency: 911. Care team: +1 555-0100. After hours: +1 555-0101.";
  assert.deepEqual(await heard(), [
    { how: "polite", text: `I could not get an answer. Please try again, or call. ${numbers}` },
  ]);
  await person.close();
});

test("an escalation that arrives while the window is closed opens it and is announced", async () => {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 568 }]) {
    const person = await visit({ viewport });
    const heard = await listen(person.page);
    let go: () => void = () => undefined;
    person.fake.scripts.set("fever", async ({ line, end }) => {
      await new Promise<void>((resolve) => (go = resolve));
      line(fixture("escalation"));
      end();
    });
    await person.open();
    await person.say("fever");
    await person.page.keyboard.press("Escape");
    assert.equal(await person.window.isVisible(), false);
    // The live regions are not in what is hidden.
    const live = (await tree(person.page)).filter(({ properties }) => ["polite", "assertive"].includes(String(properties["live"])));
    assert.equal(live.filter(({ role }) => role === "log" || role === "alert").length, 2);
    if (viewport.width > 480) await person.page.locator("#before").focus();
    go();
    await person.log.locator(".escalation").waitFor();
    assert.equal(await person.window.isVisible(), true);
    assert.deepEqual(await heard(), [{ how: "assertive", text: fixture("escalation").text }]);
    // Somebody who is elsewhere on the page stays there, unless the window covers it.
    const elsewhere = await person.page.locator("#before").evaluate((button) => button.matches(":focus"));
    assert.equal(elsewhere, viewport.width > 480);
    assert.equal(await person.log.evaluate((log) => log.matches(":focus")), viewport.width <= 480);
    await person.close();
  }
});

test("a page that asks something opens the window", async () => {
  const person = await visit();
  await person.go();
  await person.page.evaluate(() => (document.querySelector("clinic-guide") as HTMLElement & { ask(text: string): void }).ask("hello"));
  await person.log.getByText("You said hello").waitFor();
  await person.close();
});

test("everything is read in its own language, whatever the page's is", async () => {
  const person = await visit();
  person.fake.attributes += ' data-lang="es"';
  person.fake.says("text", fixture("text"));
  person.fake.says("answer", fixture("answer_marked"));
  person.fake.says("fever", fixture("escalation"));
  person.fake.says("fiebre", fixture("escalation_es"));
  await person.open();
  await person.page.evaluate(() => {
    const spoken: [string, string][] = [];
    Object.assign(window, { spoken });
    const regions = document.querySelector("clinic-guide")!.shadowRoot!.querySelectorAll("[aria-live]");
    for (const region of regions) {
      new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes) spoken.push([(node as HTMLElement).lang, node.textContent!]);
      }).observe(region, { childList: true });
    }
  });
  for (const text of ["text", "answer", "fever", "fiebre"]) await person.hear(text);
  const spoken = await person.page.evaluate(() => (window as unknown as { spoken: [string, string][] }).spoken);
  assert.deepEqual(spoken.map(([lang]) => lang), ["en", "en", "en", "es"]);
  const languages = await person.log.evaluate((log) =>
    [".text p:not(.who)", ".answer blockquote", ".answer .source", ".answer summary", ".answer .opinions", ".escalation .first", ".escalation small", ".who"].map((selector) =>
      [...log.querySelectorAll(selector)].map((each) => each.closest<HTMLElement>("[lang]")!.lang).join(" "),
    ),
  );
  const es = Array.from({ length: 6 }, () => "es").join(" ");
  assert.deepEqual(languages.slice(0, 6), ["en", "en en", "en", "es", "es", "en es"]);
  assert.equal(languages[6], es);
  assert.match(languages[7]!, /^es( es)+$/);
  await person.close();
});
