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
  at: number;
  open: boolean;
  /** From this the server makes the conversation, whichever of its first messages arrives first. */
  begin: string;
  log: Said[];
  conversation?: string | undefined;
  site?: Site | undefined;
}

/** Returns an id that nobody can guess. */
export const unguessable = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const empty = (): State => ({ v: 1, at: Date.now(), open: false, begin: unguessable(), log: [] });

const MOST_ENTRIES = 100;

/** Keeps the conversation across reloads, in the storage of the browser if that allows it. */
export class Memory {
  state = empty();
  #storage: Storage | undefined;
  #key: string;

  constructor(key: string, kind: string | null) {
    this.#key = key;
    try {
      if (kind !== "none") this.#storage = kind === "local" ? localStorage : sessionStorage;
      const kept = JSON.parse(this.#storage?.getItem(key) ?? "null") as State | null;
      if (kept?.v === 1 && Array.isArray(kept.log)) this.state = kept;
    } catch {
      // Blocked storage, or somebody else's data: the conversation lasts as long as the page.
    }
  }

  /** Writes the state, and that something has just happened. */
  save(): void {
    this.state.at = Date.now();
    this.state.log = this.state.log.slice(-MOST_ENTRIES);
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.state));
    } catch {
      // Full or blocked: as above.
    }
  }

  /** Forgets everything but whether the window is open, and the clinic's numbers. */
  clear(): void {
    const { open, site } = this.state;
    this.state = { ...empty(), open, site };
    this.save();
  }
}
