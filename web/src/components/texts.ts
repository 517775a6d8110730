// All texts, and the description of a state.

import type { Repeat } from "../core/queue.js";
import type { PlayerState } from "../core/state.js";

/** Provide your own for another language. */
export interface Texts {
  idle: string;
  loading: string;
  playing: string;
  paused: string;
  buffering: string;
  recovering: string;
  recoveringIn: (seconds: number) => string;
  offline: string;
  blocked: string;
  skippingIn: (seconds: number) => string;
  /**
   * By the server's code of the problem, if there is a text for it or a similar
   * one, or by the cause; otherwise in English.
   */
  errors: Readonly<Record<string, string>>;
  tryAgain: string;
  skip: string;

  player: string;
  nothing: string;
  play: string;
  pause: string;
  previous: string;
  next: string;
  shuffle: string;
  /** of a button that cycles through them: each names the current mode */
  repeats: Readonly<Record<Repeat, string>>;
  seek: string;
  /** of the seek bar, both as clock times */
  timeOf: (position: string, duration: string) => string;
  volume: string;
  mute: string;
  unmute: string;
  quality: string;
  qualities: Readonly<Record<"auto" | "low" | "medium" | "high", string>>;
  rate: string;
  queue: string;
  tracks: (count: number) => string;
  by: (title: string, artist: string) => string;
}

export const english: Texts = {
  idle: "Nothing to play yet",
  loading: "Loading…",
  playing: "Playing",
  paused: "Paused",
  buffering: "Waiting for the network…",
  recovering: "Trying again…",
  recoveringIn: (seconds) => `Next try in ${seconds} s.`,
  offline: "You are offline. It goes on when you are back.",
  blocked: "Your browser waits for you: press play.",
  skippingIn: (seconds) => `The next track follows in ${seconds} s.`,
  errors: {
    private: "This track is private.",
    unavailable: "This track is no longer there.",
    age_restricted: "This track is for adults who signed in.",
    paid: "This track is for paying members.",
    geo_blocked: "This track is not offered in this country.",
    legal: "This track is not available for legal reasons.",
    drm: "This track is encrypted.",
    live: "This is a live broadcast, which cannot be played here.",
    upcoming: "This track is not out yet.",
    no_audio: "This track has no sound.",
    unsupported_protocol: "This track has a format that cannot be played.",
    bad_track: "This is not a track.",
    refused: "The server does not let you play this track.",
    source: "This track is not available from its source at present.",
    bot_check: "The source of the tracks refuses the server for a while.",
    no_resolver:
      "The server cannot look up new tracks at present: please wait a moment.",
    host_not_allowed: "The server is not set up for where this track is.",
    gone: "This track cannot be played.",
    page: "The server at {server} answers with a web page: is /cdn proxied to VOYO?",
    busy: "The server asks to wait a moment.",
    server: "The server could not fetch this track.",
    network: "The server does not answer.",
    media: "This track could not be played.",
  },
  tryAgain: "Try again",
  skip: "Skip",

  player: "Audio player",
  nothing: "Nothing to play",
  play: "Play",
  pause: "Pause",
  previous: "Previous track",
  next: "Next track",
  shuffle: "Shuffle",
  repeats: {
    off: "Repeat: off",
    all: "Repeat: all",
    one: "Repeat: this track",
  },
  seek: "Position",
  timeOf: (position, duration) => `${position} of ${duration}`,
  volume: "Volume",
  mute: "Mute",
  unmute: "Unmute",
  quality: "Quality",
  qualities: { auto: "Auto", low: "Low", medium: "Medium", high: "High" },
  rate: "Speed",
  queue: "Queue",
  tracks: (count) => (count === 1 ? "1 track" : `${count} tracks`),
  by: (title, artist) => `${title} by ${artist}`,
};

/** Codes with the same text. */
const LIKE = new Map(
  Object.entries({
    network: "source",
    tls: "source",
    upstream: "source",
    forbidden: "source",
    client_refused: "source",
    extractor: "source",
    no_formats: "source",
    internal: "source",
    media_failed: "source",
    representation_gone: "source",
    rate_limited: "bot_check",
    redis_unavailable: "no_resolver",
  }),
);

export interface Description {
  /** what is happening, or has happened */
  text: string;
  /** what will happen automatically, with the seconds left */
  next: string | null;
}

/** A state in plain words. */
export function describe(
  { status, error, retryAt }: Pick<PlayerState, "status" | "error" | "retryAt">,
  texts: Texts = english,
  now = Date.now(),
): Description {
  const seconds =
    retryAt === null ? null : Math.max(1, Math.ceil((retryAt - now) / 1000));

  if (error && (status === "error" || status === "recovering")) {
    const errors = new Map(
      Object.entries({ ...english.errors, ...texts.errors }),
    );
    const { cause, page = "" } = error;
    const code = error.code ?? "";
    const sentence = errors.get(LIKE.get(code) ?? code) ?? errors.get(cause);
    const { skippingIn, recoveringIn } = texts;
    const due = status === "error" ? skippingIn : recoveringIn;
    return {
      text: (sentence ?? "").replace("{server}", page),
      next: seconds === null ? null : due(seconds),
    };
  }
  return { text: status === "error" ? "" : texts[status], next: null };
}
