export {
  Player,
  type PlayerEvents,
  type PlayerOptions,
} from "./player.js";
export {
  PrefetchManager,
  type PrefetchOptions,
  type PrefetchState,
} from "./prefetch.js";
export {
  type Bitrates,
  type Choice,
  type Codec,
  chooseCodec,
  getOptimalQuality,
  QUALITIES,
  type Quality,
  type QualityChange,
  QualityControl,
  Throughput,
  type Why,
} from "./quality.js";
export type { Repeat, Track, TrackEntry } from "./queue.js";
export {
  backoff,
  type Cause,
  classify,
  type PlayerError,
} from "./recovery.js";
export type { PlayerState, Status } from "./state.js";
