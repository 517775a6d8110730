// The player: a queue that plays.  Every failure ends in one state with a plain
// name.

import { createNanoEvents } from "nanoevents";
import { Api, type TrackInfo } from "../services/api.js";
import { Elements, type Heard, ranges } from "./elements.js";
import { isThrifty, online } from "./network.js";
import { Position } from "./position.js";
import { PrefetchManager, type PrefetchState } from "./prefetch.js";
import {
  type Bitrates,
  type Choice,
  type Codec,
  chooseCodec,
  LIMITS,
  QUALITIES,
  type Quality,
  type QualityChange,
  QualityControl,
} from "./quality.js";
import { Queue, type Repeat, type Track } from "./queue.js";
import { type PlayerError, Recovery } from "./recovery.js";
import { type PlayerState, statusOf } from "./state.js";
import { Tracks } from "./tracks.js";
import { finite, oneOf, whole, within } from "./values.js";

export interface PlayerEvents {
  state: (state: PlayerState) => void;
  quality: (change: QualityChange) => void;
  prefetch: (id: string, state: PrefetchState | null) => void;
  /** A failure; the next attempt is due after "delay" milliseconds. */
  recover: (what: PlayerError & { delay: number; attempt: number }) => void;
  /** Sound, "ms" after it was requested or the previous track ended. */
  start: (what: { id: string; ms: number; prepared: boolean }) => void;
}

export interface PlayerOptions {
  api?: Api;
  /** Creates an element; it is called twice. */
  createAudio?: () => HTMLAudioElement;
  /** Where the selected quality is stored; null: nowhere. */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
  /** Milliseconds before an unavailable track is skipped; null: never. */
  skipAfter?: number | null;
}

const REMEMBERED = "voyo.quality";
const TICK = 250;
// in milliseconds: the interval of checks for a track's end if the element
// would not report it
const AT_THE_END = 20;
// rates that browsers accept
const SLOWEST = 0.0625;
const FASTEST = 16;
// in seconds: how early the next track is prepared
const PREPARE = 30;
const PREPARE_AT_LAST = 10;
// in milliseconds: who leaves a track before is skipping
const STAYS = 1000;

export class Player {
  readonly api: Api;
  readonly codec: Codec;
  readonly prefetch: PrefetchManager;

  #emitter = createNanoEvents<PlayerEvents>();
  #elements: Elements;
  #queue = new Queue();
  #position = new Position();
  #recovery: Recovery;
  #quality: QualityControl;
  #storage: PlayerOptions["storage"];
  #skipAfter: number | null;
  #tracks: Tracks;
  #bitrates: Bitrates = LIMITS;

  #wanted = false;
  #blocked = false;
  /** consecutive unavailable tracks */
  #skipped = 0;
  #asked: { at: number; prepared: boolean } | null = null;
  #planned: { id: string; quality: Quality } | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #end: ReturnType<typeof setTimeout> | undefined;
  #stay: ReturnType<typeof setTimeout> | undefined;
  /** the track that was heard, or current for a second */
  #stayed: string | null = null;
  #state: PlayerState;
  #life = new AbortController();

