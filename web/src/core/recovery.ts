// What follows an error: what it means, when the next try is due, by a clock
// that stands still while there is no network, and when it is enough.

import { NO_ANSWER, type Probe } from "../services/api.js";
import { online } from "./network.js";

/**
 * gone: no try will help.  page: nor for any other track, it is not VOYO that
 * answers.  busy: the server says when.  server, network: it may pass.  media:
 * the server is well, so it is what it sent.
 */
export type Cause = "gone" | "page" | "busy" | "server" | "network" | "media";

export interface PlayerError {
  cause: Cause;
  /** of HTTP, 0 when the server did not answer */
  status: number;
  /** the server's name of the problem, for example geo_blocked */
  code: string | null;
  /** of a web page: the origin that answered */
  page?: string;
}

const TRIES = 6;
const TRIES_PER_QUALITY = 2;
const FIRST = 500;
const CAP = 8000;
// in seconds of the listener's, whatever the rate
const CLEAN = 10;

export function classify({ status, page }: Probe): Cause {
  if (page !== undefined) {
    return "page";
  }
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

/** What a recovery needs of the player that it helps. */
export interface Patient {
  /** Asks the server what is wrong; "known" is what it said the last time. */
  probe(signal: AbortSignal, known: PlayerError | null): Promise<Probe>;
  /** Goes down with the quality, if that can be. */
  lower(): boolean;
  /** Loads once more. */
  load(): void;
  /** Another try is due. */
  due(what: PlayerError & { delay: number; attempt: number }): void;
  /** No try will help, or none has. */
  failed(error: PlayerError): void;
  /** Something of the below is not what it was. */
  changed(): void;
}

export class Recovery {
  /** What the last try met, until it plays again. */
  error: PlayerError | null = null;
  /** From the first question on until a try, which ends it. */
  running = false;
  /** There will be no other try. */
  failed = false;
  /** Of bytes that are not to be trusted: how often they were bad. */
  fresh = 0;
  readonly clock = new Clock();

  #abort = new AbortController();
  #attempts = 0;
  #atQuality = 0;
  #clean = 0;

  constructor(private readonly patient: Patient) {}

  /** Of all that belongs to this attempt. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Forgets what is awaited for the attempt before. */
  reset(error: PlayerError | null = null): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.clock.clear();
    this.running = this.failed = false;
    this.error = error;
    this.#clean = 0;
  }

  /** All tries are left again. */
  forgive(): void {
    this.#attempts = this.#atQuality = 0;
  }

  /** All tries are left of a quality that was just chosen. */
  otherQuality(): void {
    this.#atQuality = 0;
  }

  /** So many seconds were heard without an error. */
  heard(seconds: number): void {
    this.#clean += seconds;
    if (this.#clean >= CLEAN) {
      this.forgive();
    }
  }

  async start(): Promise<void> {
    if (this.running || this.failed) {
      return;
    }

    const { signal } = this;
    this.running = true;
    this.#clean = 0;
    this.patient.changed();

    const probe = online()
      ? await this.patient.probe(signal, this.error).catch(() => NO_ANSWER)
      : NO_ANSWER;
    if (!signal.aborted) {
      this.#decide(probe);
    }
  }

  #decide(probe: Probe): void {
    const { retryAfter, ...said } = probe;
    const cause = classify(probe);
    const error: PlayerError = { cause, ...said };

    if (cause === "gone" || cause === "page" || this.#attempts >= TRIES) {
      this.reset(error);
      this.failed = true;
      this.patient.failed(error);
      this.patient.changed();
      return;
    }

    const delay = (cause === "busy" && retryAfter) || backoff(this.#attempts);
    this.#attempts += 1;
    this.error = error;
    this.clock.set(delay, () => this.#retry(error));
    if (!online()) {
      this.clock.hold();
    }
    this.patient.due({ ...error, delay, attempt: this.#attempts });
    this.patient.changed();
  }

  #retry(error: PlayerError): void {
    const { cause } = error;

    this.reset(error);
    if (cause === "media") {
      this.fresh += 1;
    }
    if (cause === "media" || cause === "server") {
      this.#atQuality += 1;
      if (this.#atQuality > TRIES_PER_QUALITY && this.patient.lower()) {
        this.#atQuality = 1;
      }
    }
    this.patient.load();
    this.patient.changed();
  }
}
