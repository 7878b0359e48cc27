// Direction overrides can make an address read as another one.
const BIDI = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Removes characters that change the direction of what follows. */
export const plain = (text: string): string => text.replace(BIDI, "");

type Props = Record<string, unknown>;

/** Makes a button that does something. */
export const button = (label: string, onclick: () => void, props: Props = {}): HTMLButtonElement =>
  h("button", { type: "button", onclick, ...props }, label);

/** Makes an element; texts become plain text nodes, so that nothing in them is ever markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...kids: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name in element) (element as unknown as Props)[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(...kids.map((kid) => (typeof kid === "string" ? plain(kid) : kid)));
  return element;
}

/** Makes a drawing of one path, in the colour of the words: many a computer has no font with pictures. */
export function drawing(path: string): SVGElement {
  const [svg, shape] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg!.setAttribute("viewBox", "0 0 24 24");
  shape!.setAttribute("d", path);
  svg!.append(shape!);
  return svg as SVGElement;
}
