import { button, h } from "./dom.js";
import { fill, known } from "./line.js";
import { Memory, unguessable, type Heard, type Said } from "./memory.js";
import { calls, rendered } from "./message.js";
import { shell, type Shell } from "./shell.js";
import { stringsOf, type Strings } from "./strings.js";
import css from "./style.css";
import { erase, send, type Message } from "./talk.js";
import { copied, printed, transcript } from "./transcript.js";
import { dialable, type Line, type Site } from "./wire.js";

const TIMEOUT = 25;
const MINUTES = 30;

/** `<clinic-guide>`: a button in the page's corner, and behind it the window of the guide. */
export class ClinicGuide extends HTMLElement {
  /** Where the channel's routes are, unless the attribute `server` names another place. */
  static server = ".";

  #words!: Strings;
  #language = "en";
  #shell!: Shell;
  #memory!: Memory;
  #root = this.attachShadow({ mode: "open" });
  #gone = new AbortController();
  #waiting = 0;
  #timer = 0;

  connectedCallback(): void {
    this.#language = this.lang || this.closest<HTMLElement>("[lang]")?.lang || "en";
    this.#words = stringsOf(this.#language);
    this.#gone = new AbortController();
    this.#memory = new Memory(`clinic-guide ${this.#server}`, this.getAttribute("storage"));
    this.#shell = shell(this.#words, this.getAttribute("logo"), {
      toggle: (open) => (open ? this.show() : this.hide()),
      submit: () => this.#submit(),
      copy: () => void this.#copy(),
      print: () => printed(this.#transcript()),
      clear: () => this.#askToClear(),
    });
    this.#restore();
    this.#root.replaceChildren(this.#shell.root);
    this.#style();
    addEventListener("hashchange", () => this.#followHash(), { signal: this.#gone.signal });
    this.#followHash();
    const { state } = this.#memory;
    const ended = state.log.length && Date.now() - state.at > this.#limit;
    if (this.#inline || state.open) this.#open();
    if (ended) void this.#clear();
    // A reply that was still on its way when the page changed; the server knows the message.
    this.#memory.state.log.filter(({ done }) => !done).forEach((said) => void this.#deliver(said));
  }

  disconnectedCallback(): void {
    this.#gone.abort();
    clearTimeout(this.#timer);
  }

  /** Opens the window and moves the focus into it. */
  show(): void {
    this.#open();
    this.#shell.input.focus();
  }

  /** Closes the window and gives the focus back to the button. */
  hide(): void {
    const { window, launcher } = this.#shell;
    if (this.#inline || window.hidden) return;
    window.hidden = true;
    launcher.hidden = false;
    launcher.focus();
    this.#memory.state.open = false;
    this.#memory.save();
    this.#tell("close");
  }

  /** Sends a text as if it had been typed; `title` is what the transcript shows. */
  ask(text: string, title?: string): void {
    const said: Said = { id: unguessable(), at: Date.now(), text, title, reply: [] };
    this.#memory.state.log.push(said);
    this.#memory.save();
    this.#watchTime();
    this.#fold();
    const shown = this.#show(said);
    void this.#deliver(said);
    this.#toTop(shown); // With what says that it is being looked up.
  }

  get #server(): string {
    const server = this.getAttribute("server") || ClinicGuide.server;
    return new URL(server.replace(/\/?$/, "/"), document.baseURI).href;
  }

  get #inline(): boolean {
    return this.getAttribute("mode") === "inline";
  }

  /** Milliseconds without a word after which the conversation is deleted. */
  get #limit(): number {
    return (Number(this.getAttribute("minutes")) || MINUTES) * 60_000;
  }

