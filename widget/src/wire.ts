/** What the server sends, one JSON object a line; docs/protocol.md and wire/*.schema.json. */
export interface Phone {
  role: string;
  number: string;
  href: string;
}

export interface Button {
  title: string;
  payload: string;
}

export interface Line {
  text?: string;
  buttons?: Button[];
  custom: {
    v: number;
    kind: string;
    level?: string;
    phones?: Phone[];
    source?: { url?: string | null };
    quote?: string;
    /** Offsets into `quote`, counted in characters, not in UTF-16 units. */
    mark?: { start: number; end: number };
    /** False where `text` says that the passage may not be what was meant. */
    sure?: boolean;
    /** The language of an escalation's words. */
    lang?: string;
    conversation?: string;
    expires?: number;
    retry_after?: number;
  };
}

export interface Site {
  name?: string;
  phones: Phone[];
}

/** Reads one line; throws at whatever is not a line of this protocol. */
export function read(text: string): Line {
  const line = JSON.parse(text) as Partial<Line> | null;
  const { kind, conversation } = line?.custom ?? {};
  if ([kind, line?.text ?? "", conversation ?? ""].some((part) => typeof part !== "string")) throw new Error("odd line");
  return line as Line;
}

/** Keeps what may be dialled: a number, and an address that can only be a telephone's. */
export const dialable = (phones: unknown): Phone[] =>
  (Array.isArray(phones) ? (phones as Phone[]) : []).filter(
    (phone) => /^tel:[+\d]+$/.test(phone?.href) && typeof phone.number === "string",
  );

export const phone = (role: string, number: string): Phone => ({
  role,
  number,
  href: "tel:" + number.replace(/[^\d+]/g, ""),
});
