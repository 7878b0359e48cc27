import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fixture, WIDGET } from "../support/paths.js";
import { visits } from "../support/visit.js";

const visit = visits();

test("without scripts the numbers that the page has beside it are there", async () => {
  const person = await visit({ javaScriptEnabled: false });
  person.fake.body =
    '<clinic-guide emergency="911"><p>Emergency: <a href="tel:911">911</a></p></clinic-guide>' +
    '<noscript><p>Care team: <a href="tel:+15550100">+1 555-0100</a></p></noscript>';
  await person.page.goto(person.fake.url + "/page");
  assert.equal(await person.page.locator('clinic-guide a[href="tel:911"]').isVisible(), true);
  assert.equal(await person.page.locator('noscript a[href="tel:+15550100"]').isVisible(), true);
  await person.close();
});

test("a page that has the element itself gets no second one", async () => {
  const person = await visit();
  person.fake.body = '<clinic-guide emergency="112" name="My clinic"><p>Fallback</p></clinic-guide>';
  await person.open();
  assert.equal(await person.page.locator("clinic-guide").count(), 1);
  assert.equal(await person.page.getByText("Fallback").isVisible(), false);
  assert.equal(await person.window.getByRole("heading").innerText(), "My clinic");
  await person.close();
});

test("an answer without a marked sentence is quoted whole, with its source", async () => {
  const person = await visit();
  person.fake.says("q", fixture("answer"));
  await person.open();
  await person.hear("q");
  const quote = await person.log.locator("blockquote").innerText();
  assert.ok(fixture("answer").text?.includes(quote));
  assert.match(quote, /^Step: Infusion day\nWhat happens: /);
  assert.match(await person.log.locator(".source").innerText(), /^— CAR T-cell therapy, section “How the .*as of June 2026/);
  assert.equal(await person.log.locator("mark").count(), 0);
  await person.close();
});

test("a marked sentence stands out, and the passage around it opens", async () => {
  const person = await visit();
  person.fake.says("q", fixture("answer_marked"));
  await person.open();
  await person.hear("q");
  const sentence = "The changed cells go back into your bloodstream.";
  assert.equal(await person.log.locator("blockquote").first().innerText(), sentence);
  const whole = person.log.locator("details blockquote");
  assert.equal(await whole.isVisible(), false);
  await person.log.getByText("Show the whole passage").click();
  assert.equal(await whole.innerText(), fixture("answer_marked").custom.quote);
  assert.equal(await whole.locator("mark").innerText(), sentence);
  const link = person.log.locator(".source a");
  assert.equal(await link.getAttribute("href"), "https://www.clinic.example/car-t");
  await person.close();
});

test("a mark is counted in characters, not in halves of them", async () => {
  const person = await visit();
  const answer = fixture("answer");
  const custom = { ...answer.custom, quote: "👩‍⚕️ First. Second.", mark: { start: 0, end: 0 } };
  const letters = [...custom.quote];
  custom.mark = { start: letters.indexOf("S"), end: letters.length };
  person.fake.says("q", { ...answer, custom });
  await person.open();
  await person.hear("q");
  assert.equal(await person.log.locator("mark").first().innerText(), "Second.");
  await person.close();
});

test("a quick reply shows its title and sends its payload; opinions go with the last answer only", async () => {
  const person = await visit();
  const button = { title: "What is ICANS?", payload: "icans please" };
  person.fake.says("q", { ...fixture("answer"), buttons: [button] });
  person.fake.says("icans please", fixture("answer"));
  await person.open();
  await person.hear("q");
  await person.log.getByRole("button", { name: "What is ICANS?" }).click();
  await person.log.locator(".answer").nth(1).waitFor();
  await person.idle();
  assert.match((await person.texts(".me"))[1] ?? "", /What is ICANS\?$/);
  assert.deepEqual(await person.log.getByRole("button", { name: "This helped" }).count(), 1);
  for (const name of ["This helped", "This did not help", "Tell me more"]) {
    person.fake.says(
      { "This helped": "that was helpful", "This did not help": "that did not help", "Tell me more": "tell me more" }[name]!,
      fixture("answer"),
    );
    await person.log.getByRole("button", { name }).click();
    await person.idle();
  }
  assert.deepEqual(
    person.fake.messages.map(({ text }) => text),
    ["q", "icans please", "that was helpful", "that did not help", "tell me more"],
  );
  await person.close();
});

