import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../support/listener.js";
import { fixture } from "../support/paths.js";
import { visits, Visit } from "../support/visit.js";

const visit = visits();
const TOKEN = fixture("conversation").custom.conversation;

async function kept(person: Visit): Promise<[number, number]> {
  return person.page.evaluate(() => [sessionStorage.length, localStorage.length]);
}

test("a reload and another page continue the conversation, with the window as it was", async () => {
  const person = await visit();
  person.fake.says("fever", fixture("escalation"), fixture("answer"));
  await person.open();
  await person.hear("fever");
  await person.page.reload();
  await person.log.locator(".answer").waitFor();
  await person.page.getByRole("link", { name: "Another page" }).click();
  await person.log.locator(".escalation").waitFor();
  assert.equal(await person.window.isVisible(), true);
  assert.equal(await person.log.locator(".me").count(), 1);
  await person.page.keyboard.press("Tab");
  await person.hear("hello");
  assert.equal(person.fake.messages[1]?.conversation, TOKEN);
  await person.window.getByRole("button", { name: "Close" }).click();
  await person.page.reload();
  assert.equal(await person.launcher.isVisible(), true);
  assert.equal(await person.window.isVisible(), false);
  await person.launcher.click();
  assert.equal(await person.log.locator(".me").count(), 2);
  // As after any escalation.
  assert.deepEqual(await person.numbers(), ["tel:+15550100", "tel:+15550101", "tel:911"]);
  await person.close();
});

test("a reply that was on its way when the page changed arrives on the next page, without a second message", async () => {
  const person = await visit();
  person.fake.scripts.set("slow", () => undefined);
  await person.open();
  await person.say("slow");
  await person.page.locator("clinic-guide .typing").waitFor();
  person.fake.says("slow", fixture("text"));
  await person.page.getByRole("link", { name: "Another page" }).click();
  await person.log.locator(".text").waitFor();
  assert.equal(await person.log.locator(".me").count(), 1);
  assert.equal(new Set(person.fake.messages.map(({ message_id }) => message_id)).size, 1);
  await person.close();
});

test("a conversation begins when its first message is written, however long the page has been there", async () => {
  const person = await visit();
  await person.page.clock.install({ time: 1_800_000_000_000 });
  await person.open();
  await person.page.clock.setSystemTime(1_800_086_400_000); // A day later.
  await person.hear("one");
  await person.page.clock.setSystemTime(1_800_086_500_000);
  await person.hear("two");
  const begins = person.fake.messages.map(({ begin }) => begin.split("-")[1]);
  assert.deepEqual(begins, ["1800086400", "1800086400"]);
  await person.close();
});

test("two messages at once begin one conversation", async () => {
  const person = await visit();
  await person.open();
  await person.say("one");
  await person.say("two");
  await person.log.getByText("You said two").waitFor();
  assert.equal(new Set(person.fake.messages.map(({ begin }) => begin)).size, 1);
  await person.close();
});

test("it is kept for the tab by default, for good or not at all if the page says so", async () => {
  for (const [attribute, expected] of [
    ["", [1, 0]],
    [' data-storage="local"', [0, 1]],
    [' data-storage="none"', [0, 0]],
  ] as const) {
    const person = await visit();
    person.fake.attributes += attribute;
    await person.open();
    await person.hear("hello");
    assert.deepEqual(await kept(person), expected);
    await person.page.reload();
    if (await person.launcher.isVisible()) await person.launcher.click();
    assert.equal(await person.log.locator(".me").count(), expected[0] + expected[1]);
    await person.close();
  }
});

