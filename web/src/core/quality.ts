// Selects the quality, from the browser's connection information, measurements,
// and the user's choice.  No timers and no DOM: the clock is a parameter.

import { connection, isThrifty } from "./network.js";

export type Quality = "low" | "medium" | "high";
export type Choice = Quality | "auto";
export type Codec = "aac" | "opus";

/** Bits per second of each quality. */
export type Bitrates = Readonly<Record<Quality, number>>;

/** Why a quality changed. */
export type Why = "user" | "track" | "stall" | "failure";

export interface QualityChange {
  from: Quality;
  to: Quality;
  why: Why;
}

export const QUALITIES: readonly Quality[] = ["low", "medium", "high"];

/** The server's limits, for a track whose bit rates are unknown yet. */
export const LIMITS: Bitrates = { low: 64e3, medium: 128e3, high: 256e3 };

/** The minimum time between two changes, in milliseconds. */
export const BETWEEN_CHANGES = 8000;

const TO_KEEP = 0.95;
const TO_GO_UP = 0.7;

/** From the browser's connection information; without any, high. */
export function getOptimalQuality(): Quality {
  if (isThrifty()) {
    return "low";
  }
  return connection().effectiveType === "3g" ? "medium" : "high";
}

/**
 * Opus if the element reports "probably" for it, otherwise AAC; without a DOM,
 * AAC.
 *
 * YouTube's Opus has its index in front, so that a seek is one request.  In its
 * AAC, a fragmented MP4, Firefox and WebKitGTK seek by reading everything
 * before the position: at 0.3 Mb/s not within 30 s, while Opus takes 6
 * (docs/upstream.md, B10).
 *
 * Apple's stack reports "probably" too, but AAC is the safe choice there (B8),
 * and the only one for AirPlay receivers.  It is detected by features that no
 * other has: Core Audio's container, or the picker for such receivers.  By
 * name, WebKitGTK and Safari are the same, and every browser on iOS is another.
 */
export function chooseCodec(
  audio: Pick<HTMLMediaElement, "canPlayType"> | null = typeof Audio ===
  "undefined"
    ? null
    : new Audio(),
): Codec {
  const plays = (type: string) => audio?.canPlayType(type) ?? "";
  const sure = plays('audio/webm; codecs="opus"') === "probably";
  const apples =
    plays("audio/x-caf") !== "" ||
    (audio !== null && "webkitShowPlaybackTargetPicker" in audio);
  return sure && !apples ? "opus" : "aac";
}

/** An exponential average with a half-life in seconds. */
class Average {
  #sum = 0;
  #weight = 0;

  constructor(private readonly halfLife: number) {}

  add(value: number, seconds: number): void {
    const kept = 0.5 ** (seconds / this.halfLife);
    this.#sum = this.#sum * kept + value * (1 - kept);
    this.#weight = this.#weight * kept + 1 - kept;
  }

  get value(): number {
    return this.#sum / this.#weight;
  }
}

/** The recent bandwidth: the lower of a fast and a slow average. */
export class Throughput {
  #fast = new Average(3);
  #slow = new Average(9);
  #seconds = 0;

  add(bits: number, seconds: number): void {
    if (seconds > 0) {
      this.#fast.add(bits / seconds, seconds);
      this.#slow.add(bits / seconds, seconds);
      this.#seconds += seconds;
    }
  }

  /** Bits per second; null before one second was measured. */
  get estimate(): number | null {
    return this.#seconds < 1
      ? null
      : Math.min(this.#fast.value, this.#slow.value);
  }
}

const rank = (quality: Quality) => QUALITIES.indexOf(quality);

function lower(one: Quality, other: Quality): Quality {
  return rank(one) < rank(other) ? one : other;
}

/**
 * The quality in use.  It goes up only at the start of a track, down also in
 * mid-track, and never above the user's choice.
 */
export class QualityControl {
  readonly throughput = new Throughput();
  #choice: Choice = "auto";
  #current: Quality;
  #changed = -BETWEEN_CHANGES;
  #lowered = false;

  constructor(
    private readonly now: () => number,
    private readonly told: (change: QualityChange) => void = () => {},
    choice: Choice = "auto",
  ) {
    this.#choice = choice;
    this.#current = choice === "auto" ? getOptimalQuality() : choice;
  }

  get current(): Quality {
    return this.#current;
  }

  get choice(): Choice {
    return this.#choice;
  }

  /** The user's choice, which takes effect at once. */
  choose(choice: Choice): void {
    this.#choice = choice;
    if (choice !== "auto") {
      this.#change(choice, "user");
    }
  }

  /** The quality for a track that starts now, as a change from "from". */
  proposal(bitrates: Bitrates, from: Quality = this.#current): Quality {
    if (this.#choice !== "auto") {
      return this.#choice;
    }

    const hint = getOptimalQuality();
    if (connection().saveData) {
      return hint;
    }

    const estimate = this.throughput.estimate;
    if (estimate === null) {
      return this.#lowered ? lower(hint, from) : hint;
    }
    return fitting(bitrates, estimate, from);
  }

  /** A track starts: "planned" is the quality that was prefetched. */
  start(bitrates: Bitrates, planned?: Quality): Quality {
    this.#change(this.proposal(bitrates, planned), "track");
    return this.#current;
  }

  /** Playback stalled: lower, unless the user has chosen a quality. */
  stall(bitrates: Bitrates): boolean {
    return this.#choice === "auto" && this.#down(bitrates, "stall");
  }

  /** It failed repeatedly: lower, whatever was chosen. */
  failure(bitrates: Bitrates): boolean {
    return this.#down(bitrates, "failure");
  }

  #down(bitrates: Bitrates, why: Why): boolean {
    const estimate = this.throughput.estimate ?? Number.POSITIVE_INFINITY;
    // two names may be the same encoding: only a lower bit rate helps
    const less = QUALITIES.filter(
      (each) =>
        rank(each) < rank(this.#current) &&
        bitrates[each] < TO_KEEP * bitrates[this.#current],
    ).reverse();
    const to =
      less.find((each) => bitrates[each] <= TO_KEEP * estimate) ?? less.at(-1);

    return to !== undefined && this.#change(to, why);
  }

  #change(to: Quality, why: Why): boolean {
    const from = this.#current;
    const soon = this.now() - this.#changed < BETWEEN_CHANGES;
    if (to === from || (soon && why !== "user")) {
      return false;
    }

    this.#current = to;
    this.#changed = this.now();
    this.#lowered = why !== "user" && rank(to) < rank(from);
    this.told({ from, to, why });
    return true;
  }
}

function fitting(bitrates: Bitrates, estimate: number, from: Quality): Quality {
  const fits = (each: Quality) =>
    bitrates[each] <= estimate * (rank(each) > rank(from) ? TO_GO_UP : TO_KEEP);
  return [...QUALITIES].reverse().find(fits) ?? "low";
}
