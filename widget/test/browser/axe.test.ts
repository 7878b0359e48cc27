import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { BrowserContextOptions } from "playwright-core";
import { fixture } from "../support/paths.js";
import { visits, type Visit } from "../support/visit.js";

const visit = visits();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]; passes: { id: string }[] }>;
}

async function check(person: Visit, state: string): Promise<void> {
  const { broken, passed } = await person.page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: Axe };
    const { violations, passes } = await axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true } } });
    return {
      broken: violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)),
      passed: passes.map(({ id }) => id),
    };
  }, TAGS);
  assert.deepEqual(broken, [], state);
  // It looked into the shadow root: rules that only the widget can meet were tried.
  if (state !== "closed") assert.ok(passed.includes("aria-dialog-name") && passed.includes("color-contrast"), state);
}

const VIEWS: Record<string, BrowserContextOptions> = {
  "1280x800": { viewport: { width: 1280, height: 800 } },
  "320x256": { viewport: { width: 320, height: 256 } },
  "320x568": { viewport: { width: 320, height: 568 } },
  "568x320": { viewport: { width: 568, height: 320 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  "forced colours": { viewport: { width: 1280, height: 800 }, forcedColors: "active" },
  // The theme of the page against the visitor's.
  "light for everybody": { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  "dark for everybody": { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  Spanish: { viewport: { width: 1280, height: 800 } },
};

for (const [name, options] of Object.entries(VIEWS)) {
  test(`axe finds nothing in any state, ${name}`, async () => {
    const person = await visit({ ...options, reducedMotion: "reduce" });
    const { fake, log, page } = person;
    if (name === "dark") fake.head = "<style>body { background: #111 !important; color: #eee !important } a { color: #9cf }</style>";
    if (name.endsWith("for everybody")) fake.attributes += ` data-theme="${name.split(" ")[0]}"`;
    if (name === "Spanish") fake.attributes += ' data-lang="es"';
    fake.says("buttons", fixture("answer"));
    fake.says("fever", fixture("escalation"), fixture("answer_marked"));
    fake.says("crisis", fixture("crisis"));
    fake.says("error", fixture("error"));
    fake.scripts.set("hang", () => undefined);
    fake.scripts.set("fail", ({ response }) => void response.end("nothing"));
    await person.go();
    await page.evaluate(AXE);
    await check(person, "closed");
    await person.launcher.click();
    await check(person, "open");
    await person.hear("buttons");
    await check(person, "buttons");
    await person.hear("fever");
    await check(person, "card");
    await log.locator(".answer details summary").last().click();
    await check(person, "sources");
    await person.hear("crisis");
    await check(person, "crisis");
    await person.hear("error");
    await person.hear("fail");
    await check(person, "error");
    await page.reload();
    await person.idle();
    await page.evaluate(AXE);
    await check(person, "restored");
    await person.say("hang");
    await check(person, "typing");
    await person.close();
  });
}