test("the thumbs are drawn, and the other way up", async () => {
  const person = await visit();
  person.fake.says("q", fixture("answer"));
  await person.open();
  await person.hear("q");
  const ups: boolean[] = [];
  for (const name of ["This helped", "This did not help"]) {
    const thumb = person.log.getByRole("button", { name });
    assert.equal(await thumb.innerText(), ""); // No font has a part in it.
    const box = await thumb.locator("path").boundingBox();
    assert.ok(box && box.width > 15 && box.height > 15, JSON.stringify(box));
    ups.push(await thumb.locator("svg").evaluate((svg) => getComputedStyle(svg).transform === "none"));
  }
  assert.deepEqual(ups, [true, false]);
  await person.close();
});

test("the card comes first, its numbers stay in sight however far it is scrolled", async () => {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 568 }, { width: 320, height: 256 }]) {
    const person = await visit({ viewport });
    person.fake.says("help", fixture("crisis"));
    person.fake.says("fever", fixture("escalation"), fixture("answer"));
    await person.open();
    await person.hear("fever");
    assert.deepEqual(await person.log.locator(".m").evaluateAll((all) => all.slice(2).map(({ className }) => className.split(" ")[1])), [
      "escalation",
      "answer",
    ]);
    await person.hear("help");
    for (const text of ["one", "two", "three", "four", "five"]) await person.hear(text);
    const numbers = ["tel:988", "tel:911", "tel:+15550100", "tel:+15550101"];
    assert.deepEqual(await person.numbers(), numbers);
    for (const top of [0, 100_000]) {
      await person.window.evaluate((window, to) => {
        window.querySelector(".body")!.scrollTop = to;
        window.querySelector(".log")!.scrollTop = to;
      }, top);
      for (const href of numbers) {
        const number = person.line.locator(`a[href="${href}"]`);
        await number.click({ trial: true }); // Visible, and nothing lies over it.
        const box = await number.boundingBox();
        assert.ok(box && box.y >= 0 && box.y + box.height <= viewport.height);
      }
    }
    await person.hear("fever"); // Another card first, and the crisis line is still there.
    assert.deepEqual(await person.numbers(), ["tel:+15550100", "tel:+15550101", "tel:911", "tel:988"]);
    await person.close();
  }
});

test("that it is being looked up is seen, however much has been said", async () => {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 256 }]) {
    const person = await visit({ viewport });
    person.fake.says("q", fixture("answer"));
    person.fake.scripts.set("hang", () => undefined);
    await person.open();
    for (let times = 0; times < 3; times++) await person.hear("q");
    await person.say("hang");
    const typing = person.page.locator("clinic-guide .typing");
    await typing.waitFor();
    const [box, log] = [await typing.boundingBox(), await person.page.locator("clinic-guide .log").boundingBox()];
    assert.ok(box && log && box.y + box.height <= Math.min(viewport.height, log.y + log.height), JSON.stringify(viewport));
    await person.close();
  }
});

