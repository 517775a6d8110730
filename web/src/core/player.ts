// A queue of tracks on two audio elements: one plays, the other has the next
// track ready.  All that can go wrong ends in one state with a plain name.

import { createNanoEvents } from "nanoevents";
import {
  Api,
  bitratesOf,
  NO_ANSWER,
  type Probe,
  type TrackInfo,
} from "../services/api.js";
import { PrefetchManager, type PrefetchState } from "./prefetch.js";
import {
  type Bitrates,
  type Choice,
  type Codec,
  chooseCodec,
  isThrifty,
  LIMITS,
  QUALITIES,
  type Quality,
  type QualityChange,
  QualityControl,
} from "./quality.js";
import { backoff, type Cause, Clock, classify, TRIES } from "./recovery.js";

export type Status =
  | "idle"
  | "loading"
  | "playing"
  | "paused"
  | "buffering"
  | "recovering"
  | "offline"
  | "blocked"
  | "error";

export interface PlayerError {
  cause: Cause;
  /** of HTTP, 0 when the server did not answer */
  status: number;
  /** the server's name of the problem, for example geo_blocked */
  code: string | null;
}

export interface PlayerState {
  status: Status;
  queue: readonly string[];
  /** of the current track in the queue, -1 without one */
  index: number;
  track: string | null;
  info: TrackInfo | null;
  /** in seconds, as is all of the track's time */
  position: number;
  duration: number;
  buffered: readonly (readonly [number, number])[];
  choice: Choice;
  quality: Quality;
  codec: Codec;
  rate: number;
  volume: number;
  muted: boolean;
  /** what the last try met, until it plays again */
  error: PlayerError | null;
  /** when the next try is due, as Date.now() has it */
  retryAt: number | null;
}

export interface PlayerEvents {
  state: (state: PlayerState) => void;
  quality: (change: QualityChange) => void;
  prefetch: (id: string, state: PrefetchState | null) => void;
  /** A failure was met, and the next try is due in so many milliseconds. */
  recover: (what: PlayerError & { delay: number; attempt: number }) => void;
  /** Sound, so many milliseconds after it was asked for or the last ended. */
  start: (what: { id: string; ms: number; prepared: boolean }) => void;
}

export interface PlayerOptions {
  api?: Api;
  /** Makes an element; it is called twice. */
  createAudio?: () => HTMLAudioElement;
  /** Where the choice of quality is remembered; null: nowhere. */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
  /** Milliseconds before a track that is gone is skipped; null: never. */
  skipAfter?: number | null;
}

const REMEMBERED = "voyo.quality";
const TICK = 250;
// how long nothing may move, in milliseconds: to call it a stall in the
// middle and after a jump, and to look into it when playing and at the start
const STALL = 2000;
const STALL_AFTER_JUMP = 4000;
const STUCK = 8000;
const STUCK_AT_START = 20_000;
// in seconds of the listener's, whatever the rate
const CLEAN = 10;
const TRIES_PER_QUALITY = 2;
// in seconds: how early the next track is prepared, and what is a full buffer
const PREPARE = 30;
const PREPARE_AT_LAST = 10;
const AHEAD = 20;

const LISTENED = [
  "loadedmetadata",
  "durationchange",
  "progress",
  "timeupdate",
  "playing",
  "waiting",
  "seeking",
  "play",
  "pause",
  "ended",
  "error",
] as const;

export class Player {
  readonly api: Api;
  readonly codec: Codec;
  readonly prefetch: PrefetchManager;
  readonly elements: readonly [HTMLAudioElement, HTMLAudioElement];
  /** Whether the volume can be set: it can't on phones that have keys. */
  readonly canSetVolume: boolean;

  #emitter = createNanoEvents<PlayerEvents>();
  #quality: QualityControl;
  #storage: PlayerOptions["storage"];
  #skipAfter: number | null;
  #active: 0 | 1 = 0;
  #queue: string[] = [];
  #index = -1;
  #infos = new Map<string, TrackInfo>();
  #bitrates: Bitrates = LIMITS;

