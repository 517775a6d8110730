import { type CSSProperties, useEffect, useState } from "react";
import type { Player, PlayerState } from "../core/player.js";
import { clock } from "./clock.js";
import type { Texts } from "./texts.js";

// a drag is many changes and one request
const SETTLED = 150;

export function SeekBar({
  player,
  state,
  texts,
}: {
  player: Player | null;
  state: PlayerState | null;
  texts: Texts;
}) {
  const [draft, setDraft] = useState<number | null>(null);
  const duration = state?.duration ?? 0;
  const shown = draft ?? state?.position ?? 0;

  useEffect(() => {
    if (draft === null) {
      return undefined;
    }
    const timer = setTimeout(() => {
      player?.seek(draft);
      setDraft(null);
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [draft, player]);

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
          onChange={(event) =>
            duration > 0 && setDraft(Number(event.target.value))
          }
          onKeyDown={(event) => {
            const step = {
              ArrowLeft: -5,
              ArrowDown: -5,
              ArrowRight: 5,
              ArrowUp: 5,
            }[event.key];
            if (step && duration > 0) {
              // the browser's own step is a hundredth of the track
              event.preventDefault();
              setDraft(Math.min(duration, Math.max(0, shown + step)));
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