test("with storage blocked the conversation works as long as the page lasts", async () => {
  const person = await visit();
  await person.page.addInitScript(() => {
    for (const name of ["sessionStorage", "localStorage"]) {
      Object.defineProperty(window, name, {
        get: () => {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  });
  await person.open();
  await person.hear("hello");
  await person.hear("again");
  assert.equal(person.fake.messages[1]?.conversation, TOKEN);
  await person.close();
});

test("Clear asks once, empties the window and deletes on the server", async () => {
  const person = await visit();
  await person.open();
  await person.hear("hello");
  const clear = person.window.locator(".tools button").last();
  await clear.click();
  assert.equal(await clear.innerText(), "Clear for good?");
  await person.input.focus();
  assert.equal(await clear.innerText(), "Clear"); // Thought better of it.
  assert.deepEqual(person.fake.cleared, []);
  await clear.click();
  await clear.click();
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.deepEqual(person.fake.cleared, [TOKEN]);
  assert.equal(await person.log.locator(".me").count(), 0);
  await person.hear("anew");
  assert.equal(person.fake.messages[1]?.conversation, undefined);
  assert.notEqual(person.fake.messages[1]?.begin, person.fake.messages[0]?.begin);
  await person.page.reload();
  await person.log.getByText("You said anew").waitFor();
  assert.equal(await person.log.getByText("hello").count(), 0);
  await person.close();
});

test("when the server has given the conversation up that is said, once, and after the reply", async () => {
  const person = await visit();
  const heard = await listen(person.page);
  person.fake.says("fever", fixture("escalation"), fixture("answer"));
  await person.open();
  await person.hear("hello");
  person.fake.ended.add(TOKEN);
  await person.hear("fever");
  await person.hear("more");
  assert.equal(await person.log.getByText("A new conversation: I do not know what was said before.").count(), 1);
  assert.deepEqual(
    (await heard()).map(({ text }) => text).slice(1, 4),
    [fixture("escalation").text, fixture("answer").text, "A new conversation: I do not know what was said before."],
  );
  assert.equal(person.fake.messages[2]?.conversation, TOKEN + "-next");
  assert.deepEqual(person.fake.cleared, [TOKEN]); // Nothing would delete it otherwise.
  await person.close();
});

test("what could not be deleted on the server is said", async () => {
  const person = await visit();
  person.fake.clears = false;
  await person.open();
  await person.hear("hello");
  const clear = person.window.locator(".tools button").last();
  await clear.click();
  await clear.click();
  await person.log.getByText("Deleted here, but not yet at the clinic.").waitFor();
  await person.close();
});

test("a reply that arrives after Clear is not shown", async () => {
  const person = await visit();
  let go: () => void = () => undefined;
  person.fake.scripts.set("slow", async ({ line, end }) => {
    await new Promise<void>((resolve) => (go = resolve));
    line(fixture("answer"));
    end();
  });
  await person.open();
  await person.say("slow");
  const clear = person.window.locator(".tools button").last();
  await clear.click();
  await clear.click();
  await person.idle(); // Nobody waits for it any more.
  assert.deepEqual(person.fake.cleared, [TOKEN]);
  go();
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.equal(await person.log.locator(".answer").count(), 0);
  // Again, behind the message: it may have come after the first, and begun anew.
  assert.deepEqual(person.fake.cleared, [TOKEN, TOKEN]);
  await person.close();
});

/** Presses Clear, and again to be sure. */
async function clear(person: Visit): Promise<void> {
  const button = person.window.locator(".tools button").last();
  await button.click();
  await button.click();
}

test("Clear before the server has named the conversation deletes it once it has", async () => {
  const person = await visit();
  let go: () => void = () => undefined;
  person.fake.hold = new Promise<void>((resolve) => (go = resolve));
  await person.open();
  await person.say("slow");
  await clear(person);
  assert.equal(await person.log.locator(".me").count(), 0);
  assert.equal(await person.log.getByText("deleted").count(), 0); // Not yet.
  go();
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.deepEqual(person.fake.cleared, [TOKEN]);
  await person.close();
});

test("where nobody can tell what the server has, nobody says that it is deleted", async () => {
  const person = await visit();
  person.fake.hold = new Promise(() => undefined);
  person.fake.attributes += ' data-timeout="1"';
  await person.open();
  await person.say("slow");
  await person.log.locator(".failed").waitFor();
  await clear(person);
  await person.log.getByText("Deleted here, but not yet at the clinic.").waitFor();
  await person.close();
});

test("what could not be deleted is tried again on the next page, until it is", async () => {
  const person = await visit();
  person.fake.clears = false;
  await person.open();
  await person.hear("hello");
  await clear(person);
  await person.log.getByText("Deleted here, but not yet at the clinic.").waitFor();
  await person.go("/page2");
  person.fake.clears = true;
  const answered = person.page.waitForResponse((response) => response.url().endsWith("/clear") && response.ok());
  await person.go("/page2");
  await answered;
  await person.go("/page2");
  await person.hear("anew");
  assert.deepEqual(person.fake.cleared, [TOKEN, TOKEN, TOKEN]);
  await person.close();
});

test("the back button brings nothing back that was cleared on another page", async () => {
  const person = await visit();
  await person.open();
  await person.hear("hello");
  // As a page that the browser has kept whole: its script still has what was said.
  await person.page.evaluate(() => {
    const [key] = Object.keys(sessionStorage);
    const kept = JSON.parse(sessionStorage.getItem(key!)!) as object;
    sessionStorage.setItem(key!, JSON.stringify({ ...kept, begin: "another", log: [], conversation: undefined }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  assert.equal(await person.log.locator(".me").count(), 0);
  await person.hear("anew");
  assert.notEqual(person.fake.messages[1]?.begin, person.fake.messages[0]?.begin);
  assert.equal(person.fake.messages[1]?.conversation, undefined);
  await person.close();
});

test("two tabs that share a conversation show the same one, and Clear empties both", async () => {
  const person = await visit();
  person.fake.attributes += ' data-storage="local"';
  await person.open();
  await person.hear("hello");
  const other = new Visit(await person.page.context().newPage(), person.fake);
  await other.go();
  await other.log.getByText("You said hello").waitFor();
  await other.hear("from the other");
  await person.log.getByText("You said from the other").waitFor();
  await person.fake.stop();
  await person.say("unanswered");
  await person.log.locator(".failed").waitFor();
  await other.log.getByText("unanswered").waitFor();
  await person.fake.restart();
  await other.hear("more");
  assert.equal(await person.log.locator(".failed").count(), 1); // Still to be tried again.
  await clear(other);
  await other.log.getByText("The conversation has been deleted.").waitFor();
  await person.page.waitForFunction(() => !document.querySelector("clinic-guide")!.shadowRoot!.querySelector(".me"));
  await person.hear("anew");
  assert.equal(person.fake.messages.at(-1)?.conversation, undefined);
  await other.log.getByText("You said anew").waitFor();
  assert.equal(await other.log.locator(".me").count(), 1);
  await person.close();
});

test("what another clinic's page was told is not shown on this one", async () => {
  const person = await visit();
  await person.open();
  await person.page.waitForFunction(() => sessionStorage.length && Object.values(sessionStorage).join().includes("North"));
  assert.deepEqual(await person.numbers(), ["tel:911", "tel:+15550100"]);
  person.fake.settings = null;
  person.fake.attributes = 'data-site="south" data-emergency="112" data-care-team="+34 555"';
  await person.go("/page2");
  assert.deepEqual(await person.numbers(), ["tel:112", "tel:+34555"]);
  assert.notEqual(await person.window.getByRole("heading").innerText(), "North Clinic");
  await person.close();
});

for (const log of ["[{}]", '[{"id":"1","at":0,"text":"hi","reply":[{"at":0,"line":{}}]}]', '[{"id":"1","at":1e99,"text":"a","reply":[]}]']) {
  test(`a page whose storage holds ${log} has the widget, and begins anew`, async () => {
    const person = await visit();
    await person.open();
    await person.page.evaluate((log) => {
      const [key] = Object.keys(sessionStorage);
      sessionStorage.setItem(key!, `{"v":1,"at":${Date.now()},"open":true,"begin":"b","log":${log}}`);
    }, log);
    await person.page.reload();
    await person.hear("hello");
    await person.log.getByText("You said hello").waitFor();
    assert.equal(await person.log.locator(".me").count(), 1);
    await person.close();
  });
}

test("after the time limit the conversation is deleted, here and on the server", async () => {
  const person = await visit();
  await person.page.clock.install();
  person.fake.attributes += ' data-minutes="10"';
  await person.open();
  await person.hear("hello");
  await person.page.clock.fastForward("09:00");
  assert.equal(await person.log.locator(".me").count(), 1);
  await person.page.clock.fastForward("01:30");
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.deepEqual(person.fake.cleared, [TOKEN]);
  await person.close();
});

test("the time limit runs on a page whose window is closed, and on a computer that has slept", async () => {
  for (const sleeps of [false, true]) {
    const person = await visit();
    await person.page.clock.install();
    await person.open();
    await person.hear("hello");
    await person.page.keyboard.press("Escape");
    await person.go("/page2");
    await person.page.clock.fastForward("20:00");
    await person.launcher.click(); // Looking is no word.
    await person.page.keyboard.press("Escape");
    if (sleeps) {
      await person.page.clock.setFixedTime(Date.now() + 60 * 60_000);
      await person.launcher.click();
    } else await person.page.clock.fastForward("11:00");
    await person.log.getByText("The conversation has been deleted.").waitFor({ state: "attached" });
    assert.equal(await person.log.locator(".me").count(), 0);
    assert.deepEqual(person.fake.cleared, [TOKEN]);
    await person.close();
  }
});

test("a page that is looked at again after the limit shows nothing of it", async () => {
  const person = await visit();
  await person.page.clock.install();
  await person.open();
  await person.hear("hello");
  await person.page.clock.setFixedTime(Date.now() + 60 * 60_000);
  await person.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  assert.equal(await person.log.locator(".me").count(), 0);
  await person.close();
});

test("a limit of years is no limit of a moment", async () => {
  const person = await visit();
  person.fake.attributes += ' data-minutes="5000000"';
  await person.open();
  await person.hear("hello");
  await person.page.waitForTimeout(200);
  assert.equal(await person.log.locator(".me").count(), 1);
  await person.close();
});

test("a conversation that is past the limit when the page is opened is not shown", async () => {
  const person = await visit();
  await person.page.clock.install();
  await person.open();
  await person.hear("hello");
  await person.page.goto("about:blank");
  await person.page.clock.fastForward("31:00");
  await person.go();
  await person.page.locator("clinic-guide section").waitFor({ state: "attached" });
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.equal(await person.log.locator(".me").count(), 0);
  assert.deepEqual(person.fake.cleared, [TOKEN]);
  await person.close();
});

test("a conversation that ends by itself takes no focus from the page", async () => {
  const person = await visit();
  await person.page.clock.install();
  await person.open();
  await person.hear("hello");
  await person.page.locator("#before").focus();
  await person.page.clock.fastForward("31:00");
  await person.log.getByText("The conversation has been deleted.").waitFor();
  assert.equal(await person.page.locator("#before").evaluate((button) => button.matches(":focus")), true);
  await person.close();
});

test("taken off the page, the element lets go of everything", async () => {
  const person = await visit();
  person.fake.scripts.set("hang", () => undefined);
  await person.open();
  await person.say("hang");
  await person.page.evaluate(() => {
    const guide = document.querySelector("clinic-guide")!;
    guide.remove();
    location.hash = "clinic-guide";
  });
  await person.page.waitForTimeout(100);
  await person.page.evaluate(() => document.querySelectorAll("clinic-guide").length);
  assert.equal(await person.page.locator("clinic-guide").count(), 0);
  await person.page.evaluate(() => {
    document.body.append(document.createElement("clinic-guide"));
  });
  await person.log.locator(".me").waitFor();
  await person.close();
});