  constructor(options: PlayerOptions = {}) {
    this.api = options.api ?? new Api();
    this.#tracks = new Tracks(this.api);
    this.#elements = new Elements(
      options.createAudio ?? (() => new Audio()),
      (what) => this.#heard(what),
    );
    this.codec = chooseCodec(this.active);
    this.#storage =
      options.storage === undefined ? localStore() : options.storage;
    const { skipAfter = 5000 } = options;
    this.#skipAfter =
      skipAfter === null ? null : finite("skipAfter", skipAfter);
    this.#quality = new QualityControl(
      () => Date.now(),
      (change) => this.#emitter.emit("quality", change),
      this.#remembered(),
    );
    this.#recovery = new Recovery({
      probe: (signal, known) => this.api.probe(this.#url(), signal, known),
      lower: () => this.#quality.failure(this.#bitrates),
      load: () => this.#load(),
      due: (what) => this.#emitter.emit("recover", what),
      failed: (error) => this.#failed(error),
      changed: () => this.#update(),
    });
    this.prefetch = new PrefetchManager({
      fetch: (id, signal) =>
        this.api.prefetch(
          id,
          { codec: this.codec, quality: this.#plan(id) },
          signal,
        ),
      allowed: () => !isThrifty() && online(),
      told: (id, state) => {
        if (state === "ready") {
          void this.#learn(id);
        }
        this.#emitter.emit("prefetch", id, state);
      },
    });
    this.#state = this.#snapshot();
    this.#listen();
  }

  get state(): PlayerState {
    return this.#state;
  }

  get elements(): readonly [HTMLAudioElement, HTMLAudioElement] {
    return this.#elements.both;
  }

  /** The element that plays. */
  get active(): HTMLAudioElement {
    return this.#elements.active;
  }

  /** Whether the volume can be set: not on phones with volume keys. */
  get canSetVolume(): boolean {
    return this.#elements.canSetVolume;
  }

  /**
   * A track's metadata: those of the page's queue, supplemented by the server's
   * once the track was played or prefetched.
   */
  infoOf(track: Track): TrackInfo | null {
    return this.#tracks.infoOf(this.#queue.entryOf(track));
  }

  /** The address of a track's picture: the page's, or the server's. */
  artOf(track: Track): string {
    const { id, artwork } = this.#queue.entryOf(track);
    return artwork ?? this.api.artUrl(id);
  }

  /** Returns a function that removes the listener. */
  on<E extends keyof PlayerEvents>(
    event: E,
    told: PlayerEvents[E],
  ): () => void {
    return this.#emitter.on(event, told);
  }

  // The queue.

  /** Replaces the queue; the current track continues if it is still in it. */
  setQueue(tracks: readonly Track[], index = 0): void {
    this.#edit(() => !this.#queue.replace(tracks, whole("an index", index)));
  }

  append(...tracks: Track[]): void {
    this.insert(this.#queue.ids.length, ...tracks);
  }

  /** Inserts tracks before the index; the current track continues. */
  insert(index: number, ...tracks: Track[]): void {
    this.#edit(() => {
      this.#queue.insert(whole("an index", index), tracks);
      return this.#queue.current === null && this.#queue.go(0);
    });
  }

  /** If the current track is removed, the following one plays. */
  remove(index: number): void {
    this.#edit(() => {
      const current = whole("an index", index) === this.#queue.index;
      this.#queue.remove(index);
      if (current && this.#queue.repeat !== "all") {
        this.#wanted &&= this.#queue.index === index;
      }
      return current;
    });
  }

  /** Shuffles all but the current track, or restores the order. */
  setShuffle(on: boolean): void {
    this.#edit(() => {
      this.#queue.shuffle(on);
      return false;
    });
  }

  setRepeat(repeat: Repeat): void {
    this.#edit(() => {
      this.#queue.repeat = repeat;
      return false;
    });
  }

  /** "change" returns whether the current track has changed. */
  #edit(change: () => boolean): void {
    if (this.#life.signal.aborted) {
      return;
    }

    if (!change()) {
      this.#queueChanged();
      this.#update();
    } else if (this.#queue.current === null) {
      this.#unload();
    } else {
      this.select(this.#queue.index, this.#wanted);
    }
  }

  /** Makes a track of the queue the current one. */
  select(index: number, play = true): void {
    if (!this.#queue.go(whole("an index", index))) {
      return;
    }

    const id = this.#queue.track as string;
    clearTimeout(this.#stay);
    this.#stay = setTimeout(() => this.#stays(), STAYS);
    this.#wanted = play;
    this.#asked = play ? { at: Date.now(), prepared: false } : null;
    this.#reset();
    this.#position.seconds = 0;
    this.#recovery.forgive();
    this.#recovery.fresh = 0;
    this.#skipped = 0;

    const planned =
      this.#planned?.id === id ? this.#planned.quality : undefined;
    this.#known(id);
    this.#quality.start(this.#bitrates, planned);

    if (this.#elements.prepared(this.#url())) {
      this.#swap();
    } else {
      this.#load();
    }
    this.#queueChanged();
    this.#update();
  }

  next(): void {
    this.select(this.#queue.after, this.#goesOn);
  }

  /** The previous track, or the start of this one if it has played a while. */
  previous(): void {
    const { before } = this.#queue;
    if (this.#position.seconds > 3 || before < 0) {
      this.seek(0);
    } else {
      this.select(before, this.#goesOn);
    }
  }

  get #goesOn(): boolean {
    return this.#wanted || this.#recovery.error !== null;
  }

  // Playback.

  play(): void {
    const { error, ended } = this.active;

    if (this.#queue.track === null) {
      this.select(0);
      return;
    }

    const again = this.#recovery.error || this.#recovery.running || error;
    this.#wanted = true;
    this.#blocked = false;
    this.#asked ??= { at: Date.now(), prepared: false };
    if (ended || this.#position.over(this.active)) {
      this.seek(0);
    }
    if (again) {
      this.#recovery.forgive();
      this.#reset();
      this.#load();
    } else {
      this.#position.still(this.active);
      this.#start();
    }
    this.#update();
  }

  pause(): void {
    this.#wanted = false;
    this.#asked = null;
    this.#recovery.clock.clear();
    if (!this.#recovery.failed) {
      this.#reset();
    }
    this.active.pause();
    this.#update();
  }

  toggle(): void {
    if (this.#wanted && !this.#blocked && !this.#recovery.failed) {
      this.pause();
    } else {
      this.play();
    }
  }

  seek(seconds: number): void {
    finite("a position", seconds);
    const length = this.#position.length(this.active);
    const to = Math.max(0, length > 0 ? Math.min(seconds, length) : seconds);

    this.#position.seconds = to;
    if (!this.#recovery.running && this.active.readyState > 0) {
      this.active.currentTime = to;
    }
    this.#position.still(this.active);
    if (this.#wanted && this.#position.over(this.active)) {
      this.#ended();
    }
    this.#update();
  }

  setVolume(volume: number): void {
    finite("a volume", volume);
    this.#elements.setVolume(Math.min(1, Math.max(0, volume)));
    this.#update();
  }

  setMuted(muted: boolean): void {
    this.#elements.setMuted(muted);
    this.#update();
  }

  setRate(rate: number): void {
    this.#elements.setRate(within("a rate", rate, SLOWEST, FASTEST));
    this.#update();
  }

  /** The user's choice of quality, which takes precedence and is stored. */
  setQuality(choice: Choice): void {
    oneOf("a quality", choice, ["auto", ...QUALITIES]);
    const before = this.#quality.current;
    this.#quality.choose(choice);
    try {
      this.#storage?.setItem(REMEMBERED, choice);
    } catch {
      // if the storage is full or forbidden, the choice is not stored
    }

    this.#forgetNext();
    if (this.#quality.current !== before && this.#queue.track !== null) {
      this.#recovery.otherQuality();
      if (!this.#recovery.running && !this.#recovery.failed) {
        this.#load();
      }
    }
    this.#update();
  }

  /** Ends the player permanently: no more requests, sound or events. */
  destroy(): void {
    this.#life.abort();
    this.#unload();
    this.#tickNoMore();
    clearTimeout(this.#stay);
    this.#elements.destroy();
    this.#emitter.events = {};
  }

  // Loading.

  /** The URL of the current track in the current quality, or of another. */
  #url(id = this.#queue.track, quality = this.#quality.current): string {
    return this.api.streamUrl(id ?? "", { quality, codec: this.codec });
  }

  /** Loads the current track in the current quality, from the position. */
  #load(): void {
    if (this.#queue.track === null) {
      return;
    }

    // another URL if the browser's cached bytes may be bad
    const { fresh } = this.#recovery;
    const { seconds } = this.#position;
    const again = fresh > 0 ? `&again=${fresh}` : "";
    const from = seconds > 0 ? `#t=${seconds.toFixed(3)}` : "";

    this.#elements.load(
      this.#url() + again + from,
      this.#wanted ? "auto" : "metadata",
    );
    this.#position.still(this.active);
    if (this.#wanted && !this.#blocked) {
      this.#start();
    }
  }

  #start(fallBack = false): void {
    const { signal } = this.#recovery;

    this.active.play().catch((error: unknown) => {
      if (signal.aborted || (error as Error).name !== "NotAllowedError") {
        return;
      }
      if (fallBack) {
        // only the element that the user has started may play
        this.#elements.swap();
        this.#elements.leaveOther();
        this.#load();
      } else {
        this.#reset();
        this.#blocked = this.#wanted;
      }
      this.#update();
    });
    this.#tickWhileNeeded();
  }

  /** Switches to the other element, which has this track. */
  #swap(): void {
    this.#elements.swap();
    this.#position.still(this.active);
    if (this.#asked) {
      this.#asked.prepared = true;
    }
    if (this.#wanted) {
      this.#start(true);
    }
    this.#elements.leaveOther();
    this.#meet();
  }

  #unload(): void {
    this.#reset();
    this.#forgetNext();
    clearTimeout(this.#stay);
    this.#queue.replace([]);
    this.#wanted = false;
    this.#position.seconds = 0;
    this.#elements.empty();
    this.#update();
  }

  /** Cancels everything that belongs to the previous attempt. */
  #reset(): void {
    this.#recovery.reset();
    this.#blocked = false;
  }

  // The next track.

  #queueChanged(): void {
    this.prefetch.undo(this.#queue.next);
    this.#elements.drop(this.#queue.next);
  }

  #forgetNext(): void {
    this.prefetch.undo();
    this.#planned = null;
    this.#elements.drop();
  }

  #plan(id: string): Quality {
    if (this.#planned?.id !== id) {
      const quality = this.#quality.proposal(this.#bitratesOf(id));
      this.#planned = { id, quality };
    }
    return this.#planned.quality;
  }

  #prepare(): void {
    const id = this.#queue.next;
    const length = this.#position.length(this.active);
    const left = length - this.#position.seconds;
    const full =
      (ranges(this.active.buffered).at(-1)?.[1] ?? 0) >= length - 0.5;
    const early =
      full && id !== null && this.prefetch.queue.get(id) === "ready";

    if (
      id !== null &&
      !this.#elements.prepares(id) &&
      !isThrifty() &&
      length > 0 &&
      left < (early ? PREPARE : PREPARE_AT_LAST)
    ) {
      this.#elements.prepare(id, this.#url(id, this.#plan(id)));
    }
  }

  // A track's metadata and sizes.

  #stays(): void {
    clearTimeout(this.#stay);
    this.#stayed = this.#queue.track;
    this.#meet();
    this.#update();
  }

  /** Nothing is requested of a track that is skipped, or that never began. */
  #meet(): void {
    const { track } = this.#queue;
    if (this.#stayed === track && this.active.readyState > 0) {
      void this.#learn(track);
    }
  }

  async #learn(id: string | null): Promise<void> {
    if (id !== null && (await this.#tracks.learn(id, this.#life.signal))) {
      if (id === this.#queue.track) {
        this.#known(id);
      }
      this.#update();
    }
  }

  /** Applies what is known of the current track. */
  #known(id: string): void {
    this.#bitrates = this.#bitratesOf(id);
    this.#position.record = this.#tracks.lengthOf(id);
  }

  #bitratesOf(id: string): Bitrates {
    return this.#tracks.bitratesOf(id, this.codec) ?? this.#bitrates;
  }

  #remembered(): Choice {
    try {
      const text = this.#storage?.getItem(REMEMBERED);
      return QUALITIES.find((each) => each === text) ?? "auto";
    } catch {
      return "auto";
    }
  }

  // Events of the browser and the elements.

  #listen(): void {
    if (typeof window === "undefined") {
      return;
    }

    const { clock } = this.#recovery;
    const { signal } = this.#life;
    window.addEventListener(
      "offline",
      () => {
        clock.hold();
        this.#update();
      },
      { signal },
    );
    window.addEventListener(
      "online",
      () => {
        this.#position.still(this.active);
        clock.resume();
        this.#update();
      },
      { signal },
    );
  }

  #heard(what: Heard): void {
    const element = this.active;

    switch (what) {
      case "loadedmetadata":
        this.#position.still(element);
        // for browsers that do not support #t
        if (Math.abs(element.currentTime - this.#position.seconds) > 1) {
          element.currentTime = this.#position.seconds;
        }
        this.#meet();
        break;
      case "seeking":
        this.#position.still(element);
        break;
      case "playing":
        this.#blocked = false;
        this.#stays();
        if (this.#asked && this.#queue.track !== null) {
          const { at, prepared } = this.#asked;
          this.#asked = null;
          const id = this.#queue.track;
          this.#emitter.emit("start", { id, ms: Date.now() - at, prepared });
        }
        break;
      case "timeupdate":
        this.#watch();
        break;
      case "play":
        // started by the browser's or the system's own buttons
        if (!element.paused && !this.#wanted) {
          this.play();
          return;
        }
        break;
      case "pause":
        if (
          element.paused &&
          !element.ended &&
          !element.error &&
          !this.#recovery.failed &&
          this.#wanted
        ) {
          this.pause();
          return;
        }
        break;
      case "ended":
        // Firefox also fires it after a failure, once it has played its buffer,
        // with the position at the end
        if (element.error) {
          return;
        }
        this.#ended();
        return;
      case "error":
        // while nothing should play, the retry waits for play()
        if (this.#wanted && !this.#blocked) {
          this.#recover();
          return;
        }
        break;
    }
    this.#update();
  }

  #ended(): void {
    const { following, index } = this.#queue;

    // a seek to the end ends it too, which alone must not start the next one
    if (this.#wanted && !this.#blocked && following >= 0) {
      if (following === index) {
        this.#again();
      } else {
        this.select(following);
      }
    } else {
      this.#wanted = false;
      this.active.pause();
      this.#update();
    }
  }

  /** Plays the same track from its start, in the same element. */
  #again(): void {
    const before = this.#quality.current;

    this.#asked = { at: Date.now(), prepared: true };
    this.#reset();
    this.#recovery.forgive();
    this.seek(0);
    if (this.#quality.start(this.#bitrates) === before) {
      this.#start();
    } else {
      this.#load();
    }
    this.#update();
  }

  /** Ends the track at its record's duration, if the element would go on. */
  #endInTime(): boolean {
    clearTimeout(this.#end);
    if (!this.#wanted) {
      return false;
    }

    const left = this.#position.end(this.active) - this.#position.seconds;
    if (left <= 0) {
      this.#ended();
      return true;
    }
    const delay = (1000 * left) / this.#elements.rate;
    if (delay < 2 * TICK) {
      this.#end = setTimeout(() => this.#watch(), Math.max(AT_THE_END, delay));
    }
    return false;
  }

  #tickWhileNeeded(): void {
    this.#ticker ??= setInterval(() => {
      if (this.#wanted) {
        this.#watch();
        this.#update();
      } else {
        this.#tickNoMore();
      }
    }, TICK);
  }

  #tickNoMore(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#end);
    this.#ticker = undefined;
  }

  /** Checks the progress since the last check, and reacts if there is none. */
  #watch(): void {
    const element = this.active;

    if (!element.error && element.readyState > 0) {
      const moved = this.#position.look(element);
      if (this.#endInTime()) {
        return;
      }
      if (moved > 0) {
        this.#moves(moved);
      }
      const growth = this.#position.growth(element);
      if (growth) {
        const bits = growth.sound * this.#bitrates[this.#quality.current];
        this.#quality.throughput.add(bits, growth.time);
      }
    }
    this.#lookInto();
  }

  #moves(seconds: number): void {
    const length = this.#position.length(this.active);

    if (this.#recovery.running || this.#recovery.error) {
      // an attempt, or the browser itself, was successful
      this.#reset();
    }
    this.#recovery.heard(seconds / this.#elements.rate);
    this.#skipped = 0;
    this.prefetch.checkPrefetch(
      length > 0 ? (100 * this.#position.seconds) / length : 0,
      this.#queue.next,
    );
    this.#prepare();
  }

  #lookInto(): void {
    const begun = this.active.readyState > 0;

    if (
      !this.#wanted ||
      this.#blocked ||
      this.#recovery.running ||
      this.#recovery.failed ||
      !online()
    ) {
      return;
    }

    if (
      begun &&
      this.#position.stalled &&
      this.#quality.stall(this.#bitrates)
    ) {
      this.#recovery.otherQuality();
      this.#load();
    } else if (this.#position.stuck(begun)) {
      // if data still trickles in, another request would not help
      this.#recover();
    }
  }

  #recover(): void {
    if (this.#queue.track !== null) {
      void this.#recovery.start();
    }
  }

  #failed({ cause }: PlayerError): void {
    this.#blocked = false;
    this.active.pause();
    if (
      cause === "gone" &&
      this.#wanted &&
      this.#skipAfter !== null &&
      this.#queue.after >= 0 &&
      // at most once through the queue, if all repeat
      this.#skipped < this.#queue.ids.length - 1
    ) {
      const skipped = this.#skipped + 1;
      this.#recovery.clock.set(this.#skipAfter, () => {
        this.next();
        this.#skipped = skipped;
      });
    }
  }

  // The state.

  #snapshot(): PlayerState {
    const { buffered, volume, muted } = this.active;
    const length = this.#position.length(this.active);
    const end = this.#position.end(this.active);
    const { ids, entries, index, current } = this.#queue;
    const stayed = current && current.id === this.#stayed;

    return {
      status: statusOf({
        track: this.#queue.track,
        wanted: this.#wanted,
        blocked: this.#blocked,
        recovery: this.#recovery,
        begun: this.#position.seconds > 0,
        element: this.active,
      }),
      queue: ids,
      entries,
      index,
      hasNext: this.#queue.after >= 0,
      repeat: this.#queue.repeat,
      shuffle: this.#queue.shuffled,
      track: current?.id ?? null,
      info: current && this.infoOf(current),
      artwork: stayed ? this.artOf(current) : null,
      position: Math.min(this.#position.seconds, end),
      duration: length,
      buffered: ranges(buffered)
        .filter(([from]) => from < end)
        .map(([from, to]) => [from, Math.min(to, end)]),
      choice: this.#quality.choice,
      quality: this.#quality.current,
      codec: this.codec,
      rate: this.#elements.rate,
      volume,
      muted,
      error: this.#recovery.error,
      retryAt: this.#recovery.clock.due,
    };
  }

  #update(): void {
    this.#state = this.#snapshot();
    this.#emitter.emit("state", this.#state);
  }
}

function localStore(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
