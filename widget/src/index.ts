import { ClinicGuide } from "./element.js";

const NAME = "clinic-guide";

if (!customElements.get(NAME)) {
  // Only while the script runs is it known which one it is.
  const script = document.currentScript as HTMLScriptElement | null;
  if (script?.src) ClinicGuide.server = script.src.replace(/[^/]*$/, "");
  customElements.define(NAME, ClinicGuide);
  if (script && !document.querySelector(NAME)) {
    // The one-line embedding: the script's data-... are the attributes of the element it places.
    const element = document.createElement(NAME);
    for (const [name, value] of Object.entries(script.dataset)) {
      element.setAttribute(name.replace(/[A-Z]/g, "-$&"), value!);
    }
    document.body.append(element);
  }
}
