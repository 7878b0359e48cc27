import { ClinicGuide } from "./element.js";

const NAME = "clinic-guide";

/** Makes the element known; in the one-line embedding the script's data-... are its attributes. */
function begin(script: HTMLScriptElement | null): void {
  if (!customElements.get(NAME)) customElements.define(NAME, ClinicGuide);
  if (!script || document.querySelector(NAME)) return;
  const element = document.createElement(NAME);
  for (const [name, value] of Object.entries(script.dataset)) {
    element.setAttribute(name.replace(/[A-Z]/g, "-$&"), value!);
  }
  document.body.append(element);
}

// Only while the script runs is it known which one it is.
const current = document.currentScript as HTMLScriptElement | null;
if (current?.src) ClinicGuide.server = current.src.replace(/[^/]*$/, "");
// A task of its own: on a slow phone each stays short.
setTimeout(begin, 0, current);
