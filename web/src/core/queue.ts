// The tracks in playing order, the current one, and the one that follows.

import { oneOf } from "./values.js";

/** A track, with the page's metadata, which override YouTube's. */
export interface TrackEntry {
  id: string;
  title?: string | null | undefined;
  artist?: string | null | undefined;
  album?: string | null | undefined;
  /** address of a picture */
  artwork?: string | null | undefined;
}

export type Track = string | TrackEntry;

/** After a track ends: the next; after the last, the first; or itself again. */
export type Repeat = "off" | "all" | "one";

const REPEATS: readonly Repeat[] = ["off", "all", "one"];

export class Queue {
  #entries: readonly TrackEntry[] = [];
  #ids: readonly string[] = [];
  #index = -1;
  #repeat: Repeat = "off";
  /** the order before shuffling; null if it is not shuffled */
  #before: readonly TrackEntry[] | null = null;

  get entries(): readonly TrackEntry[] {
    return this.#entries;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  /** The index of the current track, -1 without one. */
  get index(): number {
    return this.#index;
  }

  get current(): TrackEntry | null {
    return this.#entries[this.#index] ?? null;
  }

  /** The id of the current track. */
  get track(): string | null {
    return this.current?.id ?? null;
  }

  /** For an id, its first entry in the queue. */
  entryOf(track: Track): TrackEntry {
    return typeof track === "string"
      ? (this.#entries.find(({ id }) => id === track) ?? { id: track })
      : track;
  }

  get repeat(): Repeat {
    return this.#repeat;
  }

  set repeat(repeat: Repeat) {
    this.#repeat = oneOf("a repeat", repeat, REPEATS);
  }

  get shuffled(): boolean {
    return this.#before !== null;
  }

  /** The index that next() goes to; -1: none. */
  get after(): number {
    return this.#at(this.#index + 1, 0);
  }

  /** The index that previous() goes to; -1: none. */
  get before(): number {
    return this.#at(this.#index - 1, this.#entries.length - 1);
  }

  /** The index that follows automatically, possibly this one; -1: none. */
  get following(): number {
    return this.#repeat === "one" ? this.#index : this.after;
  }

  /** The id of another track that follows automatically. */
  get next(): string | null {
    const { following } = this;
    return following === this.#index ? null : (this.#ids[following] ?? null);
  }

  /** Makes another track the current one; false if there is none. */
  go(index: number): boolean {
    const there = this.#entries[index] !== undefined;
    if (there) {
      this.#index = index;
    }
    return there;
  }

  /**
   * Replaces all tracks.  The current track stays current if the new queue
   * contains it, at the nearest place if several; otherwise the one at the index
   * becomes current, and the result is false.
   */
  replace(tracks: readonly Track[], index = 0): boolean {
    const entries = tracks.map(entryOf);
    const id = this.current?.id;
    const far = (at: number) => Math.abs(at - this.#index);
    const [kept] = [...entries.keys()]
      .filter((i) => entries[i]?.id === id)
      .sort((one, other) => far(one) - far(other));

    this.#set(entries, kept ?? clamp(index, entries.length - 1));
    if (this.#before) {
      this.#before = null;
      this.shuffle(true);
    }
    return kept !== undefined;
  }

  /** Inserts tracks before the index, or at the end. */
  insert(index: number, tracks: readonly Track[]): void {
    const fresh = tracks.map(entryOf);
    const at = clamp(index, this.#entries.length);
    const left = this.#entries[at - 1];
    const before = this.#before;

    this.#set(
      withInserted(this.#entries, at, fresh),
      at <= this.#index ? this.#index + fresh.length : this.#index,
    );
    if (before) {
      // in both orders after the same track; at the end, at the end of both
      const place =
        at + fresh.length === this.#entries.length
          ? before.length
          : left
            ? before.indexOf(left) + 1
            : 0;
      this.#before = withInserted(before, place, fresh);
    }
  }

  /**
   * Removes a track.  If it was current, the following one becomes current; for
   * the last one, the previous one, or the first if all repeat.
   */
  remove(index: number): void {
    const gone = this.#entries[index];
    if (!gone) {
      return;
    }

    const current = index === this.#index;
    const entries = this.#entries.filter((each) => each !== gone);
    const at = index < this.#index ? this.#index - 1 : this.#index;
    this.#before = this.#before?.filter((each) => each !== gone) ?? null;
    this.#set(
      entries,
      current && at === entries.length && this.#repeat === "all"
        ? clamp(0, entries.length - 1)
        : clamp(at, entries.length - 1),
    );
  }

  /** Shuffles all after the current one, or restores the order. */
  shuffle(on: boolean): void {
    const { current } = this;

    if (on && !this.#before) {
      const rest = this.#entries.filter((each) => each !== current);
      this.#before = this.#entries;
      this.#set(
        [...(current ? [current] : []), ...shuffled(rest)],
        current ? 0 : -1,
      );
    } else if (!on && this.#before) {
      const entries = this.#before;
      this.#before = null;
      this.#set(entries, current ? entries.indexOf(current) : -1);
    }
  }

  #set(entries: readonly TrackEntry[], index: number): void {
    this.#entries = entries;
    this.#ids = entries.map(({ id }) => id);
    this.#index = index;
  }

  #at(index: number, around: number): number {
    if (this.#entries[index]) {
      return index;
    }
    return this.#repeat === "all" && this.current ? around : -1;
  }
}

/** A copy, since the same track may be in a queue twice. */
export function entryOf(track: Track): TrackEntry {
  const { id, title, artist, album, artwork }: TrackEntry =
    typeof track === "string" ? { id: track } : track;
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`a track has no id: ${String(id)}`);
  }
  return { id, title, artist, album, artwork };
}

function withInserted<T>(all: readonly T[], at: number, fresh: T[]): T[] {
  return [...all.slice(0, at), ...fresh, ...all.slice(at)];
}

function clamp(index: number, last: number): number {
  return Math.min(Math.max(0, index), last);
}

function shuffled<T>(all: readonly T[]): T[] {
  const left = [...all];
  return all.map(
    () => left.splice(Math.floor(Math.random() * left.length), 1)[0] as T,
  );
}
