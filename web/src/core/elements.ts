// Two audio elements: one plays, the other preloads the next track.

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
  /** Whether the volume can be set: not on phones with volume keys. */
  readonly canSetVolume: boolean;
  #active: 0 | 1 = 0;
  #rate = 1;
  /** what the other one has preloaded */
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

  /** Sets the source of the active one. */
  load(url: string, preload: "auto" | "metadata"): void {
    this.active.preload = preload;
    this.active.src = url;
    this.#applyRate();
  }

  /** Has the other one load the next track. */
  prepare(id: string, url: string): void {
    this.#spare = { id, url, failed: false };
    this.#other.preload = "auto";
    this.#other.src = url;
    this.#other.load();
  }

  /** Whether the other one has a track, in any quality. */
  prepares(id: string): boolean {
    return this.#spare?.id === id;
  }

  /** Whether the other one has this URL, or is loading it without an error. */
  prepared(url: string): boolean {
    return this.#spare?.url === url && !this.#spare.failed;
  }

  /** Unloads the other one, unless it has the track "keep". */
  drop(keep: string | null = null): void {
    if (this.#spare && this.#spare.id !== keep) {
      this.#spare = null;
      empty(this.#other);
    }
  }

  /** Makes the other one active; leaveOther() then stops the previous one. */
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

  /** Removes all listeners and sources. */
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

/** Closes an element's connection, which a pause would keep open. */
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
