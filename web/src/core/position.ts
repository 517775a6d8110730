// The track's position and end, how long playback has not advanced, and how
// fast the buffer grows, from one check of the playing element to the next.

import { ranges } from "./elements.js";
import { online } from "./network.js";

// how long playback may not advance, in milliseconds: until it counts as a
// stall in mid-track and after a seek, and until the player reacts while playing
// and at the start
const STALL = 2000;
const STALL_AFTER_JUMP = 4000;
const STUCK = 8000;
const STUCK_AT_START = 20_000;
// in seconds: a full buffer
const AHEAD = 20;

export class Position {
  /** In the track, for any element and source. */
  seconds = 0;
  /** The track's duration in the server's record; null: unknown. */
  record: number | null = null;

  #seen = 0;
  #moved = 0;
  #grown = 0;
  #jumped = true;
  #edge: { from: number; to: number; time: number } | null = null;

  /** Starts to measure how long playback does not advance. */
  still({ currentTime }: HTMLAudioElement): void {
    this.#moved = this.#grown = Date.now();
    this.#jumped = true;
    this.#seen = currentTime;
    this.#edge = null;
  }

  /** The seconds played since the last check. */
  look({ currentTime, seeking, paused }: HTMLAudioElement): number {
    const moved = currentTime - this.#seen;
    this.#seen = currentTime;
    if (!(moved > 0) || seeking || paused) {
      return 0;
    }

    this.#moved = this.#grown = Date.now();
    this.#jumped = false;
    this.seconds = currentTime;
    return moved;
  }

  /**
   * The end of the track if its element would go on, otherwise Infinity.  A
   * player that adds an MP4 header's duration to that of its fragments doubles
   * it, and the second half is silence (docs/upstream.md, V2).
   */
  end({ duration }: HTMLAudioElement): number {
    const { record } = this;
    return record && duration - record > Math.max(1, record / 100)
      ? record
      : Number.POSITIVE_INFINITY;
  }

  /** Whether the track is over although its element would go on. */
  over(element: HTMLAudioElement): boolean {
    return this.seconds >= this.end(element);
  }

  /** In seconds, 0 while unknown. */
  length(element: HTMLAudioElement): number {
    const own = Math.min(element.duration, this.end(element));
    return own > 0 && own < Number.POSITIVE_INFINITY ? own : (this.record ?? 0);
  }

  /**
   * The growth of the buffer since the last check, in seconds of sound, and the
   * elapsed seconds; null if that does not measure the network.
   */
  growth(element: HTMLAudioElement): { sound: number; time: number } | null {
    const { currentTime, buffered, playbackRate } = element;
    const now = Date.now();
    const range = ranges(buffered).find(
      ([from, to]) => from <= currentTime && currentTime <= to,
    );
    const edge = this.#edge;
    this.#edge = range ? { from: range[0], to: range[1], time: now } : null;
    if (
      !range ||
      !edge ||
      range[0] !== edge.from ||
      element.seeking ||
      !online()
    ) {
      return null;
    }

    const sound = range[1] - edge.to;
    const time = (now - edge.time) / 1000;
    if (sound > 0) {
      this.#grown = now;
    }
    // with a full buffer a browser only keeps up, which measures nothing
    const full = range[1] - currentTime > AHEAD;
    return element.networkState === 2 &&
      (full
        ? sound > 2 * time * playbackRate
        : sound > 0 || element.readyState < 3)
      ? { sound, time }
      : null;
  }

  /** Whether playback has stalled for longer than a buffer takes to fill. */
  get stalled(): boolean {
    const still = Date.now() - this.#moved;
    return still >= (this.#jumped ? STALL_AFTER_JUMP : STALL);
  }

  /** Whether no data arrives at all; "begun": some has arrived before. */
  stuck(begun: boolean): boolean {
    const still = Date.now() - Math.max(this.#moved, this.#grown);
    return still >= (begun ? STUCK : STUCK_AT_START);
  }
}
