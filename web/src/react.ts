export {
  AudioPlayer,
  type AudioPlayerProps,
  type QueueItem,
} from "./components/AudioPlayer.js";
export { connectMediaSession } from "./components/media-session.js";
export {
  type Description,
  describe,
  english,
  type Texts,
} from "./components/texts.js";
export { usePlayer, usePlayerState } from "./components/usePlayer.js";
