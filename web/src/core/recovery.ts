// The reaction to an error: its cause, when the next attempt is due, by a clock
// that is paused while there is no network, and when to give up.

import { NO_ANSWER, type Probe } from "../services/api.js";
import { online } from "./network.js";

/**
 * gone: no retry will help.  page: nor for other tracks, the response is not
 * from VOYO.  busy: the server says when to retry.  server, network: may be
 * temporary.  media: the server is well, so its data was at fault.
 */
export type Cause = "gone" | "page" | "busy" | "server" | "network" | "media";

export interface PlayerError {
  cause: Cause;
  /** HTTP status, 0 if there was no response */
  status: number;
  /** the code of the server's problem, for example geo_blocked */
  code: string | null;
  /** for a web page: the origin that sent it */
  page?: string;
}

const TRIES = 6;
const TRIES_PER_QUALITY = 2;
const FIRST = 500;
const CAP = 8000;
// in seconds of real time, for any rate
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

/** Milliseconds before attempt 0, 1, …: doubled, ± 50 %, capped. */
export function backoff(attempt: number, random = Math.random): number {
  return Math.min(CAP, FIRST * 2 ** attempt * (0.5 + random()));
}

/** A timer that can be paused and resumed. */
export class Clock {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #left: number | null = null;
  #then: (() => void) | null = null;

  /** When it is due, as of Date.now(); null while paused or not set. */
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

/** What a recovery needs of its player. */
export interface Patient {
  /** Asks the server for the reason; "known" is the previous error. */
  probe(signal: AbortSignal, known: PlayerError | null): Promise<Probe>;
  /** Lowers the quality, if possible. */
  lower(): boolean;
  /** Loads again. */
  load(): void;
  /** Another attempt is scheduled. */
  due(what: PlayerError & { delay: number; attempt: number }): void;
  /** No retry will help, or none has helped. */
  failed(error: PlayerError): void;
  /** One of the fields of the recovery has changed. */
  changed(): void;
}

export class Recovery {
  /** The error of the last attempt, until it plays again. */
  error: PlayerError | null = null;
  /** From the first probe until the next attempt. */
  running = false;
  /** There will be no further attempt. */
  failed = false;
  /** How often the media was bad, so cached bytes must not be used. */
  fresh = 0;
  readonly clock = new Clock();

  #abort = new AbortController();
  #attempts = 0;
  #atQuality = 0;
  #clean = 0;

  constructor(private readonly patient: Patient) {}

  /** Aborts everything that belongs to this attempt. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Cancels everything that belongs to the previous attempt. */
  reset(error: PlayerError | null = null): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.clock.clear();
    this.running = this.failed = false;
    this.error = error;
    this.#clean = 0;
  }

  /** All attempts are available again. */
  forgive(): void {
    this.#attempts = this.#atQuality = 0;
  }

  /** All attempts are available in a quality that was just chosen. */
  otherQuality(): void {
    this.#atQuality = 0;
  }

  /** So many seconds were played without an error. */
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
