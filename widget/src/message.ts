import { button, drawing, h } from "./dom.js";
import { link, linked } from "./links.js";
import type { Heard, Said } from "./memory.js";
import { SAYS, type Strings } from "./strings.js";
import { dialable, type Line, type Phone } from "./wire.js";

/** Sends a text as if it had been typed; `title` is what the transcript shows. */
export type Ask = (text: string, title?: string) => void;

// As domain.yml says an answer: words before it, the passage in quotation marks, its source.
const ANSWER = /^([^]*?)“([^]+)”\n— (.+)$/;

const THUMB = "M2 10h4v11H2zm6 11V10l5-8q3 0 2 4l-1 3h7q2 0 1.5 2l-2 8q-.5 2-2.5 2z";

/** Makes the row of numbers to tap. */
export const calls = (phones: Phone[], words: Strings): HTMLElement =>
  h(
    "div",
    { className: "calls" },
    ...phones.map(({ role, number, href }) =>
      h("a", { href, className: "call" }, h("small", {}, words[role as keyof Strings] ?? ""), " ", h("b", {}, number)),
    ),
  );

/** The language of what the guide says: not that of the page. */
export const languageOf = (line: Line): string => line.custom.lang ?? "en";

function card(line: Line, words: Strings): Node[] {
  const phones = dialable(line.custom.phones);
  const lang = languageOf(line);
  const [first = "", ...rest] = line.text!.split("\n");
  const more = rest.join("\n").trim();
  const parts: Node[] = [h("p", { className: "first", lang }, ...linked(first, phones)), calls(phones, words)];
  if (more) {
    const text = h("p", { lang }, ...linked(more, phones));
    parts.push(h("details", { open: true }, h("summary", {}, words.details), text));
  }
  return parts;
}

function quotation(line: Line, quote: string, words: Strings): Node[] {
  const quoted = (...kids: (Node | string)[]): Node => h("blockquote", { lang: languageOf(line) }, ...kids);
  const { mark, quote: whole } = line.custom;
  const letters = [...(whole ?? quote)];
  const piece = (start: number, end?: number): string => letters.slice(start, end).join("");
  const marked = mark && piece(mark.start, mark.end);
  if (!marked?.trim()) return [quoted(...linked(quote))];
  const answer = quoted(h("mark", {}, marked));
  if (!(piece(0, mark!.start) + piece(mark!.end)).trim()) return [answer];
  const context = quoted(piece(0, mark!.start), h("mark", {}, marked), piece(mark!.end));
  return [answer, h("details", {}, h("summary", {}, words.passage), context)];
}

function words_of(line: Line, words: Strings): Node[] {
  const phones = dialable(line.custom.phones);
  const parts = line.custom.kind === "answer" && ANSWER.exec(line.text!);
  const lang = languageOf(line);
  if (!parts) return [h("p", { lang }, ...linked(line.text!, phones))];
  const [, before = "", quote = "", source = ""] = parts;
  const url = line.custom.source?.url;
  const origin = h("p", { className: "source", lang }, "— ", ...linked(source));
  if (url && !source.includes(url)) origin.append(" ", link(url, url));
  const said = before.trim() ? [h("p", { lang }, ...linked(before.trim(), phones))] : [];
  return [...said, ...quotation(line, quote, words), origin];
}

function choices(line: Line, words: Strings, ask: Ask): Node[] {
  const buttons = (Array.isArray(line.buttons) ? line.buttons : []).filter(
    (each) => typeof each?.title === "string" && typeof each.payload === "string",
  );
  if (!buttons.length) return [];
  const lang = languageOf(line);
  const made = buttons.map(({ title, payload }) => button(title, () => ask(payload, title), { lang }));
  return [h("div", { className: "choices", role: "group", "aria-label": words.suggestions }, ...made)];
}

function opinions(words: Strings, ask: Ask): Node {
  const choice = (name: keyof typeof SAYS): HTMLElement => button(words[name], () => ask(SAYS[name], words[name]));
  const thumb = (name: keyof typeof SAYS): HTMLElement => {
    const made = choice(name);
    made.ariaLabel = words[name];
    made.replaceChildren(drawing(THUMB));
    return made;
  };
  return h("div", { className: "opinions" }, thumb("helped"), thumb("unhelpful"), choice("more"));
}

/** Makes the element of one message, whoever said it. */
export function rendered(entry: Said | Heard, words: Strings, lang: string, ask: Ask): HTMLElement {
  const mine = "id" in entry;
  const kind = mine ? "me" : entry.line.custom.kind;
  const at = new Date(entry.at);
  const shown = at.toLocaleTimeString(lang, { hour: "numeric", minute: "2-digit" });
  const head = h(
    "p",
    { className: "who" },
    `${mine ? words.you : words.guide} · `,
    h("time", { dateTime: at.toISOString() }, shown),
  );
  const body = mine
    ? [h("p", {}, entry.title ?? entry.text)]
    : kind === "escalation"
      ? card(entry.line, words)
      : [
          ...words_of(entry.line, words),
          ...choices(entry.line, words, ask),
          ...(kind === "answer" ? [opinions(words, ask)] : []),
        ];
  const level = (!mine && entry.line.custom.level) || "";
  const element = h("div", { className: `m ${kind} ${level}`, dir: "auto" }, head, ...body);
  if (kind === "escalation") {
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", words.urgent);
  }
  return element;
}