test("the window fits narrow, low and zoomed screens: nothing is cut off sideways", async () => {
  for (const viewport of [
    { width: 320, height: 256 },
    { width: 320, height: 568 },
    { width: 568, height: 320 },
    { width: 1280, height: 800 },
  ]) {
    const person = await visit({ viewport });
    person.fake.says("fever", fixture("emergency"), fixture("answer_marked"));
    await person.open();
    await person.hear("fever");
    const wide = await person.window.evaluate((window) => {
      const { left, right } = window.getBoundingClientRect();
      return [...window.querySelectorAll("*:not(.sr, .sr *)")]
        .filter((each) => (each as HTMLElement).offsetParent)
        .map((each) => [each.className, each.getBoundingClientRect()] as const)
        .filter(([, box]) => box.left < left - 1 || box.right > right + 1)
        .map(([name]) => name);
    });
    assert.deepEqual(wide, []);
    assert.equal(await person.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await person.close();
  }
});

test("above a phone's keyboard the line, the card and the input are in sight; an urgent card closes it", async () => {
  for (const [keyboard, seen] of [[300, 400], [420, 280]] as const) {
    const person = await visit({ viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true });
    const { page } = person;
    // As browsers do it: only the visual viewport shrinks, and is moved to the field at the bottom.
    await page.addInitScript(() => {
      const seen = Object.assign(new EventTarget(), { height: innerHeight, offsetTop: 0, scale: 1 });
      Object.defineProperty(window, "visualViewport", { value: seen });
    });
    const keys = (height: number, offsetTop: number, scale = 1): Promise<void> =>
      page.evaluate((now) => void Object.assign(visualViewport!, now).dispatchEvent(new Event("resize")), { height, offsetTop, scale });
    const within = async (selector: string): Promise<void> => {
      const box = await page.locator(selector).first().boundingBox();
      assert.ok(box && box.y >= keyboard && box.y + box.height <= 700, `${selector} ${JSON.stringify(box)}`);
    };
    person.fake.says("fever", fixture("escalation"), fixture("answer"));
    await person.open();
    for (const text of ["one", "two", "three"]) await person.hear(text);
    await person.input.focus();
    await keys(seen, keyboard);
    assert.deepEqual(await person.window.boundingBox(), { x: 0, y: keyboard, width: 360, height: seen });
    await within("clinic-guide .line");
    await person.input.scrollIntoViewIfNeeded();
    await within("clinic-guide textarea");
    await person.hear("fever");
    await within("clinic-guide .line");
    await within("clinic-guide .escalation .first");
    const whole = await person.log.locator(".escalation .first").evaluate((words) => {
      const log = words.closest(".log")!;
      const scrolled = getComputedStyle(log).overflowY === "visible" ? log.parentElement! : log;
      return words.getBoundingClientRect().bottom <= scrolled.getBoundingClientRect().bottom;
    });
    assert.equal(whole, true, `${seen} px`); // Not cut off by what lies below the log.
    const focused = await page.evaluate(() => document.querySelector("clinic-guide")?.shadowRoot?.activeElement?.tagName);
    assert.equal(focused, undefined);
    await keys(700, 0); // The keyboard goes.
    assert.deepEqual(await person.window.boundingBox(), { x: 0, y: 0, width: 360, height: 700 });
    assert.equal(await person.log.locator(".escalation .call").first().isVisible(), true);
    await keys(350, 200, 2); // Zoomed in by two fingers: the window stays as it is.
    assert.deepEqual(await person.window.boundingBox(), { x: 0, y: 0, width: 360, height: 700 });
    await keys(700, 0);
    await person.window.getByRole("button", { name: "Close" }).click();
    const style = await page.locator("clinic-guide .window").getAttribute("style");
    assert.equal(style || "", "");
    await person.close();
  }
});

test("with a mouse the input keeps the focus when a card comes", async () => {
  const person = await visit();
  person.fake.says("fever", fixture("escalation"));
  await person.open();
  await person.hear("fever");
  await person.log.locator(".escalation").waitFor();
  assert.equal(await person.input.evaluate((input) => (input.getRootNode() as ShadowRoot).activeElement === input), true);
  await person.close();
});

test("the clinic's name, logo, greeting, colours and language are the page's", async () => {
  const person = await visit();
  person.fake.attributes += ' data-name="North" data-greeting="Welcome." data-lang="es-MX" data-logo="/logo.svg"';
  person.fake.head = "<style>clinic-guide { --guide-color: rgb(1, 60, 80) }</style>";
  await person.go();
  assert.equal(await person.launcher.innerText(), "Pregunte a la guía");
  assert.equal(await person.launcher.evaluate((button) => getComputedStyle(button).backgroundColor), "rgb(1, 60, 80)");
  await person.launcher.click();
  assert.equal(await person.window.getByRole("heading").innerText(), "North");
  assert.match((await person.texts())[0] ?? "", /Welcome\./);
  assert.match(await person.line.innerText(), /Nadie vigila/);
  assert.equal(await person.window.locator("img").getAttribute("src"), "/logo.svg");
  await person.close();
});

test("font, words' colour, gap and layer are the page's too, within what keeps the window in sight", async () => {
  const person = await visit();
  person.fake.head = `<style>clinic-guide {
    --guide-on-color: rgb(255, 250, 200); --guide-font: monospace; --guide-gap: 33px; --guide-z: 77 }</style>`;
  await person.go();
  const style = await person.launcher.evaluate((button) => {
    const { color, fontFamily, zIndex } = getComputedStyle(button);
    const { right, bottom } = button.getBoundingClientRect();
    return { color, fontFamily, zIndex, right: innerWidth - right, bottom: innerHeight - bottom };
  });
  assert.deepEqual(style, { color: "rgb(255, 250, 200)", fontFamily: "monospace", zIndex: "77", right: 33, bottom: 33 });
  await person.close();
});

for (const theme of ["light", "dark"] as const) {
  test(`the theme ${theme} is for everybody, whatever the visitor's`, async () => {
    const backgrounds = { light: "rgb(255, 255, 255)", dark: "rgb(20, 27, 33)" };
    for (const colorScheme of ["light", "dark"] as const) {
      const person = await visit({ colorScheme });
      await person.open();
      const background = (): Promise<string> => person.window.evaluate((window) => getComputedStyle(window).backgroundColor);
      assert.equal(await background(), backgrounds[colorScheme]);
      await person.page.evaluate((name) => document.querySelector("clinic-guide")!.setAttribute("theme", name), theme);
      assert.equal(await background(), backgrounds[theme]);
      await person.close();
    }
  });
}

test("another server than the script's is asked if the page names it", async () => {
  const person = await visit();
  person.fake.attributes += ' data-server="/elsewhere"';
  await person.open();
  await person.hear("hello");
  const asked = person.fake.hits.filter((path) => /messages|settings/.test(path));
  assert.deepEqual(new Set(asked), new Set(["/elsewhere/settings", "/elsewhere/messages"]));
  await person.close();
});

test("each message has the time at which it was said, as the visitor's language writes it", async () => {
  const person = await visit({ timezoneId: "America/Chicago", locale: "en-US" });
  await person.page.clock.setFixedTime(new Date("2026-11-29T21:05:00Z"));
  await person.open();
  await person.hear("hello");
  const times = await person.log.locator("time").evaluateAll((all) => all.map((each) => [(each as HTMLTimeElement).dateTime, each.textContent]));
  assert.deepEqual(
    times.map(([at, shown]) => [at, shown?.replace(/\s/g, " ")]),
    Array(2).fill(["2026-11-29T21:05:00.000Z", "3:05 PM"]),
  );
  await person.close();
});

test("a link to #clinic-guide opens it; inline it is always open", async () => {
  const person = await visit();
  person.fake.body = '<p><a href="#clinic-guide">Ask</a></p>';
  await person.go();
  for (let times = 0; times < 2; times++) {
    await person.page.getByRole("link", { name: "Ask" }).click();
    await person.window.waitFor();
    await person.page.keyboard.press("Escape");
    assert.equal(await person.window.isVisible(), false);
  }
  await person.page.reload();
  assert.equal(await person.window.isVisible(), false); // It was closed.
  person.fake.attributes += ' data-mode="inline"';
  await person.go("/page2");
  assert.equal(await person.window.isVisible(), true);
  await person.input.press("Escape");
  assert.equal(await person.window.isVisible(), true);
  await person.close();
});

const FRAME = [readFileSync(join(WIDGET, "pages", "frame.css"), "utf8"), ""];
for (const style of FRAME) {
  test(`in a frame ${style ? "" : "without a height "}the numbers and the input stay in sight, whatever was said`, async () => {
    for (const viewport of [{ width: 420, height: 640 }, { width: 900, height: 640 }, { width: 320, height: 360 }]) {
      const person = await visit({ viewport });
      // The frame's page is the widget alone.
      person.fake.head = `<style>${style} main { display: none } body { margin: 0 }</style>`;
      person.fake.body = '<clinic-guide mode="inline" emergency="911" care-team="+1 555-0100"></clinic-guide>';
      person.fake.says("fever", fixture("escalation"), fixture("answer_marked"));
      await person.go();
      for (const text of ["one", "fever", "two", "three", "fever"]) await person.hear(text);
      for (const part of [person.line, ...(viewport.height > 480 ? [person.input] : [])]) {
        const box = await part.boundingBox();
        assert.ok(box && box.y >= 0 && box.y + box.height <= viewport.height, JSON.stringify([viewport, box]));
      }
      assert.equal(await person.page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), true);
      await person.close();
    }
  });
}

