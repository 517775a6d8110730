// The visible state of a player, with a single status.

import type { TrackInfo } from "../services/api.js";
import { online } from "./network.js";
import type { Choice, Codec, Quality } from "./quality.js";
import type { Repeat, TrackEntry } from "./queue.js";
import type { PlayerError } from "./recovery.js";

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

export interface PlayerState {
  status: Status;
  /** ids in playing order */
  queue: readonly string[];
  /** the same with the page's metadata */
  entries: readonly TrackEntry[];
  /** of the current track in the queue, -1 if there is none */
  index: number;
  /** whether next() has an effect */
  hasNext: boolean;
  repeat: Repeat;
  shuffle: boolean;
  track: string | null;
  /** infoOf() of the current track */
  info: TrackInfo | null;
  /** artOf() of the current track, once it was heard or stayed for a second */
  artwork: string | null;
  /** in seconds, like all times of the track */
  position: number;
  duration: number;
  buffered: readonly (readonly [number, number])[];
  choice: Choice;
  quality: Quality;
  codec: Codec;
  rate: number;
  volume: number;
  muted: boolean;
  /** the error of the last attempt, until it plays again */
  error: PlayerError | null;
  /** when the next attempt is due, as of Date.now() */
  retryAt: number | null;
}

/** What determines the status. */
export interface Circumstances {
  track: string | null;
  /** the user wants to play */
  wanted: boolean;
  /** the browser requires a user gesture */
  blocked: boolean;
  recovery: { running: boolean; failed: boolean };
  /** some of the track was played */
  begun: boolean;
  element: Pick<HTMLMediaElement, "readyState" | "seeking" | "currentTime">;
}

export function statusOf(it: Circumstances): Status {
  const { readyState, seeking, currentTime } = it.element;

  if (it.track === null) {
    return "idle";
  }
  if (it.recovery.failed) {
    return "error";
  }
  if (it.blocked) {
    return "blocked";
  }
  if (!it.wanted) {
    return "paused";
  }

  const plays = readyState >= 3 && !seeking && !it.recovery.running;
  if (!plays && !online()) {
    return "offline";
  }
  if (it.recovery.running) {
    return "recovering";
  }
  if (plays) {
    return "playing";
  }
  return currentTime > 0 || it.begun ? "buffering" : "loading";
}
