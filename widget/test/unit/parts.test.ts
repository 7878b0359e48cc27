import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type * as Parts from "./parts.js";
import { browser } from "../support/chromium.js";
import { fixture, WIDGET } from "../support/paths.js";

declare const parts: typeof Parts;

let started: Browser;
let page: Page;

before(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(WIDGET, "test", "unit", "parts.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "parts",
  });
  started = await browser();
  page = await started.newPage();
  await page.addScriptTag({ content: outputFiles[0]!.text });
});
after(() => started.close());

/** Returns what a text becomes: its links as [text, address], and all its words. */
const linked = (text: string, number = "+1 555-0100"): Promise<{ links: (string | null)[][]; text: string }> =>
  page.evaluate(
    ([text, number]) => {
      const box = parts.h("p", {}, ...parts.linked(text!, [parts.phone("care_team", number!)]));
      const links = [...box.querySelectorAll("a")].map((a) => [a.textContent, a.getAttribute("href")]);
      return { links, text: box.textContent ?? "" };
    },
    [text, number],
  );

const LINKS: [string, string[][]][] = [
  ["no link at all", []],
  ["https://a.example", [["https://a.example", "https://a.example/"]]],
  ["(http://a.example/b).", [["http://a.example/b", "http://a.example/b"]]],
  ["HTTPS://A.EXAMPLE/x!", [["HTTPS://A.EXAMPLE/x", "https://a.example/x"]]],
  ["https://a.example https://b.example", [["https://a.example", "https://a.example/"], ["https://b.example", "https://b.example/"]]],
  ["nurse@clinic.example.", [["nurse@clinic.example", "mailto:nurse@clinic.example"]]],
  ["call +1 555-0100 now", [["+1 555-0100", "tel:+15550100"]]],
  ["+1 555-0100, +1 555-0100", [["+1 555-0100", "tel:+15550100"], ["+1 555-0100", "tel:+15550100"]]],
  ["+1 555-01007 and 1+1 555-0100", []],
  ["javascript:alert(1) data:text/html,x file:///etc/passwd ftp://a.example", []],
  ["https://", []],
];
for (const [text, expected] of LINKS) {
  test(`links in: ${text}`, async () => {
    const found = await linked(text);
    assert.deepEqual(found.links, expected);
    assert.equal(found.text, text);
  });
}

test("a number with signs that mean something in patterns is found as it is written", async () => {
  assert.deepEqual((await linked("call (212) 555.0100 ext", "(212) 555.0100")).links, [["(212) 555.0100", "tel:2125550100"]]);
  assert.deepEqual((await linked("call (212) 55500100", "(212) 555.0100")).links, []);
});

test("an address may only have a scheme of the list", async () => {
  const tried = ["http://a.b/", "https://a.b/", "tel:1", "mailto:a@b", "javascript:1", "data:,x", "blob:x", "//a.b", "\u0001javascript:1", ""];
  const made = await page.evaluate((all) => all.map((address) => parts.link(address, "x").nodeName), tried);
  assert.deepEqual(made, ["A", "A", "A", "A", ...new Array<string>(6).fill("#text")]);
});

test("only telephone addresses are dialled", async () => {
  const kept = await page.evaluate(() =>
    [
      [{ role: "a", number: "1", href: "tel:1" }],
      [{ role: "a", number: "1", href: "javascript:1" }],
      [{ role: "a", number: 1, href: "tel:1" }],
      [{ role: "a", number: "1", href: "tel:1;ext=javascript" }],
      [null],
      "tel:1",
      null,
      undefined,
    ].map((each) => {
      try {
        return parts.dialable(each).length;
      } catch {
        return -1;
      }
    }),
  );
  assert.deepEqual(kept, [1, 0, 0, 0, 0, 0, 0, 0]);
});

test("a line of another form is refused, whatever it is", async () => {
  const lines = ["", "{}", "null", "7", '"hi"', "[]", '{"text":"hi"}', '{"text":7,"custom":{"kind":"text"}}', '{"custom":{"kind":7}}'];
  const read = await page.evaluate(
    (all) =>
      all.map((line) => {
        try {
          parts.read(line);
          return "read";
        } catch {
          return "refused";
        }
      }),
    lines,
  );
  assert.deepEqual(new Set(read), new Set(["refused"]));
});

test("both languages have every word, and Spanish is not English", async () => {
  const [en, es, none] = await page.evaluate(() => ["en-US", "es-MX", "fr"].map((lang) => parts.stringsOf(lang)));
  assert.deepEqual(none, en);
  assert.deepEqual(Object.keys(es!), Object.keys(en!));
  for (const [name, word] of Object.entries(es!)) {
    assert.ok(word, name);
    assert.notEqual(word, en![name as keyof typeof en], name);
  }
  assert.ok(es!.wait.includes("{n}") && en!.wait.includes("{n}"));
});

test("a conversation is written as text with who and what", async () => {
  const text = await page.evaluate(
    (line) =>
      parts.transcript(
        [{ id: "1", at: 0, text: "payload", title: "Shown", reply: [{ at: 0, line }] }],
        parts.stringsOf("en"),
        "en-US",
      ),
    fixture("text"),
  );
  const [you, guide] = text.split("\n\n");
  assert.match(you!, /^You, .*1970.*\nShown$|^You, .*1969.*\nShown$/);
  assert.ok(guide!.startsWith("Guide, ") && guide!.endsWith(`\n${fixture("text").text}`));
});

test("the numbers in sight: the first to call first, each once, those of the server before the page's", async () => {
  const rows = await page.evaluate(
    ([crisis, urgent]) => {
      const words = parts.stringsOf("en");
      const host = parts.h("div", { emergency: "112", "care-team": "1", "after-hours": "2" });
      const said = (line: Parts.Line): Parts.State["log"] => [{ id: "1", at: 0, text: "", reply: [{ at: 0, line }] }];
      const site = { phones: [parts.phone("emergency", "911"), parts.phone("care_team", "+1 555-0100"), parts.phone("after_hours", "3")] };
      const sites = { page: site };
      const states = [{}, { sites }, { sites, log: said(crisis!) }, { sites, log: said(urgent!) }];
      return states.map((each) => {
        const state = { v: 1, at: 0, open: true, begin: "b", log: [], ...each } as Parts.State;
        const line = parts.h("div");
        parts.fill(line, state.log, parts.known(state.sites?.["page"], host), words);
        return [...line.querySelectorAll("a")].map((a) => a.getAttribute("href"));
      });
    },
    [fixture("crisis"), fixture("escalation")],
  );
  assert.deepEqual(rows, [
    ["tel:112", "tel:1"],
    ["tel:911", "tel:+15550100"],
    ["tel:988", "tel:911", "tel:+15550100", "tel:+15550101"],
    ["tel:+15550100", "tel:+15550101", "tel:911"],
  ]);
});
