import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Message } from "../../src/talk.js";
import type { Line } from "../../src/wire.js";
import { fixture, script } from "./paths.js";

export interface Reply {
  line(line: object | string): void;
  end(): void;
  response: ServerResponse;
  body: Message;
}

/** What the server does about one message. */
export type Script = (reply: Reply) => void | Promise<void>;

export const SITE = {
  v: 1,
  name: "North Clinic",
  hours: "always",
  phones: [
    { role: "emergency", number: "911", href: "tel:911" },
    { role: "crisis", number: "988", href: "tel:988" },
    { role: "care_team", number: "+1 555-0100", href: "tel:+15550100" },
    { role: "after_hours", number: "+1 555-0101", href: "tel:+15550101" },
  ],
};

const ATTRIBUTES = 'data-emergency="911" data-care-team="+1 555-0100" data-after-hours="+1 555-0101"';

const conversation = (token: string): Line => {
  const line = fixture("conversation");
  return { ...line, custom: { ...line.custom, conversation: token } };
};

const compressed = (): Buffer => gzipSync(script(), { level: 9 });

/** A clinic's page and the widget's channel, played by a script. */
export class Fake {
  /** Every message that came, in order. */
  readonly messages: Message[] = [];
  readonly cleared: string[] = [];
  readonly hits: string[] = [];
  readonly scripts = new Map<string, Script>();
  /** With which status a text is answered, where that is not 200. */
  readonly statuses = new Map<string, number>();
  headers: Record<string, string> = {};
  attributes = ATTRIBUTES;
  settings: object | null = SITE;
  clears = true;
  /** What the channel waits for before it says anything. */
  hold: Promise<void> = Promise.resolve();
  /** Tokens of conversations that may not be continued. */
  readonly ended = new Set<string | undefined>();
  /** More of the page: in its head and in its body. */
  head = "";
  body = "";
  /** The page's script: the widget, one of the same size that does nothing, or none. */
  embed: "clinic-guide.js" | "inert.js" | "" = "clinic-guide.js";
  #server: Server = createServer((request, response) => void this.#answer(request, response));
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Comes back on the same port. */
  async restart(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    await this.start();
  }

  says(text: string, ...lines: Line[]): void {
    this.scripts.set(text, (reply) => {
      lines.forEach((line) => reply.line(line));
      reply.end();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", this.url).pathname;
    this.hits.push(path);
    if (path === "/webhooks/widget/messages") await this.#talk(request, response);
    else if (path === "/webhooks/widget/clear") await this.#clear(request, response);
    else if (path === "/webhooks/widget/settings") {
      response.writeHead(this.settings ? 200 : 500, { "Content-Type": "application/json" });
      response.end(this.settings ? JSON.stringify(this.settings) : "broken");
    } else if (path === "/webhooks/widget/clinic-guide.js") {
      // Compressed, as the channel sends it.
      response.writeHead(200, { "Content-Type": "text/javascript", "Content-Encoding": "gzip" }).end(compressed());
    } else if (path === "/webhooks/widget/inert.js") {
      response.writeHead(200, { "Content-Type": "text/javascript" }).end("//".padEnd(compressed().length, "-"));
    } else if (path === "/page.css") {
      response.writeHead(200, { "Content-Type": "text/css" }).end("body { font-family: sans-serif; color: #222; background: #fff }");
    } else if (path.startsWith("/page")) {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...this.headers }).end(this.#page());
    } else response.writeHead(404).end();
  }

  #page(): string {
    const tag = this.embed && `<script defer src="/webhooks/widget/${this.embed}" ${this.attributes}></script>`;
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A clinic</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css">
${this.head}</head><body><main><h1>A clinic</h1><p>Words of the clinic. <a href="/page2">Another page</a></p>
<button id="before">A button of the page</button></main>${this.body}${tag}</body></html>`;
  }

  async #talk(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as Message;
    this.messages.push(body);
    await this.hold;
    const status = this.statuses.get(body.text) ?? 200;
    response.writeHead(status, { "Content-Type": "application/x-ndjson" });
    const reply: Reply = {
      body,
      response,
      line: (line) => response.write(typeof line === "string" ? line : JSON.stringify(line) + "\n"),
      end: () => response.end(JSON.stringify(fixture("end")) + "\n"),
    };
    const play = this.scripts.get(body.text);
    if (play && !play.length) return; // Never answers.
    // A refusal is of no conversation.
    if (status === 200 && this.ended.has(body.conversation)) reply.line(conversation(body.conversation + "-next"));
    else if (status === 200 && !body.conversation) reply.line(fixture("conversation"));
    if (play) await play(reply);
    else {
      reply.line({ text: `You said ${body.text}`, custom: { v: 1, kind: "text" } });
      reply.end();
    }
  }

  async #clear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.cleared.push((JSON.parse(await text(request)) as { conversation: string }).conversation);
    response.writeHead(this.clears ? 200 : 503, { "Content-Type": "application/json" }).end("{}");
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
