import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { browser } from "../support/chromium.js";
import { WIDGET } from "../support/paths.js";

// Called by tests/trained/test_widget.py, which starts the bot.
const URL = process.env["GUIDE_URL"];
if (!URL) throw new Error("GUIDE_URL names the bot's address, for example http://127.0.0.1:5080");
const SHOTS = join(WIDGET, "..", "results", "widget");
mkdirSync(SHOTS, { recursive: true });

let started: Browser;
before(async () => {
  started = await browser();
});
after(() => started.close());

async function visit(options: BrowserContextOptions = {}): Promise<{ page: Page; troubles: string[] }> {
  const page = await (await started.newContext(options)).newPage();
  page.setDefaultTimeout(40_000);
  const troubles: string[] = [];
  page.on("console", (message) => troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(URL!)) troubles.push(request.url());
  });
  return { page, troubles };
}

async function say(page: Page, text: string): Promise<void> {
  // Typed before the window is open, the first letters would be lost.
  await page.locator("clinic-guide textarea").focus();
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
  await page.locator("clinic-guide .typing").waitFor({ state: "hidden" });
}

test("a whole conversation on the demo clinic's page, typed and clicked", async () => {
  const { page, troubles } = await visit({ viewport: { width: 1280, height: 800 } });
  const log = page.locator("clinic-guide .log");
  await page.goto(`${URL}/webhooks/widget/demo`);
  await page.screenshot({ path: join(SHOTS, "demo.png") });
  await page.getByRole("link", { name: "Ask the guide" }).click();
  assert.equal(await page.getByRole("dialog").isVisible(), true);
  await say(page, "what happens on infusion day?");
  assert.match(await log.locator(".answer").innerText(), /The changed cells go back into your bloodstream/);
  assert.match(await log.locator(".answer .source").innerText(), /CAR T-cell therapy, section .*as of June 2026/);
  await log.locator(".answer .choices button").first().click();
  await log.locator(".answer").nth(1).waitFor();
  await log.getByRole("button", { name: "This helped" }).click();
  await log.getByText("Thank you, that's good to know.").waitFor();
  await say(page, "my husband has a fever");
  const first = log.locator(".me").last().locator("xpath=following-sibling::div[1]");
  assert.match((await first.getAttribute("class")) ?? "", /escalation/);
  assert.match(await first.innerText(), /Call your care team now/);
  assert.equal(await first.locator('a[href="tel:+15550100"]').first().isVisible(), true);
  await say(page, "how much does it cost?");
  assert.match(await log.locator(".m").last().innerText(), /nothing about costs and insurance/);
  await say(page, "/restart");
  await say(page, "<img src=x onerror=alert(1)>");
  assert.equal(await log.locator("img").count(), 0);
  const heard = await log.locator(".m").count();
  await page.reload();
  await log.locator(".escalation").first().waitFor();
  assert.equal(await log.locator(".m").count(), heard);
  const clear = page.locator("clinic-guide .tools button").last();
  await clear.click();
  await clear.click();
  await log.getByText("The conversation has been deleted.").waitFor();
  assert.deepEqual(troubles, []);
  await page.context().close();
});

const THEMES: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  forced: { viewport: { width: 1280, height: 800 }, forcedColors: "active" },
  phone: { viewport: { width: 320, height: 568 } },
  landscape: { viewport: { width: 568, height: 320 } },
  zoomed: { viewport: { width: 320, height: 256 } },
};
for (const [name, options] of Object.entries(THEMES)) {
  test(`pictures, ${name}`, async () => {
    const { page, troubles } = await visit({ ...options, reducedMotion: "reduce" });
    await page.goto(`${URL}/webhooks/widget/demo#clinic-guide`);
    const log = page.locator("clinic-guide .log");
    const texts = { answer: "what is CRS?", card: "he cannot breathe", crisis: "I want to kill myself", after: "what is leukapheresis?" };
    for (const [state, text] of Object.entries(texts)) {
      await say(page, text);
      await page.screenshot({ path: join(SHOTS, `${name}-${state}.png`) });
    }
    assert.equal(await log.locator(".escalation.crisis").count(), 1);
    assert.equal(await page.locator('clinic-guide .line a[href="tel:988"]').isVisible(), true);
    assert.deepEqual(troubles, []);
    await page.context().close();
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`the sentence that answers stands out, the passage opens, the source is named, ${colorScheme}`, async () => {
    const { page, troubles } = await visit({ viewport: { width: 1280, height: 800 }, colorScheme });
    await page.goto(`${URL}/webhooks/widget/demo#clinic-guide`);
    const answer = page.locator("clinic-guide .answer");
    await say(page, "why do I have to stay near the hospital?");
    assert.match(await answer.locator("blockquote").first().innerText(), /Staying near your medical team/);
    assert.equal(await answer.locator("blockquote").first().innerText(), await answer.locator("mark").first().innerText());
    const whole = answer.locator("details blockquote");
    assert.equal(await whole.isVisible(), false);
    await answer.getByText("Show the whole passage").click();
    assert.ok((await whole.innerText()).includes(await whole.locator("mark").innerText()));
    assert.match(await answer.locator(".source").innerText(), /section .*as of June 2026/);
    assert.equal(await answer.getByRole("button", { name: "This helped" }).isVisible(), true);
    await page.screenshot({ path: join(SHOTS, `${colorScheme}-marked.png`) });
    assert.deepEqual(troubles, []);
    await page.context().close();
  });
}

test("the frame for pages without scripts talks too", async () => {
  const { page, troubles } = await visit({ viewport: { width: 420, height: 640 } });
  await page.goto(`${URL}/webhooks/widget/frame?lang=es`);
  await page.locator("clinic-guide textarea").focus();
  await say(page, "mi esposo tiene fiebre");
  assert.match(await page.locator("clinic-guide .escalation").innerText(), /Llame ahora/);
  await page.screenshot({ path: join(SHOTS, "frame.png") });
  assert.deepEqual(troubles, []);
  await page.context().close();
});
