import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture } from "../support/paths.js";
import { visits, type Visit } from "../support/visit.js";

const visit = visits();

/** Says where the focus is, through the shadow root. */
const focused = (person: Visit): Promise<string> =>
  person.page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    const label = active?.getAttribute("aria-label");
    return label ?? (active?.textContent?.trim() || (active?.tagName ?? ""));
  });

async function tab(person: Visit, times: number, key = "Tab"): Promise<string[]> {
  const seen: string[] = [];
  for (let count = 0; count < times; count++) {
    await person.page.keyboard.press(key);
    seen.push(await focused(person));
  }
  return seen;
}

test("Tab reaches the button, Enter opens and focuses the input, Escape closes and gives the focus back", async () => {
  const person = await visit();
  await person.go();
  assert.deepEqual(await tab(person, 3), ["Another page", "A button of the page", "Ask the guide"]);
  await person.page.keyboard.press("Enter");
  assert.equal(await focused(person), "Your question");
  await person.page.keyboard.press("Escape");
  assert.equal(await focused(person), "Ask the guide");
  assert.equal(await person.window.isVisible(), false);
  await person.page.keyboard.press("Space");
  assert.equal(await focused(person), "Your question");
  await person.close();
});

test("closed, nothing of the window can be reached", async () => {
  const person = await visit();
  await person.go();
  const seen = await tab(person, 4);
  assert.equal(seen[2], "Ask the guide");
  assert.match(String(seen[3]), /^A clinic/); // Round again: the page itself.
  await person.close();
});

test("everything can be reached, in the order in which it is seen", async () => {
  const person = await visit();
  person.fake.says("fever", fixture("escalation"), fixture("answer"));
  await person.open();
  await person.hear("fever");
  await person.page.keyboard.press("Shift+Tab");
  await person.page.locator("#before").focus();
  const seen = await tab(person, 20);
  const line = ["Care team +1 555-0100", "After hours +1 555-0101", "Emergency 911"];
  assert.deepEqual(seen.slice(0, 5), ["Close", ...line, "Conversation"]);
  const card = seen.slice(5, 12);
  assert.deepEqual(card.slice(0, 5), [
    "+1 555-0100",
    "+1 555-0101",
    "Care team +1 555-0100",
    "After hours +1 555-0101",
    "Emergency 911",
  ]);
  assert.ok(seen.includes("What to say and do"));
  assert.ok(seen.includes("What does the team check for?"));
  assert.deepEqual(seen.slice(seen.indexOf("This helped")), [
    "This helped",
    "This did not help",
    "Tell me more",
    "Your question",
    "Send",
    "Copy",
    "Print",
  ]);
  await person.close();
});

test("where the window covers the page nothing behind it can be reached; closed or wide, it can", async () => {
  const person = await visit({ viewport: { width: 320, height: 568 } });
  person.fake.body = '<div><p id="aside" inert>Aside</p></div>';
  // Waits: a page hears of another size with its next frame, not at once.
  const reachable = (is: boolean): Promise<void> =>
    person.page.locator(is ? "main:not([inert])" : "main[inert]").waitFor({ state: "attached" });
  await person.open();
  const seen = await tab(person, 12);
  assert.ok(seen.includes("Close") && seen.includes("Your question"));
  assert.ok(!seen.includes("Another page") && !seen.includes("A button of the page"));
  await person.page.reload(); // Open as it was.
  await person.window.waitFor();
  await reachable(false);
  await person.page.setViewportSize({ width: 1000, height: 800 });
  await reachable(true);
  await person.page.setViewportSize({ width: 320, height: 568 });
  await reachable(false);
  await person.window.getByRole("button", { name: "Close" }).click();
  await reachable(true);
  await person.launcher.click();
  await person.page.evaluate(() => document.querySelector("clinic-guide")!.remove());
  await reachable(true);
  assert.equal(await person.page.locator("#aside").evaluate((aside) => (aside as HTMLElement).inert), true); // The page's own.
  await person.close();
});

test("a whole conversation with the keyboard alone", async () => {
  const person = await visit();
  person.fake.says("what?", fixture("answer"));
  await person.go();
  await tab(person, 3);
  await person.page.keyboard.press("Enter");
  await person.page.keyboard.type("what?");
  await person.page.keyboard.press("Shift+Enter");
  await person.page.keyboard.press("Backspace");
  await person.page.keyboard.press("Enter");
  await person.log.locator(".answer").waitFor();
  while ((await focused(person)) !== "What does the team check for?") await person.page.keyboard.press("Shift+Tab");
  await person.page.keyboard.press("Enter");
  await person.log.getByText("You said What does the team check for?").waitFor();
  assert.equal(await focused(person), "Your question");
  await person.close();
});

test("every target is at least 44 pixels wide and high, in every size of window", async () => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 320, height: 568 },
    { width: 320, height: 256 },
  ]) {
    const person = await visit({ viewport });
    person.fake.says("fever", fixture("escalation"), fixture("answer_marked"));
    await person.go();
    const launcher = await person.launcher.boundingBox();
    assert.ok(launcher && launcher.width >= 44 && launcher.height >= 44);
    await person.launcher.click();
    await person.hear("fever");
    // Links within a sentence are exempt, as WCAG 2.5.8 has it: every number is a target of its own as well.
    const small = await person.window.evaluate((window) =>
      [...window.querySelectorAll("button, textarea, summary, a.call, [tabindex]")]
        .filter((target) => (target as HTMLElement).offsetParent)
        .map((target) => [target.textContent, target.getBoundingClientRect()] as const)
        .filter(([, { width, height }]) => width < 43.9 || height < 43.9)
        .map(([text, { width, height }]) => `${text} ${width}x${height}`),
    );
    assert.deepEqual(small, []);
    await person.close();
  }
});

test("reduced motion: nothing moves", async () => {
  for (const reducedMotion of ["reduce", "no-preference"] as const) {
    const person = await visit({ reducedMotion });
    person.fake.scripts.set("hang", () => undefined);
    await person.open();
    await person.say("hang");
    const moving = await person.page.evaluate(() => document.getAnimations().length);
    const inside = await person.window.evaluate((window) =>
      (window.getRootNode() as ShadowRoot).getAnimations().length,
    );
    assert.equal(moving + inside > 0, reducedMotion === "no-preference");
    await person.close();
  }
});

test("a half-finished word of an input method is not sent by its Enter", async () => {
  const person = await visit();
  await person.open();
  await person.input.fill("ねつ");
  await person.input.evaluate((input) =>
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true })),
  );
  assert.equal(await person.log.locator(".me").count(), 0);
  await person.close();
});