  #wanted = false;
  #blocked = false;
  #failed = false;
  #error: PlayerError | null = null;
  #position = 0;
  #rate = 1;

  // the current attempt, and what is awaited for it
  #abort = new AbortController();
  #recovering = false;
  #clock = new Clock();
  #attempts = 0;
  #atQuality = 0;
  #fresh = 0;
  #clean = 0;

  // the element that plays, as it was seen last
  #moved = 0;
  #grown = 0;
  #jumped = true;
  #at = 0;
  #edge: { from: number; to: number; time: number } | null = null;
  #asked: { at: number; prepared: boolean } | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;

  #planned: { id: string; quality: Quality } | null = null;
  #spare: { id: string; quality: Quality; failed: boolean } | null = null;
  #state: PlayerState;
  #listeners: (() => void)[] = [];
  #life = new AbortController();

  constructor(options: PlayerOptions = {}) {
    const create = options.createAudio ?? (() => new Audio());

    this.api = options.api ?? new Api();
    this.elements = [create(), create()];
    this.codec = chooseCodec(this.elements[0]);
    this.#storage =
      options.storage === undefined ? localStore() : options.storage;
    this.#skipAfter =
      options.skipAfter === undefined ? 5000 : options.skipAfter;
    this.canSetVolume = volumeCanBeSet(this.elements[0]);
    this.#quality = new QualityControl(
      () => Date.now(),
      (change) => this.#emitter.emit("quality", change),
      this.#remembered(),
    );
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

  /** What is known of a track, once it was played or prefetched. */
  infoOf(id: string): TrackInfo | null {
    return this.#infos.get(id) ?? null;
  }

  /** Returns how to stop listening. */
  on<E extends keyof PlayerEvents>(
    event: E,
    told: PlayerEvents[E],
  ): () => void {
    return this.#emitter.on(event, told);
  }

  // The queue.

