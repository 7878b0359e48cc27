import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { browser } from "./chromium.js";
import { request } from "./paths.js";
import { Fake } from "./server.js";

/** One person on one page of the clinic. */
export class Visit {
  readonly errors: string[] = [];

  constructor(
    readonly page: Page,
    readonly fake: Fake,
  ) {
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.setDefaultTimeout(20_000);
  }

  get launcher(): Locator {
    return this.page.locator("clinic-guide .launcher");
  }
  get window(): Locator {
    return this.page.getByRole("dialog");
  }
  get input(): Locator {
    return this.page.locator("clinic-guide textarea");
  }
  get log(): Locator {
    return this.page.locator("clinic-guide .log");
  }
  get line(): Locator {
    return this.page.locator("clinic-guide .line");
  }

  /** Goes to a page and waits until the widget is on it. */
  async go(path = "/page"): Promise<void> {
    await this.page.goto(this.fake.url + path);
    await this.page.locator("clinic-guide section").waitFor({ state: "attached" });
  }

  async open(path = "/page"): Promise<this> {
    await this.go(path);
    await this.launcher.click();
    return this;
  }

  async say(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  /** Says something and waits until the whole reply is there. */
  async hear(text: string): Promise<void> {
    await this.say(text);
    await this.idle();
  }

  async idle(): Promise<void> {
    await this.page.locator("clinic-guide .typing").waitFor({ state: "hidden" });
  }

  async texts(selector = ".m"): Promise<string[]> {
    return this.log.locator(selector).allInnerTexts();
  }

  async numbers(): Promise<string[]> {
    return this.line.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
  }

  async close(): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.errors, []);
    for (const message of this.fake.messages) assert.ok(request(message), JSON.stringify(request.errors));
  }
}

/** Gives a file of tests its browser, and each visit a server and a profile of its own. */
export function visits(...flags: string[]): (options?: BrowserContextOptions) => Promise<Visit> {
  let started: Browser;
  const fakes: Fake[] = [];
  before(async () => {
    started = await browser(...flags);
  });
  after(async () => {
    await started.close();
    await Promise.all(fakes.map((fake) => fake.stop().catch(() => undefined)));
  });
  return async (options = {}) => {
    const fake = await new Fake().start();
    fakes.push(fake);
    return new Visit(await (await started.newContext(options)).newPage(), fake);
  };
}