  #style(): void {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this.#root.adoptedStyleSheets = [sheet];
    } catch {
      this.#root.prepend(h("style", {}, css)); // An older browser, if the page's policy allows it.
    }
  }

  #open(): void {
    const { window, launcher, typing } = this.#shell;
    if (!window.hidden) return;
    window.hidden = false;
    launcher.hidden = true;
    this.#toTop(typing);
    this.#memory.state.open = true;
    this.#memory.save();
    this.#watchTime();
    void this.#learn();
    this.#tell("open");
  }

  #followHash(): void {
    if (location.hash === "#clinic-guide") this.show();
  }

  /** Asks the server for the site's name and numbers; without an answer those known stay. */
  async #learn(): Promise<void> {
    const { state } = this.#memory;
    try {
      const site = encodeURIComponent(this.getAttribute("site") ?? "");
      const response = await fetch(`${this.#server}settings?site=${site}`, { signal: this.#gone.signal });
      const told = (await response.json()) as Site;
      if (!dialable(told.phones).length) return;
      state.site = told;
      this.#memory.save();
      this.#head();
    } catch {
      // Offline, or no JSON: nothing new is known.
    }
  }

  #head(): void {
    const { state } = this.#memory;
    const { title, line } = this.#shell;
    title.textContent = this.getAttribute("name") || state.site?.name || this.#words.title;
    fill(line, state, known(state, this), this.#words);
  }

  #restore(): void {
    this.#head();
    const { log, typing } = this.#shell;
    log.replaceChildren(h("p", { className: "m" }, this.getAttribute("greeting") || this.#words.greeting), typing);
    for (const said of this.#memory.state.log) [said, ...said.reply].forEach((entry) => this.#show(entry));
    this.#fold();
  }

  /** Leaves of earlier cards what is needed to call. */
  #fold(): void {
    this.#shell.log.querySelectorAll("details").forEach((details) => (details.open = false));
  }

  #show(entry: Said | Heard): HTMLElement {
    return this.#append(rendered(entry, this.#words, this.#language, (text, title) => this.#choose(text, title)));
  }

  #append(element: HTMLElement): HTMLElement {
    const { log, typing } = this.#shell;
    return log.insertBefore(element, typing);
  }

  #toTop(element: HTMLElement): void {
    const { log, line, body } = this.#shell;
    const box = getComputedStyle(log).overflowY === "visible" ? body : log;
    box.scrollTop += element.getBoundingClientRect().top - line.getBoundingClientRect().bottom - 8;
  }

  #choose(text: string, title?: string): void {
    this.ask(text, title);
    // The button may be gone; on a phone the keyboard would cover the answer.
    (matchMedia("(pointer:fine)").matches ? this.#shell.input : this.#shell.log).focus();
  }

  #submit(): void {
    const { input } = this.#shell;
    const text = input.value.trim();
    input.value = "";
    input.focus();
    if (text) this.ask(text);
  }

  async #deliver(said: Said): Promise<void> {
    const { signal } = this.#gone;
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    signal.addEventListener("abort", stop, { signal: cut.signal });
    const timer = setTimeout(stop, (Number(this.getAttribute("timeout")) || TIMEOUT) * 1000);
    this.#wait(1);
    try {
      const { retry_after } = (await this.#exchange(said, cut.signal)).custom;
      if (retry_after) this.#fail(said, this.#words.wait.replace("{n}", String(retry_after)));
      else said.done = true;
    } catch {
      if (!signal.aborted) this.#fail(said);
    }
    clearTimeout(timer);
    stop(); // A server that has not ended by itself is not listened to any longer.
    this.#wait(-1);
    if (!signal.aborted) this.#memory.save();
  }

  /** Sends one message; what an earlier attempt has shown already is not shown again. */
  async #exchange(said: Said, signal: AbortSignal): Promise<Line> {
    const { state } = this.#memory;
    const { begin, conversation } = state;
    let renewed = false;
    const shown = said.reply.map(({ line }) => JSON.stringify(line));
    const heard = (line: Line): void => {
      if (this.#memory.state !== state) return; // Cleared meanwhile.
      // The first reply after the server gave the conversation up; others were on their way with it.
      if (line.custom.conversation && conversation === state.conversation) renewed = !!conversation;
      const at = shown.indexOf(JSON.stringify(line));
      if (at < 0) this.#hear(line, said);
      else shown.splice(at, 1);
    };
    const site = this.getAttribute("site") ?? undefined;
    const message: Message = { v: 1, text: said.text, message_id: said.id, begin, conversation, site };
    try {
      return await send(this.#server, message, heard, signal);
    } finally {
      // Not before the reply: nothing comes before an escalation.
      if (renewed && state === this.#memory.state) {
        this.#note(this.#words.renewed);
        void erase(this.#server, conversation!);
      }
    }
  }

  #hear(line: Line, said: Said): void {
    const { kind, conversation, level } = line.custom;
    if (kind === "conversation") {
      this.#memory.state.conversation = conversation;
    } else if (line.text) {
      const urgent = kind === "escalation";
      const heard = { at: Date.now(), line };
      said.reply.push(heard);
      const element = this.#show(heard);
      this.#announce(line.text, urgent);
      if (urgent) this.#head();
      if (urgent || said.reply.length < 2) this.#toTop(element);
      this.#tell(kind, level ? { level } : {});
    }
    this.#memory.save();
  }

  #announce(text: string, urgent = false): void {
    const words = h("p", {}, text);
    this.#shell[urgent ? "assertive" : "polite"].append(words);
    setTimeout(() => words.remove(), 10_000);
  }

  #note(text: string): void {
    this.#append(h("p", { className: "who" }, text));
    this.#announce(text);
  }

  #fail(said: Said, text = this.#words.failed): void {
    const { state } = this.#memory;
    if (!state.log.includes(said)) return;
    const again = button(this.#words.again, () => {
      this.#shell.input.focus();
      note.remove();
      void this.#deliver(said);
    });
    const choices = h("div", { className: "choices" }, again);
    const note = h("div", { className: "m failed" }, h("p", {}, text), calls(known(state, this), this.#words), choices);
    this.#toTop(this.#append(note));
    this.#announce(text);
    this.#tell("failure");
  }

  #wait(more: number): void {
    this.#waiting += more;
    this.#shell.typing.hidden = !this.#waiting;
  }

  #transcript(): string {
    return transcript(this.#memory.state.log, this.#words, this.#language);
  }

  async #copy(): Promise<void> {
    const { copy } = this.#shell;
    copy.textContent = await copied(this.#transcript(), this.#words);
    this.#announce(copy.textContent);
    copy.onblur = () => (copy.textContent = this.#words.copy);
  }

  #askToClear(): void {
    const { clear } = this.#shell;
    const { sure } = this.#words;
    clear.onblur = () => (clear.textContent = this.#words.clear);
    if (clear.textContent === sure) {
      void this.#clear();
    } else {
      clear.textContent = sure;
      this.#announce(sure);
    }
  }

  async #clear(): Promise<void> {
    const { conversation } = this.#memory.state;
    if (this.#root.activeElement) this.#shell.input.focus(); // Where it was may be gone.
    this.#memory.clear();
    this.#restore();
    this.#tell("clear");
    const deleted = !conversation || (await erase(this.#server, conversation));
    this.#note(this.#words[deleted ? "cleared" : "uncleared"]);
  }

  #watchTime(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#memory.state.log.length) void this.#clear();
    }, this.#limit) as unknown as number;
  }

  /** Tells the page what happened, never what was said. */
  #tell(what: string, detail: object = {}): void {
    this.dispatchEvent(new CustomEvent(`guide-${what}`, { detail, bubbles: true, composed: true }));
  }
}
