import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import {
  getOptimalQuality,
  type Player,
  type PlayerState,
  type TrackEntry,
  type Why,
} from "voyo-player";
import {
  AudioPlayer,
  type Description,
  describe,
  usePlayer,
  usePlayerState,
} from "voyo-player/react";
import "voyo-player/styles.css";

const asked = new URLSearchParams(location.search).get("tracks") ?? "";
const tracks: TrackEntry[] = asked
  .split(",")
  .map((id) => ({ id, title: `The app's ${id}` }));

function App() {
  const player: Player | null = usePlayer();
  const state: PlayerState | null = usePlayerState(player);
  const said: Description | null = state && describe(state);

  useEffect(() => {
    const causes: Why[] = [];
    Object.assign(globalThis, { voyo: player });
    return player?.on("quality", ({ why }) => causes.push(why));
  }, [player]);

  return (
    <main title={said?.text ?? getOptimalQuality()}>
      <AudioPlayer player={player} tracks={tracks} />
    </main>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
