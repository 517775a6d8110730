// An audio element and a server of which a test has every wire in hand.

import { vi } from "vitest";
import { Player, type PlayerOptions } from "../src/core/player.js";
import { Api } from "../src/services/api.js";

export class FakeAudio extends EventTarget {
  currentTime = 0;
  duration = Number.NaN;
  readyState = 0;
  networkState = 0;
  paused = true;
  ended = false;
  seeking = false;
  error: { code: number } | null = null;
  volume = 1;
  muted = false;
  playbackRate = 1;
  defaultPlaybackRate = 1;
  preload = "";
  ranges: [number, number][] = [];
  /** every src, in the order they were set; "" when it was taken away */
  sources: string[] = [];
  plays = 0;
  refuse: string | null = null;
  opus: CanPlayTypeResult = "probably";
  #timer: ReturnType<typeof setInterval> | undefined;

  get buffered() {
    const { ranges } = this;
    return {
      length: ranges.length,
      start: (i: number) => ranges[i]?.[0] ?? 0,
      end: (i: number) => ranges[i]?.[1] ?? 0,
    };
  }

  get src(): string {
    return this.sources.at(-1) ?? "";
  }

  set src(url: string) {
    this.sources.push(url);
    this.#empty();
    this.networkState = 2;
  }

  canPlayType(type: string): CanPlayTypeResult {
    return type.includes("opus") ? this.opus : "";
  }

  removeAttribute(): void {
    this.sources.push("");
    this.#empty();
  }

  load(): void {}

  play(): Promise<void> {
    this.plays += 1;
    if (this.refuse) {
      return Promise.reject(
        Object.assign(new Error("refused"), { name: this.refuse }),
      );
    }
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    if (!this.paused) {
      this.paused = true;
      queueMicrotask(() => this.say("pause"));
    }
  }

  #empty(): void {
    clearInterval(this.#timer);
    this.paused = true;
    this.ended = false;
    this.error = null;
    this.readyState = 0;
    this.currentTime = 0;
    this.ranges = [];
  }

  // What a test makes it do.

  say(name: string): void {
    this.dispatchEvent(new Event(name));
  }

  loaded(duration = 200): void {
    this.duration = duration;
    this.readyState = 4;
    this.currentTime = Number(/#t=([\d.]+)/.exec(this.src)?.[1] ?? 0);
    this.ranges = [[0, duration]];
    this.networkState = 1;
    this.say("loadedmetadata");
  }

  /** Loaded, and the sound moves with the clock. */
  sounds(duration = 200): void {
    this.loaded(duration);
    this.moves();
  }

  moves(): void {
    clearInterval(this.#timer);
    this.readyState = 4;
    this.say("playing");
    this.#timer = setInterval(() => {
      if (!this.paused && !this.error && !this.ended) {
        this.currentTime += 0.25 * this.playbackRate;
        this.say("timeupdate");
      }
    }, 250);
  }

  /** The sound stands still, for want of data. */
  stalls(): void {
    clearInterval(this.#timer);
    this.readyState = 2;
    this.networkState = 2;
    this.say("waiting");
  }

  fails(code = 4): void {
    clearInterval(this.#timer);
    this.error = { code };
    this.say("error");
  }

  ends(): void {
    clearInterval(this.#timer);
    this.currentTime = this.duration;
    this.paused = true;
    this.ended = true;
    this.say("pause");
    this.say("ended");
  }
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Answers in the order they were put; the last one stays. */
export class FakeServer {
  requests: { method: string; url: string; init: RequestInit }[] = [];
  down = false;
  #replies: { pattern: RegExp; replies: Reply[] }[] = [];

  on(pattern: RegExp, ...replies: Reply[]): void {
    this.#replies.unshift({ pattern, replies });
  }

  of(pattern: RegExp): string[] {
    return this.requests
      .map(({ method, url }) => `${method} ${url}`)
      .filter((each) => pattern.test(each));
  }

  fetch = (url: RequestInfo | URL, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    this.requests.push({ method, url: String(url), init });
    init.signal?.throwIfAborted();
    if (this.down) {
      return Promise.reject(new TypeError("Failed to fetch"));
    }

    const line = `${method} ${url}`;
    const found = this.#replies.find(({ pattern }) => pattern.test(line));
    const reply =
      found && found.replies.length > 1
        ? found.replies.shift()
        : found?.replies[0];
    const { status, headers = {}, body } = reply ?? { status: 200 };
    const response = new Response(
      body === undefined ? null : JSON.stringify(body),
      { status, headers },
    );
    const address = new URL(String(url), "http://app.example:5173").href;
    return Promise.resolve(
      Object.defineProperty(response, "url", { value: address }),
    );
  };
}

/** What a server of pages answers, whatever it is asked for. */
export const PAGE: Reply = {
  status: 200,
  headers: { "Content-Type": "text/html; charset=utf-8" },
  body: "<!doctype html>",
};

export function info(id: string, bitrates = [51e3, 70e3, 130e3]) {
  const encodings = Object.fromEntries(
    ["low", "medium", "high"].map((quality, i) => [
      quality,
      { bitrate: bitrates[i], size: 1e6, type: "audio/webm" },
    ]),
  );
  return {
    id,
    title: `Title of ${id}`,
    artist: "Artist",
    album: null,
    duration: 200,
    loudness: null,
    codecs: { opus: encodings, aac: encodings },
  };
}

export class FakeStorage {
  items = new Map<string, string>();

  getItem(name: string): string | null {
    return this.items.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }
}

/** What navigator says, and the window that tells of changes. */
export function fakeBrowser() {
  const window = new EventTarget();
  const navigator: {
    onLine: boolean;
    connection?: { saveData?: boolean; effectiveType?: string };
    userAgent: string;
  } = { onLine: true, userAgent: "AppleWebKit/537 Chrome/156 Safari/537" };
  vi.stubGlobal("window", window);
  vi.stubGlobal("navigator", navigator);

  return {
    navigator,
    online(is: boolean) {
      navigator.onLine = is;
      window.dispatchEvent(new Event(is ? "online" : "offline"));
    },
  };
}

export function fakePlayer(options: PlayerOptions = {}) {
  const browser = fakeBrowser();
  const server = new FakeServer();
  const audios: FakeAudio[] = [];
  const storage = new FakeStorage();
  server.on(/\/cdn\/track\//, { status: 200, body: info("any") });

  const make = () =>
    new Player({
      api: new Api({ fetch: server.fetch as typeof fetch }),
      createAudio: () => {
        const audio = new FakeAudio();
        audios.push(audio);
        return audio as unknown as HTMLAudioElement;
      },
      storage,
      ...options,
    });
  const player = make();
  const events: string[] = [];
  player.on("quality", ({ from, to, why }) =>
    events.push(`${from} → ${to}: ${why}`),
  );

  return {
    ...browser,
    server,
    storage,
    player,
    make,
    events,
    /** the one that plays */
    get audio(): FakeAudio {
      const playing = player.active as unknown as FakeAudio;
      return playing;
    },
    get other(): FakeAudio {
      const found = audios.slice(0, 2).find((each) => each !== this.audio);
      if (!found) {
        throw new Error("there is no other");
      }
      return found;
    },
  };
}

/** Lets promises settle without moving the clock. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
