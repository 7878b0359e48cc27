import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { files, fixture, script } from "../support/paths.js";
import { visits } from "../support/visit.js";

const visit = visits();

export const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
  "<a href='javascript:alert(1)'>click</a>",
  "[click](javascript:alert(1))",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\tscript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "https://evil.example/\"onmouseover=\"alert(1)",
  "https://user:pass@evil.example/<script>",
  "http://[::1",
  "<b><i></b></i><p><table><div>",
  "<!--", "-->", "]]>", "<![CDATA[", "</textarea></div></section>",
  "&lt;script&gt;alert(1)&lt;/script&gt; &#x3c;img src=x onerror=alert(1)&#x3e;",
  "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
  "\u202Egnp.exe\u202C and \u2066isolate\u2069",
  "https://clinic.example/\u202Efdp.exe",
  "a\u0000b\u0001c",
  "\uD800 lone surrogate",
  "”\n— “<img src=x onerror=alert(1)>”\n— source",
  "x".repeat(5000),
  "__proto__", "constructor",
];

test("nothing in a text runs, and links go only to http, https, tel and mailto", async () => {
  const person = await visit();
  const dialogs: string[] = [];
  person.page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  HOSTILE.forEach((text, number) => {
    const phones = [{ role: text, number: text, href: text }, { role: "care_team", number: text, href: "tel:1" }];
    const custom = { v: 1, phones, level: text, source: { url: text }, quote: text, mark: { start: 0, end: 3 } };
    person.fake.says(
      `m${number}`,
      { text, buttons: [{ title: text, payload: text }], custom: { ...custom, kind: "text" } },
      { text: `“${text}”\n— ${text}`, custom: { ...custom, kind: "answer" } },
      { text, custom: { ...custom, kind: "escalation" } },
      { text, custom: { ...custom, kind: text } },
    );
  });
  person.fake.attributes += ` data-name="<img src=x onerror=alert(1)>" data-greeting="<img src=x onerror=alert(1)>"`;
  await person.open();
  for (let number = 0; number < HOSTILE.length; number++) {
    await person.page.evaluate(
      ([mine, known]) => {
        const guide = document.querySelector("clinic-guide") as unknown as { ask(text: string, title: string): void };
        guide.ask(known!, mine!);
      },
      [HOSTILE[number], `m${number}`],
    );
  }
  await person.idle();
  assert.equal(await person.log.locator(".me").count(), HOSTILE.length);
  assert.equal(await person.log.locator(".failed").count(), 0);
  const found = await person.window.evaluate((window) => {
    const all = [...window.querySelectorAll("*")];
    return {
      // Drawings are the thumbs' only.
      loose: window.querySelectorAll("svg:not(.opinions svg), path:not(.opinions path)").length,
      tags: [...new Set(all.map(({ tagName }) => tagName.toLowerCase()))].sort(),
      handlers: all.flatMap((each) => [...each.attributes]).filter(({ name }) => name.startsWith("on")).length,
      schemes: [...new Set([...window.querySelectorAll("a")].map(({ protocol }) => protocol))].sort(),
      bidi: /[\u202a-\u202e\u2066-\u2069]/.test(window.querySelector(".log")?.textContent ?? ""),
    };
  });
  const ours = "a b blockquote button details div form h2 header mark p path small summary svg textarea time";
  assert.deepEqual(
    found.tags.filter((tag) => !ours.split(" ").includes(tag)),
    [],
  );
  assert.equal(found.loose, 0);
  assert.equal(found.handlers, 0);
  assert.deepEqual(
    found.schemes.filter((scheme) => !["http:", "https:", "mailto:", "tel:"].includes(scheme)),
    [],
  );
  assert.equal(found.bidi, false);
  assert.deepEqual(dialogs, []);
  await person.page.reload();
  await person.log.locator(".escalation").first().waitFor();
  assert.deepEqual(dialogs, []);
  await person.close();
});

test("what a hostile page could have put into the storage does not run either", async () => {
  const person = await visit();
  const broken = ["null", "7", "[]", "{", '{"v":1,"log":7}', '{"v":9,"log":[]}', '{"v":1,"at":1e15,"log":[]}'];
  for (const value of broken) {
    await person.go();
    await person.page.evaluate((kept) => {
      sessionStorage.setItem(`clinic-guide ${location.origin}/webhooks/widget/`, kept);
    }, value);
    await person.page.reload();
    if (await person.launcher.isVisible()) await person.launcher.click();
    await person.hear("hello");
    assert.match((await person.texts(".text")).join(), /You said hello/);
    await person.page.evaluate(() => {
      sessionStorage.clear();
    });
  }
  await person.close();
});

test("no source and no built file knows innerHTML or its like", () => {
  const wanted = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|setHTMLUnsafe/;
  for (const path of files("src")) assert.doesNotMatch(readFileSync(path, "utf8"), wanted, path);
  assert.doesNotMatch(script(), wanted);
});

test("an ordinary text keeps its links", async () => {
  const person = await visit();
  const text = "See https://a.example/b?c=d. Write to nurse@clinic.example or call +1 555-0100; not +1 555-01009.";
  person.fake.says("links", { ...fixture("text"), text, custom: { ...fixture("error").custom, kind: "text" } });
  await person.open();
  await person.hear("links");
  const links = await person.log.locator(".text a").evaluateAll((all) =>
    all.map((link) => [link.textContent, link.getAttribute("href"), link.getAttribute("rel")]),
  );
  assert.deepEqual(links, [
    ["https://a.example/b?c=d", "https://a.example/b?c=d", "noreferrer"],
    ["nurse@clinic.example", "mailto:nurse@clinic.example", null],
    ["+1 555-0100", "tel:+15550100", null],
  ]);
  assert.equal(await person.log.locator(".text p").last().innerText(), text);
  await person.close();
});
