// The system's media buttons, lock screen and headphones.

import type { Player } from "../core/player.js";

const STEP = 10;

/** A page has one Media Session; it belongs to the player that started last. */
let owner: object | null = null;

/** Returns a function that disconnects.  No-op without a Media Session. */
export function connectMediaSession(player: Player): () => void {
  const session = globalThis.navigator?.mediaSession;
  if (!session) {
    return () => {};
  }

  const step = (details: MediaSessionActionDetails, direction: 1 | -1) =>
    player.seek(
      player.state.position + direction * (details.seekOffset ?? STEP),
    );
  const actions: Partial<
    Record<MediaSessionAction, MediaSessionActionHandler>
  > = {
    play: () => player.play(),
    pause: () => player.pause(),
    stop: () => {
      player.pause();
      player.seek(0);
    },
    seekbackward: (details) => step(details, -1),
    seekforward: (details) => step(details, 1),
    seekto: (details) => player.seek(details.seekTime ?? 0),
    previoustrack: () => player.previous(),
    nexttrack: () => player.next(),
  };
  const set = (handlers: boolean) => {
    for (const [action, handler] of Object.entries(actions)) {
      try {
        session.setActionHandler(
          action as MediaSessionAction,
          handlers ? handler : null,
        );
      } catch {
        // not every browser supports every action
      }
    }
  };

  let shown = "";
  let before = "";
  const show = () => {
    const { entries, index, info, artwork } = player.state;
    const { status, position, duration, rate } = player.state;
    const entry = entries[index];
    const metadata: MediaMetadataInit | null = entry
      ? {
          title: info?.title ?? entry.id,
          artist: info?.artist ?? "",
          album: info?.album ?? "",
          artwork: artwork === null ? [] : [{ src: artwork }],
        }
      : null;
    const name = JSON.stringify(metadata);

    if (status === "playing" && before !== status && owner !== show) {
      owner = show;
      shown = "";
      set(true);
    }
    before = status;
    if (owner !== show) {
      return;
    }

    if (name !== shown && typeof MediaMetadata !== "undefined") {
      shown = name;
      session.metadata = metadata && new MediaMetadata(metadata);
    }
    session.playbackState =
      metadata === null
        ? "none"
        : status === "paused" || status === "blocked" || status === "error"
          ? "paused"
          : "playing";
    session.setPositionState?.(
      duration > 0
        ? {
            duration,
            playbackRate: rate,
            position: Math.min(position, duration),
          }
        : undefined,
    );
  };

  const stop = player.on("state", show);
  show();
  return () => {
    stop();
    if (owner === show) {
      owner = null;
      set(false);
      session.metadata = null;
      session.playbackState = "none";
    }
  };
}
