// Where the track is and where it ends, how long nothing has moved, and how
// fast the buffer grows: what is seen of the element that plays, from one look
// to the next.

import { ranges } from "./elements.js";
import { online } from "./network.js";

// how long nothing may move, in milliseconds: to call it a stall in the
// middle and after a jump, and to look into it when playing and at the start
const STALL = 2000;
const STALL_AFTER_JUMP = 4000;
const STUCK = 8000;
const STUCK_AT_START = 20_000;
// in seconds: what is a full buffer
const AHEAD = 20;

export class Position {
  /** In the track, whatever element and source it is heard from. */
  seconds = 0;
  /** The track's length as the server's record has it; null: not known. */
  record: number | null = null;

  #seen = 0;
  #moved = 0;
  #grown = 0;
  #jumped = true;
  #edge: { from: number; to: number; time: number } | null = null;

  /** From here on is counted how long nothing moves. */
  still({ currentTime }: HTMLAudioElement): void {
    this.#moved = this.#grown = Date.now();
    this.#jumped = true;
    this.#seen = currentTime;
    this.#edge = null;
  }

  /** The seconds of sound since the last look: 0 when it stands still. */
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
   * Where the track ends though its element would go on, else Infinity.  A
   * player that adds an MP4 header's length to that of its fragments doubles
   * it, and the second half is silence (docs/upstream.md, V2).
   */
  end({ duration }: HTMLAudioElement): number {
    const { record } = this;
    return record && duration - record > Math.max(1, record / 100)
      ? record
      : Number.POSITIVE_INFINITY;
  }

  /** Whether the track is over though its element would go on. */
  over(element: HTMLAudioElement): boolean {
    return this.seconds >= this.end(element);
  }

  /** In seconds, 0 while it is not known. */
  length(element: HTMLAudioElement): number {
    const own = Math.min(element.duration, this.end(element));
    return own > 0 && own < Number.POSITIVE_INFINITY ? own : (this.record ?? 0);
  }

  /**
   * What the buffer grew by since the last look, in seconds of sound, and in
   * how many of time; null where that says nothing of the network.
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
    // with enough in hand a browser only keeps up, which says nothing
    const full = range[1] - currentTime > AHEAD;
    return element.networkState === 2 &&
      (full
        ? sound > 2 * time * playbackRate
        : sound > 0 || element.readyState < 3)
      ? { sound, time }
      : null;
  }

  /** Whether the sound has stood still for longer than a buffer fills. */
  get stalled(): boolean {
    const still = Date.now() - this.#moved;
    return still >= (this.#jumped ? STALL_AFTER_JUMP : STALL);
  }

  /** Whether nothing has even trickled in; "begun" once anything has. */
  stuck(begun: boolean): boolean {
    const still = Date.now() - Math.max(this.#moved, this.#grown);
    return still >= (begun ? STUCK : STUCK_AT_START);
  }
}
