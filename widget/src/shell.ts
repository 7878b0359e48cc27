import { button, h } from "./dom.js";
import type { Strings } from "./strings.js";

export interface Actions {
  toggle(open: boolean): void;
  submit(): void;
  copy(): void;
  print(): void;
  clear(): void;
}

/** The parts of the window that stay: what changes is put into them. */
export interface Shell {
  root: HTMLElement;
  launcher: HTMLButtonElement;
  window: HTMLElement;
  title: HTMLElement;
  line: HTMLElement;
  /** Holds log and form: where there is little height they are scrolled together. */
  body: HTMLElement;
  log: HTMLElement;
  typing: HTMLElement;
  input: HTMLTextAreaElement;
  copy: HTMLButtonElement;
  clear: HTMLButtonElement;
  polite: HTMLElement;
  assertive: HTMLElement;
}

/** Makes the launcher and the window, closed and without words of anybody. */
export function shell(words: Strings, logo: string | null, act: Actions): Shell {
  const launcher = button(words.launcher, () => act.toggle(true), {
    className: "launcher",
    "aria-haspopup": "dialog",
  });
  const title = h("h2", { id: "title" });
  const close = button("✕", () => act.toggle(false), { "aria-label": words.close });
  const line = h("div", { className: "line" });
  const log = h("div", { className: "log", tabIndex: 0, role: "group", "aria-label": words.conversation });
  const typing = h("p", { className: "typing", hidden: true }, words.thinking);
  const input = h("textarea", { rows: 1, placeholder: words.question, "aria-label": words.question });
  const send = h("button", { type: "submit" }, words.send);
  const form = h("form", {}, input, send);
  form.onsubmit = (event) => {
    event.preventDefault();
    act.submit();
  };
  input.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    act.submit();
  };
  const copy = button(words.copy, () => act.copy());
  const clear = button(words.clear, () => act.clear());
  const tools = h("div", { className: "tools" }, copy, button(words.print, () => act.print()), clear);
  const body = h("div", { className: "body" }, log, form, tools);
  // They exist before anything is said in them, or screen readers miss the first words.
  const polite = h("div", { className: "sr", role: "log", "aria-live": "polite" });
  const assertive = h("div", { className: "sr", role: "alert", "aria-live": "assertive" });
  const frame = h(
    "div",
    { className: "window", role: "dialog", "aria-labelledby": "title", hidden: true },
    h("header", {}, ...(logo ? [h("img", { src: logo, alt: "" })] : []), title, close),
    line,
    body,
  );
  frame.onkeydown = (event) => {
    if (event.key === "Escape") act.toggle(false);
  };
  // The live regions stay outside the window: what is said while it is closed is announced too.
  const root = h("section", { "aria-label": words.title, lang: words.lang }, launcher, frame, polite, assertive);
  return { root, launcher, window: frame, title, line, body, log, typing, input, copy, clear, polite, assertive };
}
