import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture } from "../support/paths.js";
import { visits } from "../support/visit.js";

const visit = visits();

const STRICT =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

test("under a strict policy with Trusted Types everything works and nothing is violated", async () => {
  const person = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
  const { fake, page, log } = person;
  fake.headers = { "Content-Security-Policy": STRICT };
  const console: string[] = [];
  page.on("console", (message) => console.push(message.text()));
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations, printed: [] });
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) =>
      violations.push(`${violatedDirective} ${sample}`),
    );
  });
  fake.says("fever", fixture("escalation"), fixture("answer_marked"));
  await person.open();
  await person.hear("fever");
  assert.equal(await person.window.evaluate((window) => getComputedStyle(window).position), "fixed");
  await log.locator(".answer details summary").last().click();
  await log.getByRole("button", { name: "What does the team check for?" }).click();
  await log.getByText("You said What does the team check for?").waitFor();
  await person.window.getByRole("button", { name: "Copy" }).click();
  await person.window.getByRole("button", { name: "Copied" }).waitFor();
  await person.window.getByRole("button", { name: "Print" }).click();
  await page.reload();
  await log.locator(".answer").waitFor();
  await person.window.getByRole("button", { name: "Clear" }).click();
  await person.window.getByRole("button", { name: "Clear for good?" }).click();
  await log.getByText("The conversation has been deleted.").waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(await page.evaluate(() => (window as unknown as { violations: string[] }).violations), []);
  assert.deepEqual(console, []);
  await person.close();
});

test("the policy is one that catches what it should", async () => {
  const person = await visit();
  person.fake.headers = { "Content-Security-Policy": STRICT };
  await person.go();
  const caught = await person.page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>x</b>";
      return false;
    } catch {
      return true;
    }
  });
  assert.equal(caught, true);
  await person.close();
});

test("no request leaves for another origin, and none at all before the window is opened", async () => {
  const person = await visit();
  const { fake, page } = person;
  const origins = new Set<string>();
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  fake.says("fever", fixture("escalation"), fixture("answer_marked"));
  await person.go();
  await person.launcher.waitFor();
  assert.deepEqual(fake.hits.filter((path) => path.startsWith("/webhooks/widget/")), ["/webhooks/widget/clinic-guide.js"]);
  await person.launcher.click();
  await person.hear("fever");
  await person.hear("hello");
  assert.deepEqual([...origins], [fake.url]);
  await person.close();
});

test("a page's styles cannot hide the line or the card, or change what they say", async () => {
  const person = await visit();
  person.fake.head = `<style>
    * { color: white !important; background: white !important; display: none !important; font-size: 0 !important }
    html, body { display: block !important }
    clinic-guide { visibility: hidden !important; opacity: 0 !important; --u: white; --ub: white; --guide-color: white }
  </style>`;
  person.fake.says("fever", fixture("escalation"));
  await person.go();
  await person.page.evaluate(() => {
    (document.querySelector("clinic-guide") as unknown as { show(): void }).show();
  });
  await person.hear("fever");
  const card = person.log.locator(".escalation");
  const style = await card.evaluate((element) => {
    const { color, backgroundColor, fontSize, visibility } = getComputedStyle(element);
    return { color, backgroundColor, fontSize, visibility, height: element.getBoundingClientRect().height };
  });
  assert.deepEqual(
    { ...style, height: style.height > 100 },
    { color: "rgb(23, 33, 43)", backgroundColor: "rgb(255, 241, 241)", fontSize: "16px", visibility: "visible", height: true },
  );
  const host = await person.page.locator("clinic-guide").evaluate((element) => getComputedStyle(element).opacity);
  assert.equal(host, "1");
  await person.close();
});

for (const gap of ["-2000px", "5000px", "20"]) {
  test(`a page's properties cannot push the line off the screen or under the page: a gap of ${gap}`, async () => {
    const viewport = { width: 1000, height: 700 };
    const person = await visit({ viewport });
    person.fake.head = `<style>
      clinic-guide { --guide-gap: ${gap}; --guide-z: -1 }
      main { position: fixed; inset: 0; z-index: 0; background: white }
    </style>`;
    person.fake.says("fever", fixture("escalation"));
    await person.open();
    await person.hear("fever");
    const card = person.log.locator(".escalation");
    for (const part of [person.window, person.line, card.locator(".first")]) {
      const box = await part.boundingBox();
      assert.ok(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= viewport.width, JSON.stringify(box));
      assert.ok(box.y + box.height <= viewport.height, JSON.stringify(box));
    }
    await person.line.locator("a").first().click({ trial: true }); // Nothing lies over it.
    await card.locator("a").first().click({ trial: true });
    await person.close();
  });
}
