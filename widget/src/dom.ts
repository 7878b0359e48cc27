type Props = Record<string, unknown>;

/** Makes a button that does something. */
export const button = (label: string, onclick: () => void, props: Props = {}): HTMLButtonElement =>
  h("button", { type: "button", onclick, ...props }, label);

/** Makes an element; texts become text nodes, so that nothing in them is ever markup. */
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
  element.append(...kids);
  return element;
}