test("the page is told what happened, never what was said", async () => {
  const person = await visit();
  await person.page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    for (const name of ["open", "close", "escalation", "answer", "text", "failure", "clear"]) {
      document.addEventListener(`guide-${name}`, (event) => told.push(`${name} ${JSON.stringify((event as CustomEvent).detail)}`));
    }
  });
  person.fake.says("secret fever", fixture("escalation"), fixture("answer"));
  await person.open();
  await person.hear("secret fever");
  await person.hear("secret");
  await person.fake.stop();
  await person.hear("secret again");
  await person.page.keyboard.press("Escape");
  const told = await person.page.evaluate(() => (window as unknown as { told: string[] }).told);
  assert.deepEqual(told, ["open {}", 'escalation {"level":"urgent"}', "answer {}", "text {}", "failure {}", "close {}"]);
  await person.close();
});

test("copying gives the whole conversation as text, printing opens the printer with it", async () => {
  const person = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
  person.fake.says("fever", fixture("escalation"), fixture("answer"));
  await person.page.addInitScript(() => {
    Object.assign(window, { print: () => Object.assign(window.top!, { printed: document.body.textContent }) });
  });
  await person.open();
  await person.hear("fever");
  await person.window.getByRole("button", { name: "Copy" }).click();
  await person.window.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await person.page.evaluate(() => navigator.clipboard.readText());
  for (const part of ["You, ", "\nfever", "Guide, ", fixture("escalation").text!, fixture("answer").text!]) {
    assert.ok(copied.includes(part), part);
  }
  await person.window.getByRole("button", { name: "Print" }).click();
  const printed = await person.page.evaluate(() => (window as unknown as { printed?: string }).printed);
  assert.equal(printed, copied);
  await person.close();
});

