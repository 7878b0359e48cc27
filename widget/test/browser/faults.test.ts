import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture } from "../support/paths.js";
import type { Script } from "../support/server.js";
import { visits, type Visit } from "../support/visit.js";

const visit = visits();
const NUMBERS = ["tel:911", "tel:+15550100"];

async function failed(person: Visit): Promise<void> {
  const note = person.log.locator(".failed");
  await note.waitFor();
  assert.equal(await note.count(), 1);
  assert.match(await note.innerText(), /I could not get an answer/);
  assert.deepEqual(await note.locator("a").evaluateAll((links) => links.map((a) => a.getAttribute("href"))), [
    "tel:911",
    "tel:+15550100",
    "tel:+15550101",
  ]);
  const card = (await person.log.locator(".escalation").count()) ? ["tel:+15550101"] : []; // And its other number.
  assert.deepEqual((await person.numbers()).sort(), [...NUMBERS, ...card].sort());
  assert.equal(await person.input.isEnabled(), true);
}

const FAULTS: Record<string, Script> = {
  "an error of the server": ({ response }) => void response.end("Internal Server Error"),
  "an empty list, as Rasa's silence is": ({ response }) => void response.end("[]\n"),
  "nothing at all": ({ response }) => void response.end(),
  "half a line": ({ line, response }) => {
    line('{"text": "half a li');
    response.end();
  },
  "wrong JSON": ({ line, response }) => {
    line("{'text': 1}\n");
    response.end();
  },
  "a line of another protocol": ({ line, response }) => {
    line({ text: "hi" });
    response.end();
  },
  "a text that is none": ({ line, response }) => {
    line({ text: { a: 1 }, custom: { v: 1, kind: "text" } });
    response.end();
  },
  "a token that is none": ({ line, response }) => {
    line({ custom: { v: 1, kind: "conversation", conversation: { a: 1 } } });
    response.end();
  },
  "a part that cannot be shown": ({ line, response }) => {
    line({ text: "hi", custom: { v: 1, kind: "answer", quote: 7, mark: { start: 0, end: 1 } } });
    response.end();
  },
  "a page of a proxy": ({ response }) => void response.end("<html><body>502 Bad Gateway</body></html>\n"),
  "a cut connection": ({ line, response }) => {
    line({ custom: { v: 1, kind: "unknown" } });
    setTimeout(() => response.destroy(), 100);
  },
};

const STATUSES: Record<string, number> = { "an error of the server": 500, "a page of a proxy": 502 };

for (const [name, script] of Object.entries(FAULTS)) {
  test(`${name} becomes a clear line with the numbers; trying again is no second message`, async () => {
    const person = await visit();
    person.fake.scripts.set("hello", script);
    person.fake.statuses.set("hello", STATUSES[name] ?? 200);
    await person.open();
    await person.say("hello");
    await failed(person);
    person.fake.statuses.clear();
    person.fake.says("hello", fixture("text"));
    await person.log.getByRole("button", { name: "Try again" }).click();
    await person.log.locator(".failed").waitFor({ state: "detached" });
    await person.idle();
    assert.equal(await person.log.locator(".me").count(), 1);
    assert.equal(await person.log.locator(".text").count(), 1);
    const ids = person.fake.messages.map(({ message_id }) => message_id);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    assert.equal(person.fake.messages[0]?.begin, person.fake.messages[1]?.begin);
    await person.close();
  });
}

test("a line with odd parts is shown without them, and the widget is there on the next page too", async () => {
  const person = await visit();
  const custom = { v: 1, kind: "text", phones: 7, source: 7, level: {}, mark: "x" };
  person.fake.scripts.set("hello", ({ line, end }) => {
    line({ text: "hi there", buttons: [null, { title: 1 }, { title: "Good", payload: "good" }], custom });
    end();
  });
  await person.open();
  await person.hear("hello");
  for (const next of ["/page", "/page2"]) {
    assert.deepEqual(await person.log.locator(".choices button").allInnerTexts(), ["Good"]);
    assert.equal(await person.log.getByText("hi there").count(), 1);
    await person.go(next);
    await person.idle();
  }
  await person.close();
});

