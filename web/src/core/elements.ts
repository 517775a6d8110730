// Two audio elements: one plays, the other has the next track ready.

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

export type Heard = (typeof LISTENED)[number];

export class Elements {
  readonly both: readonly [HTMLAudioElement, HTMLAudioElement];
  /** Whether the volume can be set: it can't on phones that have keys. */
  readonly canSetVolume: boolean;
  #active: 0 | 1 = 0;
  #rate = 1;
  /** what the other one has ready */
  #spare: { id: string; url: string; failed: boolean } | null = null;

  constructor(
    create: () => HTMLAudioElement,
    private readonly told: (what: Heard) => void,
  ) {
    this.both = [create(), create()];
    this.canSetVolume = volumeCanBeSet(this.both[0]);
    for (const each of this.both) {
      for (const name of LISTENED) {
        each.addEventListener(name, this);
      }
    }
  }

  /** The element that plays. */
  get active(): HTMLAudioElement {
    return this.both[this.#active];
  }

  get #other(): HTMLAudioElement {
    return this.both[this.#active === 0 ? 1 : 0];
  }

  get rate(): number {
    return this.#rate;
  }

  /** Gives the active one another source. */
  load(url: string, preload: "auto" | "metadata"): void {
    this.active.preload = preload;
    this.active.src = url;
    this.#applyRate();
  }

  /** Has the other one load what follows. */
  prepare(id: string, url: string): void {
    this.#spare = { id, url, failed: false };
    this.#other.preload = "auto";
    this.#other.src = url;
    this.#other.load();
  }

  /** Whether the other one has a track, in whatever quality. */
  prepares(id: string): boolean {
    return this.#spare?.id === id;
  }

  /** Whether the other one has just this ready, or is loading it well. */
  prepared(url: string): boolean {
    return this.#spare?.url === url && !this.#spare.failed;
  }

  /** Drops what the other one has, unless it is of the track "keep". */
  drop(keep: string | null = null): void {
    if (this.#spare && this.#spare.id !== keep) {
      this.#spare = null;
      empty(this.#other);
    }
  }

  /** The other one plays; leaveOther() then ends the one that did. */
  swap(): void {
    this.#active = this.#active === 0 ? 1 : 0;
    this.#spare = null;
    this.#applyRate();
  }

  leaveOther(): void {
    empty(this.#other);
  }

  empty(): void {
    empty(this.active);
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#applyRate();
  }

  setVolume(volume: number): void {
    for (const each of this.both) {
      each.volume = volume;
      each.muted = false;
    }
  }

  setMuted(muted: boolean): void {
    for (const each of this.both) {
      each.muted = muted;
    }
  }

  /** Nothing is heard of them any more. */
  destroy(): void {
    for (const each of this.both) {
      for (const name of LISTENED) {
        each.removeEventListener(name, this);
      }
    }
  }

  /** For addEventListener() only. */
  handleEvent({ type, target }: Event): void {
    if (target === this.active) {
      this.told(type as Heard);
    } else if (type === "error" && this.#spare) {
      this.#spare.failed = true;
    }
  }

  #applyRate(): void {
    this.active.defaultPlaybackRate = this.#rate;
    this.active.playbackRate = this.#rate;
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

export function ranges(buffered: TimeRanges): [number, number][] {
  return Array.from({ length: buffered.length }, (_, i) => [
    buffered.start(i),
    buffered.end(i),
  ]);
}