test("what is printed is laid out in a frame out of sight, which does not outlive printing, Clear or the element", async () => {
  const person = await visit();
  await person.page.addInitScript(() => Object.assign(window, { print: () => undefined }));
  await person.open();
  await person.hear("hello");
  const print = person.window.getByRole("button", { name: "Print" });
  const frames = person.page.locator("body > iframe");
  await print.click();
  await print.click(); // Again, and the first has not been told that it was printed.
  assert.equal(await frames.count(), 1);
  const { display, right, height } = await frames.evaluate((frame) => {
    const { right, height } = frame.getBoundingClientRect();
    return { display: getComputedStyle(frame).display, right, height };
  });
  assert.ok(display !== "none" && right <= 0 && height > 100, JSON.stringify([display, right, height]));
  assert.equal(await person.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await frames.evaluate((frame: HTMLIFrameElement) => frame.contentWindow!.dispatchEvent(new Event("afterprint")));
  assert.equal(await frames.count(), 0);
  await print.click();
  await person.window.getByRole("button", { name: "Clear" }).click();
  await person.window.getByRole("button", { name: "Clear for good?" }).click();
  assert.equal(await frames.count(), 0);
  await print.click();
  await person.page.evaluate(() => document.querySelector("clinic-guide")!.remove());
  assert.equal(await frames.count(), 0);
  await person.close();
});

test("where copying is not allowed that is said", async () => {
  const person = await visit();
  await person.page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
  });
  await person.open();
  await person.window.getByRole("button", { name: "Copy" }).click();
  await person.window.getByRole("button", { name: "Not allowed here" }).waitFor();
  await person.close();
});
