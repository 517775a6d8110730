// What an error means, when the next try is due, and a clock that stands
// still while there is no network.

import type { Probe } from "../services/api.js";

/**
 * gone: no try will help.  busy: the server says when.  server, network: it
 * may pass.  media: the server is well, so it is what it sent.
 */
export type Cause = "gone" | "busy" | "server" | "network" | "media";

export const TRIES = 6;
const FIRST = 500;
const CAP = 8000;

export function classify({ status }: Probe): Cause {
  if (status === 0) {
    return "network";
  }
  if (status === 429 || status === 503) {
    return "busy";
  }
  if (status >= 500 || status === 408) {
    return "server";
  }
  return status >= 400 ? "gone" : "media";
}

/** Milliseconds before a try, the first being 0: doubled, ± 50 %, capped. */
export function backoff(attempt: number, random = Math.random): number {
  return Math.min(CAP, FIRST * 2 ** attempt * (0.5 + random()));
}

/** One timer that can be held and goes on with what was left. */
export class Clock {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #left: number | null = null;
  #then: (() => void) | null = null;

  /** When it is due, as Date.now() has it; null while held or not set. */
  get due(): number | null {
    return this.#then && this.#left === null ? this.#due : null;
  }

  set(delay: number, then: () => void): void {
    this.clear();
    this.#then = then;
    this.#due = Date.now() + delay;
    this.#timer = setTimeout(() => {
      this.clear();
      then();
    }, delay);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#then = null;
    this.#left = null;
  }

  hold(): void {
    if (this.due !== null) {
      clearTimeout(this.#timer);
      this.#left = Math.max(0, this.#due - Date.now());
    }
  }

  resume(): void {
    if (this.#then && this.#left !== null) {
      this.set(this.#left, this.#then);
    }
  }
}
