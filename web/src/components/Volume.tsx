import type { CSSProperties } from "react";
import type { Player } from "../core/player.js";
import type { PlayerState } from "../core/state.js";
import { Icon } from "./icons.js";
import type { Texts } from "./texts.js";

export function Volume({
  player,
  state,
  texts,
}: {
  player: Player | null;
  state: PlayerState | null;
  texts: Texts;
}) {
  const muted = state?.muted ?? false;
  const volume = muted ? 0 : (state?.volume ?? 1);
  const label = muted ? texts.unmute : texts.mute;

  return (
    <div className="voyo-volume">
      <button
        type="button"
        className="voyo-press"
        aria-label={label}
        title={label}
        aria-disabled={player === null || undefined}
        onClick={() => player?.setMuted(!muted)}
      >
        <Icon name={volume === 0 ? "muted" : "loud"} />
      </button>
      <input
        type="range"
        className="voyo-range"
        min={0}
        max={1}
        step={0.05}
        value={volume}
        aria-disabled={player === null || undefined}
        aria-label={texts.volume}
        aria-valuetext={`${Math.round(100 * volume)} %`}
        style={{ "--voyo-done": `${100 * volume}%` } as CSSProperties}
        onChange={(event) => player?.setVolume(Number(event.target.value))}
      />
    </div>
  );
}
