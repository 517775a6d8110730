import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { Player, type PlayerOptions } from "../core/player.js";
import type { PlayerState } from "../core/state.js";
import { connectMediaSession } from "./media-session.js";

/**
 * A player with the lifetime of the component: null in the first render and on
 * a server.  The options of the first render are used.
 */
export function usePlayer(options?: PlayerOptions): Player | null {
  const [player, setPlayer] = useState<Player | null>(null);
  const [first] = useState(options);

  useEffect(() => {
    const made = new Player(first);
    const disconnect = connectMediaSession(made);
    setPlayer(made);
    return () => {
      disconnect();
      made.destroy();
      setPlayer(null);
    };
  }, [first]);

  return player;
}

/** The player's current state. */
export function usePlayerState(player: Player | null): PlayerState | null {
  const subscribe = useCallback(
    (told: () => void) => player?.on("state", told) ?? (() => {}),
    [player],
  );

  return useSyncExternalStore(
    subscribe,
    () => player?.state ?? null,
    () => null,
  );
}
