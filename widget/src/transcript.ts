import { plain } from "./dom.js";
import type { Said } from "./memory.js";
import type { Strings } from "./strings.js";

/** Writes the conversation as plain text, for the clipboard and the printer. */
export function transcript(log: Said[], words: Strings, lang: string): string {
  const said = (who: string, at: number, text: string): string =>
    `${who}, ${new Date(at).toLocaleString(lang)}\n${plain(text)}`;
  return log
    .flatMap((each) => [
      said(words.you, each.at, each.title ?? each.text),
      ...each.reply.map(({ at, line }) => said(words.guide, at, line.text!)),
    ])
    .join("\n\n");
}

/** Copies a text; returns what there is to say about it. */
export async function copied(text: string, words: Strings): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return words.copied;
  } catch {
    return words.uncopied;
  }
}

/**
 * Prints a text in a frame of its own: the page around the widget is not to be printed.
 *
 * Returns the frame, which is gone after printing; where a browser does not say when that is, remove it.
 */
export function printed(text: string): HTMLElement {
  const frame = document.createElement("iframe");
  // Some browsers print nothing of a frame that is not laid out.
  Object.assign(frame.style, { position: "fixed", right: "100%", width: "9in", height: "9in", border: 0 });
  frame.ariaHidden = "true";
  frame.tabIndex = -1;
  document.body.append(frame);
  const page = frame.contentWindow!;
  page.document.body.style.whiteSpace = "pre-wrap";
  page.document.body.textContent = text;
  page.onafterprint = () => frame.remove();
  page.print();
  return frame;
}
