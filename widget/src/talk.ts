import { read, type Line } from "./wire.js";

/** More than any reply has, in characters and in lines: a server that never ends is cut off here. */
const MOST = 500_000;
const A_LINE = 5000;

export interface Message {
  v: 1;
  text: string;
  message_id: string;
  begin: string;
  conversation?: string | undefined;
  site?: string | undefined;
}

/**
 * Sends a message and hands on each line of the reply as it arrives; returns the last one.
 *
 * Throws if the reply is not whole: no connection, no line of the protocol, no last line, no end.
 */
export async function send(
  server: string,
  message: Message,
  heard: (line: Line) => void,
  signal: AbortSignal,
): Promise<Line> {
  // As plain text the request needs no preflight: a round trip less before an escalation.
  const body = JSON.stringify(message);
  const response = await fetch(server + "messages", { method: "POST", body, signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let size = 0;
  // One chunk may hold more lines than any reply.
  while (size <= MOST) {
    const { value, done } = await reader.read();
    if (done) break;
    size += value.length;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    for (const text of lines) {
      if (!text.trim()) continue;
      const line = read(text);
      if (line.custom.kind === "end") return line;
      size += A_LINE;
      if (size > MOST) break;
      heard(line);
    }
  }
  throw new Error("no end");
}

/** Deletes the conversation on the server; returns the answer's status, 0 without one. */
export async function erase(server: string, conversation: string): Promise<number> {
  try {
    const body = JSON.stringify({ v: 1, conversation });
    return (await fetch(server + "clear", { method: "POST", body, keepalive: true })).status;
  } catch {
    return 0;
  }
}
