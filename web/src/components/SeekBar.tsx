import { type CSSProperties, useEffect, useState } from "react";
import type { Player } from "../core/player.js";
import type { PlayerState } from "../core/state.js";
import { clock } from "./clock.js";
import type { Texts } from "./texts.js";

// a drag causes many changes, but only one request
const SETTLED = 150;

/** A track may be in the queue twice. */
const nameOf = (state: PlayerState | null) => `${state?.index} ${state?.track}`;

export function SeekBar({
  player,
  state,
  texts,
}: {
  player: Player | null;
  state: PlayerState | null;
  texts: Texts;
}) {
  const [draft, setDraft] = useState<{ to: number; track: string } | null>(
    null,
  );
  const track = nameOf(state);
  const duration = state?.duration ?? 0;
  const shown = draft?.track === track ? draft.to : (state?.position ?? 0);

  useEffect(() => {
    if (draft === null) {
      return undefined;
    }
    const timer = setTimeout(() => {
      // the next track may have started meanwhile
      if (player && nameOf(player.state) === draft.track) {
        player.seek(draft.to);
      }
      setDraft(null);
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [draft, player]);

  const settle = (to: number) => {
    if (duration > 0) {
      setDraft({ to: Math.min(duration, Math.max(0, to)), track });
    }
  };

  const percent = (seconds: number) =>
    `${duration > 0 ? Math.min(100, (100 * seconds) / duration) : 0}%`;

  return (
    <div className="voyo-seek">
      <div className="voyo-bar">
        {state?.buffered.map(([from, to]) => (
          <span
            key={from}
            className="voyo-buffered"
            style={{ left: percent(from), width: percent(to - from) }}
          />
        ))}
        <input
          type="range"
          className="voyo-range"
          min={0}
          max={duration || 1}
          step="any"
          value={Math.min(shown, duration || 1)}
          aria-disabled={duration === 0 || undefined}
          aria-label={texts.seek}
          aria-valuetext={texts.timeOf(clock(shown), clock(duration))}
          style={{ "--voyo-done": percent(shown) } as CSSProperties}
          onChange={(event) => settle(Number(event.target.value))}
          onKeyDown={(event) => {
            const step = {
              ArrowLeft: -5,
              ArrowDown: -5,
              ArrowRight: 5,
              ArrowUp: 5,
            }[event.key];
            if (step) {
              // the browser's own step is 1 % of the track
              event.preventDefault();
              settle(shown + step);
            }
          }}
        />
      </div>
      <div className="voyo-times" aria-hidden="true">
        <span>{clock(shown)}</span>
        <span>{duration > 0 ? clock(duration) : "–:––"}</span>
      </div>
    </div>
  );
}