  /** Replaces the queue; what plays goes on if it is still in it. */
  setQueue(ids: readonly string[], index = 0): void {
    if (this.#life.signal.aborted) {
      return;
    }

    const current = this.#track;
    const far = (at: number) => Math.abs(at - this.#index);
    const [at] = [...ids.keys()]
      .filter((i) => ids[i] === current)
      .sort((one, other) => far(one) - far(other));
    this.#queue = [...ids];

    if (at !== undefined) {
      this.#index = at;
      this.#queueChanged();
      this.#update();
    } else if (ids.length > 0) {
      this.select(Math.max(0, Math.min(index, ids.length - 1)), this.#wanted);
    } else {
      this.#unload();
    }
  }

  /** Goes to a track of the queue. */
  select(index: number, play = true): void {
    const id = this.#queue[index];
    if (id === undefined) {
      return;
    }

    this.#index = index;
    this.#wanted = play;
    this.#asked = play ? { at: Date.now(), prepared: false } : null;
    this.#reset();
    this.#position = 0;
    this.#attempts = this.#atQuality = this.#fresh = 0;

    const spare = this.#spare;
    const planned =
      this.#planned?.id === id ? this.#planned.quality : undefined;
    this.#bitrates = this.#bitratesOf(id);
    const quality = this.#quality.start(this.#bitrates, planned);

    if (spare?.id === id && !spare.failed && spare.quality === quality) {
      this.#swap();
    } else {
      this.#load();
    }
    this.#queueChanged();
    this.#update();
  }

  next(): void {
    this.select(this.#index + 1, this.#wanted || this.#error !== null);
  }

  /** The track before, or this one's start when it is well under way. */
  previous(): void {
    if (this.#position > 3 || this.#index <= 0) {
      this.seek(0);
    } else {
      this.select(this.#index - 1, this.#wanted || this.#error !== null);
    }
  }

  // What plays.

  play(): void {
    const { error, ended } = this.active;

    if (this.#track === null) {
      if (this.#queue.length > 0) {
        this.select(0);
      }
      return;
    }

    const again = this.#error || this.#recovering || error;
    this.#wanted = true;
    this.#blocked = false;
    this.#asked ??= { at: Date.now(), prepared: false };
    if (ended) {
      this.#position = 0;
    }
    if (again) {
      this.#attempts = this.#atQuality = 0;
      this.#reset();
      this.#load();
    } else {
      this.#still();
      this.#start();
    }
    this.#update();
  }

  pause(): void {
    this.#wanted = false;
    this.#asked = null;
    this.#clock.clear();
    if (!this.#failed) {
      this.#reset();
    }
    this.active.pause();
    this.#update();
  }

  toggle(): void {
    if (this.#wanted && !this.#blocked && !this.#failed) {
      this.pause();
    } else {
      this.play();
    }
  }

  seek(seconds: number): void {
    const { duration } = this.#state;
    const to = Math.max(
      0,
      duration > 0 ? Math.min(seconds, duration) : seconds,
    );

    this.#position = to;
    if (!this.#recovering && this.active.readyState > 0) {
      this.active.currentTime = to;
    }
    this.#still();
    this.#update();
  }

  setVolume(volume: number): void {
    for (const each of this.elements) {
      each.volume = Math.min(1, Math.max(0, volume));
      each.muted = false;
    }
    this.#update();
  }

  setMuted(muted: boolean): void {
    for (const each of this.elements) {
      each.muted = muted;
    }
    this.#update();
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#applyRate();
    this.#update();
  }

  /** The listener's choice of quality, which wins and is remembered. */
  setQuality(choice: Choice): void {
    const before = this.#quality.current;
    this.#quality.choose(choice);
    try {
      this.#storage?.setItem(REMEMBERED, choice);
    } catch {
      // a full or forbidden storage only forgets
    }

    this.#forgetNext();
    if (this.#quality.current !== before && this.#track !== null) {
      this.#atQuality = 0;
      if (!this.#recovering && !this.#failed) {
        this.#load();
      }
    }
    this.#update();
  }

  /** Ends all, for good: nothing is asked for or heard any more. */
  destroy(): void {
    this.#life.abort();
    this.#unload();
    this.#tickNoMore();
    for (const stop of this.#listeners) {
      stop();
    }
    this.#emitter.events = {};
  }

  // Loading.

  /** The element that plays. */
  get active(): HTMLAudioElement {
    return this.elements[this.#active];
  }

  get #other(): HTMLAudioElement {
    return this.elements[this.#active === 0 ? 1 : 0];
  }

  get #track(): string | null {
    return this.#queue[this.#index] ?? null;
  }

  get #nextTrack(): string | null {
    return this.#queue[this.#index + 1] ?? null;
  }

  #url(id: string, quality: Quality): string {
    return this.api.streamUrl(id, { quality, codec: this.codec });
  }

  /** The current track from the current position, in the current quality. */
  #load(): void {
    const id = this.#track;
    if (id === null) {
      return;
    }

    // another name where the browser's copy of the bytes is not to be trusted
    const again = this.#fresh > 0 ? `&again=${this.#fresh}` : "";
    const from = this.#position > 0 ? `#t=${this.#position.toFixed(3)}` : "";
    const element = this.active;

    element.preload = this.#wanted ? "auto" : "metadata";
    element.src = this.#url(id, this.#quality.current) + again + from;
    this.#applyRate();
    this.#still();
    if (this.#wanted && !this.#blocked) {
      this.#start();
    }
  }

  #start(fallBack = false): void {
    const { signal } = this.#abort;

    this.active.play().catch((error: unknown) => {
      if (signal.aborted || (error as Error).name !== "NotAllowedError") {
        return;
      }
      if (fallBack) {
        // only the element that was touched may play
        empty(this.active);
        this.#active = this.#active === 0 ? 1 : 0;
        this.#load();
      } else {
        this.#reset();
        this.#blocked = this.#wanted;
      }
      this.#update();
    });
    this.#tickWhileNeeded();
  }

  /** The other element has this track ready. */
  #swap(): void {
    const left = this.active;

