import { h, plain } from "./dom.js";
import type { Phone } from "./wire.js";

const LINK = /https?:\/\/[^\s<>"“”]+[^\s<>"“”.,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const SAFE = /^(https?|mailto|tel):/;

/** Makes a link; to an address with another scheme than http, https, mailto or tel: its text. */
export function link(address: string, text: string): Node {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return new Text(text);
  }
  if (!SAFE.test(url.protocol)) return new Text(text);
  const outside = url.protocol.startsWith("http");
  return h(
    "a",
    { href: url.href, ...(outside && { target: "_blank", rel: "noreferrer" }) },
    text,
  );
}

/** Turns a text into nodes: web and mail addresses and the given numbers become links. */
export function linked(text: string, phones: Phone[] = []): Node[] {
  const numbers = phones.map(({ number }) => number.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // Not a part of a longer number; without lookbehind, which older Safaris cannot read.
  const dialled = `(^|[^\\d+])(${numbers.join("|") || "(?!)"})(?!\\d)`;
  const nodes: Node[] = [];
  let at = 0;
  for (const match of (text = plain(text)).matchAll(new RegExp(`${dialled}|${LINK.source}`, "gi"))) {
    const [all, before = "", number] = match;
    const found = number ?? all;
    const dial = phones.find((phone) => phone.number === number);
    const address = dial ? dial.href : found.includes("://") ? found : "mailto:" + found;
    nodes.push(new Text(text.slice(at, match.index) + before), link(address, found));
    at = match.index + all.length;
  }
  nodes.push(new Text(text.slice(at)));
  return nodes;
}
