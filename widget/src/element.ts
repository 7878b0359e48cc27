import { button, h } from "./dom.js";
import { fill, known } from "./line.js";
import { beginning, Memory, unguessable, type Heard, type Said } from "./memory.js";
import { calls, languageOf, rendered } from "./message.js";
import { shell, type Shell } from "./shell.js";
import { stringsOf, type Strings } from "./strings.js";
import css from "./style.css";
import { erase, send, type Message } from "./talk.js";
import { copied, printed, transcript } from "./transcript.js";
import { dialable, type Line, type Phone, type Site } from "./wire.js";

const TIMEOUT = 25;
const MINUTES = 30;
const HASH = "#clinic-guide";
/** Below this many pixels log and form are scrolled together: the line stays in sight. */
const LOW = 480;
/** As in style.css: there the window covers the whole page. */
const COVERING = "(max-width: 480px), (max-height: 480px)";

/** One sending of a message. */
interface Attempt {
  said: Said;
  /** Of which conversation it is. */
  begin: string;
  /** The lines of this reply. */
  heard: string[];
  /** What the server calls the conversation. */
  token?: string | undefined;
  /** What it called the one before, which it does not continue. */
  given_up?: string | undefined;
}

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
  /** Messages on their way, by their id; each ends with whether the server has nothing that it should not. */
  #running = new Map<string, Promise<boolean>>();
  #covering = matchMedia(COVERING);
  /** What cannot be reached as long as the window covers it. */
  #behind: HTMLElement[] = [];
  /** What was last brought to the top. */
  #top: HTMLElement | undefined;
  #timer = 0;
  /** What is being printed. */
  #paper: HTMLElement | undefined;

  connectedCallback(): void {
    this.#language = this.lang || this.closest<HTMLElement>("[lang]")?.lang || "en";
    this.#words = stringsOf(this.#language);
    this.#gone = new AbortController();
    this.#memory = new Memory(`clinic-guide ${this.#server}`, this.getAttribute("storage"));
    this.#shell = shell(this.#words, this.getAttribute("logo"), {
      toggle: (open) => (open ? this.show() : this.hide()),
      submit: () => this.#submit(),
      copy: () => void this.#copy(),
      print: () => this.#print(),
      clear: () => this.#askToClear(),
    });
    this.#restore();
    this.#root.replaceChildren(this.#shell.root);
    this.#style();
    this.#listen();
    void this.#erase(); // What could not be deleted at an earlier time.
    this.#watchTime();
    this.#followHash();
    if (this.#inline || this.#memory.state.open) this.#open();
    // A reply that was still on its way when the page changed; the server knows the message.
    this.#memory.state.log.filter(({ done }) => !done).forEach((said) => this.#send(said));
  }

  disconnectedCallback(): void {
    this.#gone.abort();
    this.#running.clear();
    clearTimeout(this.#timer);
    this.#paper?.remove();
    this.#cover(false);
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
    this.#cover();
    launcher.focus();
    this.#memory.state.open = false;
    this.#memory.save();
    this.#tell("close");
    // Or the next click on the same link would change nothing.
    if (location.hash === HASH) history.replaceState(history.state, "", location.href.split("#")[0]);
  }

  /** Opens the window and sends a text as if it had been typed; `title` is what the transcript shows. */
  ask(text: string, title?: string): void {
    this.#open();
    const at = Date.now();
    const { state } = this.#memory;
    // Not when the page was loaded: that may be a day ago, and its retry in another conversation.
    if (!state.log.length) state.begin = beginning();
    const said: Said = { id: unguessable(), at, text, title, reply: [] };
    state.log.push(said);
    state.at = at;
    this.#memory.save();
    this.#watchTime();
    this.#fold();
    const shown = this.#show(said);
    this.#send(said);
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

  #listen(): void {
    const { signal } = this.#gone;
    addEventListener("hashchange", () => this.#followHash(), { signal });
    // This page again by the back button, or another tab that shares the conversation.
    addEventListener("pageshow", ({ persisted }) => persisted && this.#reread(), { signal });
    addEventListener("storage", () => this.#reread(), { signal });
    // Timers stand still while a computer sleeps.
    document.addEventListener("visibilitychange", () => this.#watchTime(), { signal });
    this.#covering.addEventListener("change", () => this.#cover(), { signal });
    for (const what of ["resize", "scroll"]) visualViewport!.addEventListener(what, () => this.#fit(), { signal });
  }

  #open(): void {
    const { window, launcher, typing } = this.#shell;
    this.#watchTime();
    if (!window.hidden) return;
    window.hidden = false;
    launcher.hidden = true;
    this.#cover();
    this.#toTop(typing);
    this.#memory.state.open = true;
    this.#memory.save();
    void this.#learn();
    this.#tell("open");
  }

  /** Where the window covers the page, makes what is behind it unreachable; elsewhere gives it back. */
  #cover(covers = this.#covers): void {
    this.#fit();
    for (const element of this.#behind) element.inert = false;
    this.#behind = [];
    if (!covers) return;
    for (let inner = this.#root.host; inner.parentElement; inner = inner.parentElement) {
      const others = [...inner.parentElement.children].filter((other) => other !== inner) as HTMLElement[];
      this.#behind.push(...others.filter(({ inert }) => inert === false));
    }
    for (const element of this.#behind) element.inert = true;
  }

  get #covers(): boolean {
    return this.#covering.matches && !this.#inline && !this.#shell.window.hidden;
  }

  /** Keeps a window that covers the page where it is seen: a phone's keyboard lies over the page's lower part. */
  #fit(): void {
    const { style, classList } = this.#shell.window;
    const { offsetTop, scale } = visualViewport!;
    const height = visualViewport!.height * scale; // Somebody who zooms in wants to see a part.
    if (!this.#covers) style.top = style.height = "";
    else {
      style.height = `${height}px`;
      if (scale < 1.01) style.top = `${offsetTop}px`;
    }
    const low = height <= LOW;
    if (classList.contains("low") === low) return;
    classList.toggle("low", low);
    if (this.#top) this.#toTop(this.#top); // Something else is scrolled now.
  }

  #followHash(): void {
    if (location.hash === HASH) this.show();
  }

  /** Takes over what another page or tab has made of the conversation meanwhile. */
  #reread(): void {
    const { begin, log } = this.#memory.state;
    this.#memory.load();
    const { state } = this.#memory;
    if (JSON.stringify(state.log) !== JSON.stringify(log)) {
      const failures = begin === state.begin ? [...this.#shell.log.querySelectorAll(".failed")] : [];
      this.#restore();
      failures.forEach((note) => this.#append(note));
      this.#toTop(this.#shell.typing);
    }
    this.#watchTime();
  }

  /** By what the numbers may differ from page to page. */
  get #page(): string {
    return ["site", "emergency", "care-team", "after-hours"].map((name) => this.getAttribute(name)).join("\n");
  }

  get #site(): Site | undefined {
    return this.#memory.state.sites?.[this.#page];
  }

  get #phones(): Phone[] {
    return known(this.#site, this);
  }

  /** Asks the server for the site's name and numbers; without an answer those known stay. */
  async #learn(): Promise<void> {
    const page = this.#page;
    try {
      const site = encodeURIComponent(this.getAttribute("site") ?? "");
      const response = await fetch(`${this.#server}settings?site=${site}`, { signal: this.#gone.signal });
      const told = (await response.json()) as Site;
      if (!dialable(told.phones).length) return;
      const { state } = this.#memory;
      state.sites = { ...state.sites, [page]: told };
      this.#memory.save();
      this.#head();
    } catch {
      // Offline, or no JSON: nothing new is known.
    }
  }

  #head(): void {
    const { title, line } = this.#shell;
    title.textContent = this.getAttribute("name") || this.#site?.name || this.#words.title;
    fill(line, this.#memory.state.log, this.#phones, this.#words);
  }

  #restore(): void {
    try {
      this.#fill();
    } catch {
      this.#memory.clear(); // Something that cannot be shown must not take the numbers off the page.
      this.#fill();
    }
  }

  #fill(): void {
    const { log, typing } = this.#shell;
    log.replaceChildren(h("p", { className: "m" }, this.getAttribute("greeting") || this.#words.greeting), typing);
    this.#head();
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

  #append<Kind extends Element>(element: Kind): Kind {
    const { log, typing } = this.#shell;
    return log.insertBefore(element, typing);
  }

  #toTop(element: HTMLElement): void {
    this.#top = element;
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

  #send(said: Said): void {
    this.#running.set(said.id, this.#deliver(said));
    this.#wait();
  }

  async #deliver(said: Said): Promise<boolean> {
    const { signal } = this.#gone;
    const { begin } = this.#memory.state;
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    signal.addEventListener("abort", stop, { signal: cut.signal });
    const timer = setTimeout(stop, (Number(this.getAttribute("timeout")) || TIMEOUT) * 1000);
    const attempt: Attempt = { said, begin, heard: [] };
    let trouble: string | undefined;
    try {
      const { retry_after } = (await this.#exchange(attempt, cut.signal)).custom;
      if (retry_after) trouble = this.#words.wait.replace("{n}", String(retry_after));
    } catch {
      trouble = this.#words.failed;
    }
    if (!trouble || this.#crisis(said)) this.#now(said).done = true;
    else if (!signal.aborted) this.#fail(said, trouble);
    clearTimeout(timer);
    stop(); // A server that has not ended by itself is not listened to any longer.
    if (signal.aborted) return false;
    this.#running.delete(said.id);
    this.#wait();
    this.#memory.save();
    return this.#leave(attempt);
  }

  /** Sends one message; what an earlier attempt has shown already is not shown again. */
  #exchange(attempt: Attempt, signal: AbortSignal): Promise<Line> {
    const { said, begin, heard } = attempt;
    const { conversation } = this.#memory.state;
    attempt.token = conversation;
    const hear = (line: Line): void => {
      const { state } = this.#memory;
      attempt.token = line.custom.conversation ?? attempt.token;
      if (state.begin !== begin) return; // Cleared meanwhile.
      // The first reply after the server gave the conversation up; others were on their way with it.
      if (line.custom.conversation && conversation === state.conversation) attempt.given_up = conversation;
      const text = JSON.stringify(line);
      heard.push(text);
      const times = (lines: string[]): number => lines.filter((each) => each === text).length;
      const shown = this.#now(said).reply.map((each) => JSON.stringify(each.line));
      if (times(heard) > times(shown)) this.#hear(line, this.#now(said));
    };
    const site = this.getAttribute("site") ?? undefined;
    const message: Message = { v: 1, text: said.text, message_id: said.id, begin, conversation, site };
    return send(this.#server, message, hear, signal);
  }

  /** Deletes on the server what a message has left there of a conversation that is over. */
  async #leave({ said, begin, token, given_up }: Attempt): Promise<boolean> {
    if (begin !== this.#memory.state.begin) {
      // Cleared meanwhile; the message may have come behind that, and begun anew.
      this.#memory.forget(token);
      return (await this.#erase()) && !!token;
    }
    if (given_up) {
      // Not before the reply: nothing comes before an escalation, and nothing behind a crisis.
      if (!this.#crisis(said)) this.#note(this.#words.renewed);
      this.#memory.forget(given_up);
      void this.#erase();
    }
    return true;
  }

  /** What was said, as the memory has it now: another tab may have written it anew. */
  #now(said: Said): Said {
    return this.#memory.find(said.id) ?? said;
  }

  /** Whether the reply has a crisis card: nothing follows that. */
  #crisis(said: Said): boolean {
    return this.#now(said).reply.some(({ line }) => line.custom.level === "crisis");
  }

  /** Whether a card came with this message or after it: what is said to it now must not scroll that away. */
  #carded(said: Said): boolean {
    const { log } = this.#memory.state;
    const since = log.slice(log.indexOf(this.#now(said))).flatMap(({ reply }) => reply);
    return since.some(({ line }) => line.custom.kind === "escalation");
  }

  #hear(line: Line, said: Said): void {
    const { state } = this.#memory;
    const { kind, conversation, level } = line.custom;
    state.at = Date.now();
    if (kind === "conversation") {
      state.conversation = conversation;
    } else if (line.text) {
      const urgent = kind === "escalation";
      const heard = { at: state.at, line };
      const element = this.#show(heard); // What cannot be shown is not kept either.
      said.reply.push(heard);
      if (urgent) this.#alarm();
      this.#announce(line.text, urgent, languageOf(line));
      if (urgent || (said.reply.length < 2 && !this.#carded(said))) this.#toTop(element);
      this.#tell(kind, level ? { level } : {});
    }
    this.#memory.save();
  }

  /** Brings an urgent card in sight, also if the window was closed meanwhile. */
  #alarm(): void {
    const { window, launcher, log, input } = this.#shell;
    this.#head();
    if (matchMedia("(pointer:coarse)").matches) input.blur(); // And its keyboard goes.
    if (!window.hidden) return;
    const lost = this.#covering.matches || this.#root.activeElement === launcher;
    this.#open();
    if (lost) log.focus(); // Where the focus was cannot be reached now.
  }

  #announce(text: string, urgent = false, lang = this.#words.lang): void {
    const words = h("p", { lang }, text);
    this.#shell[urgent ? "assertive" : "polite"].append(words);
    setTimeout(() => words.remove(), 10_000);
  }

  #note(text: string): void {
    this.#append(h("p", { className: "who" }, text));
    this.#announce(text);
  }

  #fail(said: Said, text: string): void {
    if (!this.#memory.find(said.id)) return;
    const phones = this.#phones;
    const again = button(this.#words.again, () => {
      this.#shell.input.focus();
      note.remove();
      this.#send(said);
    });
    const choices = h("div", { className: "choices" }, again);
    const note = h("div", { className: "m failed" }, h("p", {}, text), calls(phones, this.#words), choices);
    this.#append(note);
    if (!this.#carded(said)) this.#toTop(note);
    const numbers = phones.map(({ role, number }) => `${this.#words[role as keyof Strings]}: ${number}.`);
    this.#announce([text, ...numbers].join(" "));
    this.#tell("failure");
  }

  #wait(): void {
    this.#shell.typing.hidden = !this.#running.size;
  }

  #transcript(): string {
    return transcript(this.#memory.state.log, this.#words, this.#language);
  }

  #print(): void {
    this.#paper?.remove();
    this.#paper = printed(this.#transcript());
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
    const { conversation, log } = this.#memory.state;
    const running = [...this.#running.values()];
    if (this.#root.activeElement) this.#shell.input.focus(); // Where it was may be gone.
    this.#memory.clear();
    this.#paper?.remove();
    this.#running.clear();
    this.#wait();
    this.#restore();
    this.#tell("clear");
    // Without a token nobody can tell what the server has of a message whose reply never came.
    const told = !!conversation || !!running.length || !log.length;
    const gone = [told, await this.#erase(), ...(await Promise.all(running))];
    this.#note(this.#words[gone.every(Boolean) ? "cleared" : "uncleared"]);
  }

  /** Deletes on the server what was cleared here; what it does not delete now is tried again on the next page. */
  async #erase(): Promise<boolean> {
    let all = true;
    for (const conversation of this.#memory.state.unerased ?? []) {
      const status = await erase(this.#server, conversation);
      // 400: the server does not know it any more, and never will.
      if (status === 200 || status === 400) this.#memory.erased(conversation);
      all &&= status === 200;
    }
    return all;
  }

  /** Deletes the conversation when its time is over: now, or when that is. */
  #watchTime(): void {
    clearTimeout(this.#timer);
    const { at, log } = this.#memory.state;
    if (!log.length) return;
    const left = at + this.#limit - Date.now();
    // A browser's timer counts to 24 days.
    if (left > 0) this.#timer = setTimeout(() => this.#watchTime(), Math.min(left, 1e9)) as unknown as number;
    else void this.#clear();
  }

  /** Tells the page what happened, never what was said. */
  #tell(what: string, detail: object = {}): void {
    this.dispatchEvent(new CustomEvent(`guide-${what}`, { detail, bubbles: true, composed: true }));
  }
}
