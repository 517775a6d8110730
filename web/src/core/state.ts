// What is shown of a player, and the one name for all that it may be up to.

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
  /** ids, in the order in which they play */
  queue: readonly string[];
  /** the same, with what the page says of each */
  entries: readonly TrackEntry[];
  /** of the current track in the queue, -1 without one */
  index: number;
  /** whether next() goes anywhere */
  hasNext: boolean;
  repeat: Repeat;
  shuffle: boolean;
  track: string | null;
  /** what infoOf() says of it */
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

/** What a status is made of. */
export interface Circumstances {
  track: string | null;
  /** the listener wants sound */
  wanted: boolean;
  /** the browser wants to be asked for it by a touch */
  blocked: boolean;
  recovery: { running: boolean; failed: boolean };
  /** something of the track was heard */
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