    this.#active = this.#active === 0 ? 1 : 0;
    this.#spare = null;
    this.#applyRate();
    this.#still();
    if (this.#asked) {
      this.#asked.prepared = true;
    }
    if (this.#wanted) {
      this.#start(true);
    }
    empty(left);
    void this.#learn(this.#track);
  }

  #unload(): void {
    this.#reset();
    this.#forgetNext();
    this.#queue = [];
    this.#index = -1;
    this.#wanted = false;
    this.#position = 0;
    empty(this.active);
    this.#update();
  }

  /** Forgets what is awaited for the attempt before. */
  #reset(error: PlayerError | null = null): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#clock.clear();
    this.#recovering = this.#blocked = this.#failed = false;
    this.#error = error;
    this.#clean = 0;
  }

  /** From here on is counted how long nothing moves. */
  #still(): void {
    this.#moved = this.#grown = Date.now();
    this.#jumped = true;
    this.#at = this.active.currentTime;
    this.#edge = null;
  }

  #applyRate(): void {
    this.active.defaultPlaybackRate = this.#rate;
    this.active.playbackRate = this.#rate;
  }

  // The next track.

  #queueChanged(): void {
    this.prefetch.undo(this.#nextTrack);
    if (this.#spare && this.#spare.id !== this.#nextTrack) {
      this.#dropSpare();
    }
  }

  #forgetNext(): void {
    this.prefetch.undo();
    this.#planned = null;
    this.#dropSpare();
  }

  #dropSpare(): void {
    if (this.#spare) {
      this.#spare = null;
      empty(this.#other);
    }
  }

  #plan(id: string): Quality {
    if (this.#planned?.id !== id) {
      const quality = this.#quality.proposal(this.#bitratesOf(id));
      this.#planned = { id, quality };
    }
    return this.#planned.quality;
  }

  #prepare(): void {
    const id = this.#nextTrack;
    const { duration, buffered } = this.active;
    const left = duration - this.#position;
    const full = (ranges(buffered).at(-1)?.[1] ?? 0) >= duration - 0.5;
    const early =
      full && id !== null && this.prefetch.queue.get(id) === "ready";

    if (
      id === null ||
      this.#spare?.id === id ||
      isThrifty() ||
      !(left < (early ? PREPARE : PREPARE_AT_LAST))
    ) {
      return;
    }

    const quality = this.#plan(id);
    this.#spare = { id, quality, failed: false };
    this.#other.preload = "auto";
    this.#other.src = this.#url(id, quality);
    this.#other.load();
  }

  // What a track is called, and what it weighs.

  async #learn(id: string | null): Promise<void> {
    if (id === null || this.#infos.has(id)) {
      return;
    }
    try {
      this.#infos.set(id, await this.api.track(id, this.#life.signal));
      if (id === this.#track) {
        this.#bitrates = this.#bitratesOf(id);
      }
      this.#update();
    } catch {
      // it plays without a name
    }
  }

  #bitratesOf(id: string): Bitrates {
    return bitratesOf(this.#infos.get(id), this.codec) ?? this.#bitrates;
  }

  #remembered(): Choice {
    try {
      const text = this.#storage?.getItem(REMEMBERED);
      return QUALITIES.find((each) => each === text) ?? "auto";
    } catch {
      return "auto";
    }
  }

  // What the elements and the browser say.

  #listen(): void {
    const listen = (target: EventTarget, name: string, told: () => void) => {
      target.addEventListener(name, told);
      this.#listeners.push(() => target.removeEventListener(name, told));
    };

    for (const each of this.elements) {
      for (const name of LISTENED) {
        listen(each, name, () => {
          if (each === this.active) {
            this.#heard(name);
          } else if (name === "error" && this.#spare) {
            this.#spare.failed = true;
          }
        });
      }
    }

    if (typeof window !== "undefined") {
      listen(window, "offline", () => {
        this.#clock.hold();
        this.#update();
      });
      listen(window, "online", () => {
        this.#still();
        this.#clock.resume();
        this.#update();
      });
    }
  }

  #heard(name: (typeof LISTENED)[number]): void {
    const element = this.active;

    switch (name) {
      case "loadedmetadata":
        this.#still();
        // for browsers that take no #t
        if (Math.abs(element.currentTime - this.#position) > 1) {
          element.currentTime = this.#position;
        }
        void this.#learn(this.#track);
        break;
      case "seeking":
        this.#still();
        break;
      case "playing":
        this.#blocked = false;
        if (this.#asked && this.#track !== null) {
          const { at, prepared } = this.#asked;
          this.#asked = null;
          const ms = Date.now() - at;
          this.#emitter.emit("start", { id: this.#track, ms, prepared });
        }
        break;
      case "timeupdate":
        this.#watch();
        break;
      case "play":
        // by the browser's or the system's own buttons
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
          !this.#failed &&
          this.#wanted
        ) {
          this.pause();
          return;
        }
        break;
      case "ended":
        this.#ended();
        return;
      case "error":
        // what nobody waits for is tried again when somebody does
        if (this.#wanted && !this.#blocked) {
          void this.#recover();
          return;
        }
        break;
    }
    this.#update();
  }

  #ended(): void {
    // a seek to the end ends it too, and that alone must not sound
    if (this.#wanted && !this.#blocked && this.#nextTrack !== null) {
      this.select(this.#index + 1);
    } else {
      this.#wanted = false;
      this.#update();
    }
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
    this.#ticker = undefined;
  }

  /** What moved since the last look, and what follows when nothing did. */
  #watch(): void {
    const element = this.active;
    const now = Date.now();

    if (element.error || element.readyState === 0) {
      this.#look(now);
      return;
    }

    const moved = element.currentTime - this.#at;
    this.#at = element.currentTime;
    if (moved > 0 && !element.seeking && !element.paused) {
      this.#moved = this.#grown = now;
      this.#jumped = false;
      this.#position = element.currentTime;
      if (this.#recovering || this.#error) {
        // a try, or the browser itself, has helped
        this.#reset();
      }
      this.#clean += moved / this.#rate;
      if (this.#clean >= CLEAN) {
        this.#attempts = this.#atQuality = 0;
      }
      const { duration } = element;
      this.prefetch.checkPrefetch(
        duration > 0 ? (100 * this.#position) / duration : 0,
        this.#nextTrack,
      );
      this.#prepare();
    }
    this.#measure(now);
    this.#look(now);
  }

  /** How fast the buffer grows while the browser is loading. */
  #measure(now: number): void {
    const element = this.active;
    const range = ranges(element.buffered).find(
      ([from, to]) => from <= element.currentTime && element.currentTime <= to,
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
      return;
    }

    const grown = range[1] - edge.to;
    const seconds = (now - edge.time) / 1000;
    const full = range[1] - element.currentTime > AHEAD;
    if (grown > 0) {
      this.#grown = now;
    }
    // with enough in hand a browser only keeps up, which says nothing
    if (
      element.networkState === 2 &&
      (full
        ? grown > 2 * seconds * this.#rate
        : grown > 0 || element.readyState < 3)
    ) {
      const bits = grown * this.#bitrates[this.#quality.current];
      this.#quality.throughput.add(bits, seconds);
    }
  }

  #look(now: number): void {
    const element = this.active;

    if (
      !this.#wanted ||
      this.#blocked ||
      this.#recovering ||
      this.#failed ||
      !online()
    ) {
      return;
    }

    const begun = element.readyState > 0;
    const still = now - this.#moved;
    if (begun && still >= (this.#jumped ? STALL_AFTER_JUMP : STALL)) {
      if (this.#quality.stall(this.#bitrates)) {
        this.#atQuality = 0;
        this.#load();
        return;
      }
    }

    // what only trickles in is not helped by asking for it once more
    const stuck = now - Math.max(this.#moved, this.#grown);
    if (stuck >= (begun ? STUCK : STUCK_AT_START)) {
      void this.#recover();
    }
  }

  // Recovery.

  async #recover(): Promise<void> {
    const id = this.#track;
    if (this.#recovering || this.#failed || id === null) {
      return;
    }

    const { signal } = this.#abort;
    this.#recovering = true;
    this.#clean = 0;
    this.#update();

    const url = this.#url(id, this.#quality.current);
    const probe = online()
      ? await this.api.probe(url, signal).catch(() => NO_ANSWER)
      : NO_ANSWER;
    if (!signal.aborted) {
      this.#decide(probe);
    }
  }

  #decide(probe: Probe): void {
    const { status, code } = probe;
    const cause = classify(probe);
    const error: PlayerError = { cause, status, code };

    if (cause === "gone" || this.#attempts >= TRIES) {
      this.#fail(error);
      return;
    }

    const delay =
      (cause === "busy" && probe.retryAfter) || backoff(this.#attempts);
    this.#attempts += 1;
    this.#error = error;
    this.#clock.set(delay, () => this.#retry(error));
    if (!online()) {
      this.#clock.hold();
    }
    this.#emitter.emit("recover", { ...error, delay, attempt: this.#attempts });
    this.#update();
  }

  #retry(error: PlayerError): void {
    const { cause } = error;

    this.#reset(error);
    if (cause === "media") {
      this.#fresh += 1;
    }
    if (cause === "media" || cause === "server") {
      this.#atQuality += 1;
      if (
        this.#atQuality > TRIES_PER_QUALITY &&
        this.#quality.failure(this.#bitrates)
      ) {
        this.#atQuality = 1;
      }
    }
    this.#load();
    this.#update();
  }

  #fail(error: PlayerError): void {
    this.#reset(error);
    this.#failed = true;
    this.active.pause();
    if (
      error.cause === "gone" &&
      this.#wanted &&
      this.#skipAfter !== null &&
      this.#nextTrack !== null
    ) {
      this.#clock.set(this.#skipAfter, () => this.next());
    }
    this.#update();
  }

  // What is shown of all this.

  #status(): Status {
    if (this.#track === null) {
      return "idle";
    }
    if (this.#failed) {
      return "error";
    }
    if (this.#blocked) {
      return "blocked";
    }
    if (!this.#wanted) {
      return "paused";
    }

    const { readyState, seeking, currentTime } = this.active;
    const plays = readyState >= 3 && !seeking && !this.#recovering;
    if (!plays && !online()) {
      return "offline";
    }
    if (this.#recovering) {
      return "recovering";
    }
    if (plays) {
      return "playing";
    }
    return currentTime > 0 || this.#position > 0 ? "buffering" : "loading";
  }

  #snapshot(): PlayerState {
    const element = this.active;
    const id = this.#track;
    const info = (id !== null && this.#infos.get(id)) || null;
    const { duration } = element;

    return {
      status: this.#status(),
      queue: this.#queue,
      index: this.#index,
      track: id,
      info,
      position: this.#position,
      duration:
        duration > 0 && duration < Number.POSITIVE_INFINITY
          ? duration
          : (info?.duration ?? 0),
      buffered: ranges(element.buffered),
      choice: this.#quality.choice,
      quality: this.#quality.current,
      codec: this.codec,
      rate: this.#rate,
      volume: element.volume,
      muted: element.muted,
      error: this.#error,
      retryAt: this.#clock.due,
    };
  }

  #update(): void {
    this.#state = this.#snapshot();
    this.#emitter.emit("state", this.#state);
  }
}

function online(): boolean {
  return globalThis.navigator?.onLine !== false;
}

function localStore(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

function volumeCanBeSet(audio: HTMLAudioElement): boolean {
  const before = audio.volume;
  audio.volume = 0.5;
  const can = audio.volume === 0.5;
  audio.volume = before;
  return can;
}

/** Closes an element's connection: a pause alone would keep it. */
function empty(audio: HTMLAudioElement): void {
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
}

function ranges(buffered: TimeRanges): [number, number][] {
  return Array.from({ length: buffered.length }, (_, i) => [
    buffered.start(i),
    buffered.end(i),
  ]);
}
