import type { Line, Site } from "./wire.js";

/** What the guide said, and when. */
export interface Heard {
  at: number;
  line: Line;
}

/** What a person said, and the reply to it. */
export interface Said {
  id: string;
  at: number;
  /** What was sent; `title` is what is shown, if that is something else. */
  text: string;
  title?: string | undefined;
  reply: Heard[];
  /** The whole reply has been heard. */
  done?: boolean;
}

export interface State {
  v: 1;
  /** When something was last said. */
  at: number;
  open: boolean;
  /** From this the server makes the conversation, whichever of its first messages arrives first. */
  begin: string;
  log: Said[];
  conversation?: string | undefined;
  /** What the server has told, by the attributes of the pages that asked. */
  sites?: Record<string, Site> | undefined;
  /** Conversations that were cleared here and may still be on the server. */
  unerased?: string[] | undefined;
}

/** Returns an id that nobody can guess. */
export const unguessable = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Names a conversation that begins now: the server counts its hours from there. */
export const beginning = (): string => `${unguessable()}-${Math.floor(Date.now() / 1000)}`;

const empty = (): State => ({ v: 1, at: Date.now(), open: false, begin: beginning(), log: [] });

const MOST_ENTRIES = 100;

/** Keeps the conversation across reloads, in the storage of the browser if that allows it. */
export class Memory {
  state = empty();
  #storage: Storage | undefined;
  #key: string;
  /** Whether the storage has the present state. */
  #kept = true;

  constructor(key: string, kind: string | null) {
    this.#key = key;
    try {
      if (kind !== "none") this.#storage = kind === "local" ? localStorage : sessionStorage;
    } catch {
      // Blocked: the conversation lasts as long as the page.
    }
    this.load();
  }

  /** Reads what was kept, by this page or by another one. */
  load(): void {
    try {
      const kept = JSON.parse(this.#storage?.getItem(this.#key) ?? "null") as State | null;
      if (this.#kept && kept?.v === 1 && kept.begin && Array.isArray(kept.log)) this.state = kept;
    } catch {
      // Somebody else's data: as above.
    }
  }

  save(): void {
    this.state.log = this.state.log.slice(-MOST_ENTRIES);
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.state));
      this.#kept = true;
    } catch {
      this.#kept = false; // Full or blocked: as above.
    }
  }

  /** Returns what was said under an id; nothing if it was cleared. */
  find(id: string): Said | undefined {
    return this.state.log.find((said) => said.id === id);
  }

  /** Forgets everything but whether the window is open, the clinics' numbers and what is to be erased. */
  clear(): void {
    const { open, sites, unerased, conversation } = this.state;
    this.state = { ...empty(), open, sites, unerased };
    this.forget(conversation);
  }

  /** Notes a conversation that is to be deleted on the server. */
  forget(conversation?: string): void {
    const { unerased = [] } = this.state;
    if (conversation) this.state.unerased = [...unerased.filter((other) => other !== conversation), conversation];
    this.save();
  }

  /** Notes that there is nothing left of a conversation. */
  erased(conversation: string): void {
    this.state.unerased = this.state.unerased?.filter((other) => other !== conversation);
    this.save();
  }
}
