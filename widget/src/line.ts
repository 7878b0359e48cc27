import { h } from "./dom.js";
import type { Said } from "./memory.js";
import { calls } from "./message.js";
import type { Strings } from "./strings.js";
import { dialable, phone, type Phone, type Site } from "./wire.js";

const ROLES = ["emergency", "care_team", "after_hours"];

/** The server's numbers once it has told them; until then those that the page was written with. */
export function known(site: Site | undefined, element: Element): Phone[] {
  const told = dialable(site?.phones).filter(({ role }) => ROLES.includes(role));
  if (told.length) return told;
  return ROLES.flatMap((role) => {
    const number = element.getAttribute(role.replace("_", "-"));
    return number ? [phone(role, number)] : [];
  });
}

/**
 * Fills the line that is always in sight: nobody watches, whom to call.
 *
 * After an escalation it has every number of the card, in the card's order, however far that was scrolled.
 */
export function fill(line: HTMLElement, log: Said[], phones: Phone[], words: Strings): void {
  const heard = log.flatMap(({ reply }) => reply).map((each) => each.line.custom);
  const cards = heard.filter(({ kind }) => kind === "escalation").reverse();
  const urgent = cards.flatMap((card) => dialable(card.phones));
  const all = [...urgent, ...phones.filter(({ role }, at) => !at || role !== "after_hours")];
  const chosen = all.filter(({ href }, at) => all.findIndex((other) => other.href === href) === at);
  line.classList.toggle("urgent", !!cards.length);
  line.replaceChildren(h("b", {}, chosen.length ? words.unwatched : words.nobody), calls(chosen, words));
}
