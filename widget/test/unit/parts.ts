/** What the unit tests call inside a page. */
export { h } from "../../src/dom.js";
export { link, linked } from "../../src/links.js";
export { fill, known } from "../../src/line.js";
export type { State } from "../../src/memory.js";
export { stringsOf } from "../../src/strings.js";
export { transcript } from "../../src/transcript.js";
export { dialable, phone, read, type Line } from "../../src/wire.js";