for (const [name, play] of Object.entries({
  "a server that does not answer": (() => undefined) as Script,
  "a reply that never ends": async ({ line, response }: Parameters<Script>[0]) => {
    line(fixture("escalation"));
    while (!response.destroyed) await new Promise((resolve) => setTimeout(resolve, 50));
  },
})) {
  test(`${name} is given up`, async () => {
    const person = await visit();
    person.fake.attributes += ' data-timeout="1"';
    person.fake.scripts.set("hello", play);
    await person.open();
    await person.say("hello");
    await failed(person);
    await person.close();
  });
}

test("a server that never stops talking is cut off", async () => {
  const person = await visit();
  let more = true;
  person.fake.scripts.set("hello", async ({ line, response }) => {
    response.on("close", () => (more = false));
    while (more) {
      line({ text: "and another thing", custom: { v: 1, kind: "text" } });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  await person.open();
  await person.say("hello");
  await failed(person);
  assert.ok((await person.log.locator(".text").count()) <= 100);
  await person.close();
});

test("an escalation shows before the rest of its reply is there, and once although it is sent again", async () => {
  const person = await visit();
  person.fake.scripts.set("fever", ({ line, response }) => {
    line(fixture("escalation"));
    setTimeout(() => response.destroy(), 300);
  });
  await person.open();
  await person.say("fever");
  await person.log.locator(".escalation").waitFor();
  await failed(person);
  person.fake.says("fever", fixture("escalation"), fixture("answer"));
  await person.log.getByRole("button", { name: "Try again" }).click();
  await person.log.locator(".answer").waitFor();
  assert.equal(await person.log.locator(".escalation").count(), 1);
  await person.close();
});

const CUTS: Record<string, Script> = {
  "a refusal that says how long to wait": ({ response }) => void response.end(JSON.stringify(fixture("end_wait")) + "\n"),
  "a cut connection": ({ response }) => void setTimeout(() => response.destroy(), 100),
  "no end in time": ({ response }) => void response,
};
for (const [name, cut] of Object.entries(CUTS)) {
  test(`nothing follows a crisis card: not ${name}`, async () => {
    const person = await visit();
    person.fake.attributes += ' data-timeout="2"';
    person.fake.scripts.set("help", (reply) => {
      reply.line(fixture("crisis"));
      return cut(reply);
    });
    await person.open();
    for (const text of ["one", "two", "three"]) await person.hear(text);
    await person.hear("help");
    const card = person.log.locator(".escalation.crisis");
    assert.equal(await card.evaluate((each) => each.nextElementSibling?.className), "typing");
    assert.equal(await card.locator(".first").isVisible(), true);
    assert.equal(await person.page.locator('clinic-guide [aria-live="polite"]').getByText(/again|wait/).count(), 0);
    await person.page.reload();
    await card.waitFor();
    assert.equal(person.fake.messages.length, 4); // It is not sent again.
    await person.close();
  });

  test(`an urgent card stays in sight when its reply ends with ${name}`, async () => {
    const person = await visit({ viewport: { width: 320, height: 568 } });
    person.fake.attributes += ' data-timeout="2"';
    person.fake.scripts.set("fever", (reply) => {
      reply.line(fixture("escalation"));
      return cut(reply);
    });
    await person.open();
    for (const text of ["one", "two", "three"]) await person.hear(text);
    await person.hear("fever");
    await person.log.locator(".failed").waitFor({ state: "attached" });
    const [first, line] = [await person.log.locator(".escalation .first").boundingBox(), await person.line.boundingBox()];
    assert.ok(first && line && first.y >= line.y + line.height && first.y < 568, JSON.stringify([first, line]));
    await person.close();
  });
}

test("what becomes of an earlier message does not scroll a later card away", async () => {
  const person = await visit({ viewport: { width: 320, height: 568 } });
  let late = (): void => undefined;
  person.fake.scripts.set("hang", ({ response }) => void (late = () => response.end()));
  person.fake.says("fever", fixture("escalation"));
  await person.open();
  await person.say("hang");
  await person.say("fever");
  await person.log.locator(".escalation").waitFor();
  late();
  await person.log.locator(".failed").waitFor({ state: "attached" });
  const [first, line] = [await person.log.locator(".escalation .first").boundingBox(), await person.line.boundingBox()];
  assert.ok(first && line && first.y >= line.y + line.height && first.y < 568, JSON.stringify([first, line]));
  await person.close();
});

test("gone and back: what was written meanwhile is answered on trying again", async () => {
  const person = await visit();
  await person.open();
  await person.hear("first");
  await person.fake.stop();
  await person.say("second");
  await failed(person);
  await person.fake.restart();
  await person.log.getByRole("button", { name: "Try again" }).click();
  await person.log.getByText("You said second").waitFor();
  assert.deepEqual(
    person.fake.messages.map(({ text }) => text),
    ["first", "second"],
  );
  assert.equal(person.fake.messages[1]?.conversation, fixture("conversation").custom.conversation);
  await person.close();
});

test("offline: the numbers are there, and the answer once the network is back", async () => {
  const person = await visit();
  await person.open();
  await person.page.context().setOffline(true);
  await person.say("hello");
  await failed(person);
  await person.page.context().setOffline(false);
  await person.log.getByRole("button", { name: "Try again" }).click();
  await person.log.getByText("You said hello").waitFor();
  await person.close();
});

test("429: the refusal's words, how long to wait, and a retry that is the same message", async () => {
  const person = await visit();
  person.fake.statuses.set("hello", 429);
  person.fake.scripts.set("hello", ({ line, response }) => {
    line({ ...fixture("error"), text: "You're sending messages faster than I can read them." });
    line(fixture("end_wait"));
    response.end();
  });
  await person.open();
  await person.say("hello");
  await person.log.getByText("faster than I can read").waitFor();
  await person.log.getByText("Please wait 42 seconds.").waitFor();
  person.fake.statuses.clear();
  person.fake.says("hello", fixture("text"));
  await person.log.getByRole("button", { name: "Try again" }).click();
  await person.log.locator(".text").waitFor();
  assert.equal(new Set(person.fake.messages.map(({ message_id }) => message_id)).size, 1);
  await person.close();
});

for (const [status, end] of [[400, "end"], [403, "end"], [413, "end"], [429, "end_wait"]] as const) {
  test(`${status}: the escalation in front of the refusal is shown, and then the refusal`, async () => {
    const person = await visit();
    person.fake.statuses.set("fever", status);
    person.fake.says("fever", fixture("escalation"), fixture("error"), fixture(end));
    await person.open();
    await person.hear("fever");
    const kinds = await person.log.locator(".m").evaluateAll((all) => all.slice(2).map(({ className }) => className.split(" ")[1]));
    assert.deepEqual(kinds, ["escalation", "error", ...(status === 429 ? ["failed"] : [])]);
    assert.equal(await person.log.locator('.escalation a[href="tel:+15550100"]').first().isVisible(), true);
    await person.close();
  });
}

test("unless the page says otherwise a reply is given up after 25 seconds", async () => {
  const person = await visit();
  person.fake.scripts.set("hang", () => undefined);
  await person.page.clock.install({ time: 1_800_000_000_000 });
  await person.open();
  await person.page.clock.pauseAt(1_800_000_600_000);
  await person.say("hang");
  await person.page.clock.runFor(24_999);
  assert.equal(await person.log.locator(".failed").count(), 0);
  assert.equal(await person.page.locator("clinic-guide .typing").isVisible(), true);
  await person.page.clock.runFor(1);
  await failed(person);
  await person.close();
});

test("without settings from the server the page's own numbers stay; without any, a sentence does", async () => {
  const person = await visit();
  person.fake.settings = null;
  await person.open();
  assert.deepEqual(await person.numbers(), NUMBERS);
  person.fake.attributes = "";
  await person.page.evaluate("sessionStorage.clear()");
  await person.page.reload();
  await person.launcher.click();
  assert.match(await person.line.innerText(), /local emergency number/);
  await person.close();
});

test("an urgent message can be sent while another one hangs", async () => {
  const person = await visit();
  person.fake.scripts.set("hang", () => undefined);
  person.fake.says("fever", fixture("escalation"));
  await person.open();
  await person.say("hang");
  await person.say("fever");
  await person.log.locator(".escalation").waitFor();
  await person.close();
});
