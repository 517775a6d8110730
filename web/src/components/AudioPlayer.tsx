import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Player } from "../core/player.js";
import { QUALITIES } from "../core/quality.js";
import {
  entryOf,
  type Repeat,
  type Track,
  type TrackEntry,
} from "../core/queue.js";
import type { PlayerState } from "../core/state.js";
import { Api } from "../services/api.js";
import { clock } from "./clock.js";
import { Icon } from "./icons.js";
import { SeekBar } from "./SeekBar.js";
import { describe, english, type Texts } from "./texts.js";
import { usePlayer, usePlayerState } from "./usePlayer.js";
import { Volume } from "./Volume.js";

/** A track, with the page's metadata. */
export type QueueItem = TrackEntry;

export interface AudioPlayerProps {
  /** The queue.  The current track continues if a new queue contains it. */
  tracks?: readonly Track[];
  /** Where the server is: "" for the page's own, or an origin. */
  base?: string;
  /** A player created elsewhere, with its own options. */
  player?: Player | null;
  autoPlay?: boolean;
  showQueue?: boolean;
  texts?: Partial<Texts>;
  className?: string;
}

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
const AFTER: Record<Repeat, Repeat> = { off: "all", all: "one", one: "off" };

/** The whole player: a thin view over the core. */
export function AudioPlayer(props: AudioPlayerProps) {
  return props.player === undefined ? (
    <WithOwnPlayer {...props} />
  ) : (
    <View {...props} player={props.player} />
  );
}

export default AudioPlayer;

function WithOwnPlayer(props: AudioPlayerProps) {
  const [api] = useState(() => new Api({ base: props.base ?? "" }));
  return <View {...props} player={usePlayer({ api })} />;
}

function View({
  tracks,
  player = null,
  autoPlay = false,
  showQueue = true,
  texts: given,
  className = "",
}: AudioPlayerProps) {
  const state = usePlayerState(player);
  const texts = useMemo(() => ({ ...english, ...given }), [given]);
  // a page may create a new array of the same tracks for each render
  const queue = tracks && JSON.stringify(tracks.map(entryOf));

  useEffect(() => {
    if (player && queue !== undefined) {
      const fresh = player.state.track === null;
      player.setQueue(JSON.parse(queue));
      if (fresh && autoPlay) {
        player.play();
      }
    }
  }, [player, queue, autoPlay]);

  const current = state?.entries[state.index] ?? null;
  const name = player && current && nameOf(current, player);

  return (
    <section
      className={`voyo-player ${className}`}
      aria-label={texts.player}
      data-status={state?.status ?? "idle"}
      onKeyDown={(event) => player && onKey(event, player)}
    >
      <div className="voyo-head">
        <Art src={state?.artwork ?? null} />
        <div className="voyo-names">
          <Names state={state} name={name} texts={texts} />
          <Status player={player} state={state} texts={texts} />
        </div>
      </div>
      <SeekBar player={player} state={state} texts={texts} />
      <Buttons player={player} state={state} texts={texts} />
      {showQueue && player && state && state.queue.length > 0 && (
        <Queue player={player} state={state} texts={texts} />
      )}
      <Announcer state={state} texts={texts} name={name} />
    </section>
  );
}

interface Name {
  title: string;
  artist: string | null;
}

function nameOf(entry: TrackEntry, player: Player): Name {
  const info = player.infoOf(entry);
  return { title: info?.title ?? entry.id, artist: info?.artist ?? null };
}

interface PartProps {
  player: Player | null;
  state: PlayerState | null;
  texts: Texts;
}

function Art({ src }: { src: string | null }) {
  const [failed, setFailed] = useState<string | null>(null);

  return (
    <div className="voyo-art">
      <Icon name="note" />
      {src !== null && failed !== src && (
        <img key={src} src={src} alt="" onError={() => setFailed(src)} />
      )}
    </div>
  );
}

function Names({
  state,
  name,
  texts,
}: Omit<PartProps, "player"> & { name: Name | null }) {
  const waiting =
    state === null ||
    (state.status === "loading" && name?.title === state.track);

  if (waiting) {
    return (
      <div className="voyo-skeleton" aria-hidden="true">
        <span />
        <span />
      </div>
    );
  }
  return (
    <>
      <p className="voyo-title">{name?.title ?? texts.nothing}</p>
      <p className="voyo-artist">{name?.artist ?? "\u00a0"}</p>
    </>
  );
}

/** The time, updated each second while something is due. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());

  useEffect(() => {
    setNow(Date.now());
    if (running) {
      const timer = setInterval(() => setNow(Date.now()), 250);
      return () => clearInterval(timer);
    }
    return undefined;
  }, [running]);

  return now;
}

function Status({ player, state, texts }: PartProps) {
  const now = useNow(typeof state?.retryAt === "number");

  if (player === null || state === null) {
    return <p className="voyo-status">{texts.loading}</p>;
  }

  const { text, next } = describe(state, texts, now);
  const { status, error } = state;
  const failing = error ? status !== "playing" : status === "recovering";
  return (
    <div className="voyo-status">
      <p>
        {text} {next && <span>{next}</span>}
      </p>
      {failing && <Actions player={player} state={state} texts={texts} />}
    </div>
  );
}

function Actions({
  player,
  state,
  texts,
}: PartProps & { player: Player; state: PlayerState }) {
  const place = useRef<HTMLParagraphElement>(null);

  useLayoutEffect(() => {
    const { current } = place;
    return () => {
      // they disappear together with the focus
      if (current?.contains(document.activeElement)) {
        current
          .closest(".voyo-player")
          ?.querySelector<HTMLElement>(".voyo-main")
          ?.focus();
      }
    };
  }, []);

  return (
    <p className="voyo-actions" ref={place}>
      <button type="button" onClick={() => player.play()}>
        {texts.tryAgain}
      </button>
      {state.hasNext && (
        <button type="button" onClick={() => player.next()}>
          {texts.skip}
        </button>
      )}
    </p>
  );
}

function Buttons({ player, state, texts }: PartProps) {
  const off = player === null || state === null || state.track === null;
  const plays =
    state !== null &&
    !["idle", "paused", "blocked", "error"].includes(state.status);
  const repeat = state?.repeat ?? "off";

  return (
    <div className="voyo-buttons">
      <div className="voyo-transport">
        <Press
          label={texts.shuffle}
          off={player === null}
          mode={state?.shuffle ?? false}
          toggles
          onPress={() => player?.setShuffle(!state?.shuffle)}
        >
          <Icon name="shuffle" />
        </Press>
        <Press
          label={texts.previous}
          off={off}
          onPress={() => player?.previous()}
        >
          <Icon name="previous" />
        </Press>
        <Press
          label={plays ? texts.pause : texts.play}
          className="voyo-main"
          off={off}
          onPress={() => player?.toggle()}
        >
          <Icon name={plays ? "pause" : "play"} />
        </Press>
        <Press
          label={texts.next}
          off={off || !state.hasNext}
          onPress={() => player?.next()}
        >
          <Icon name="next" />
        </Press>
        <Press
          label={texts.repeats[repeat]}
          off={player === null}
          mode={repeat !== "off"}
          onPress={() => player?.setRepeat(AFTER[repeat])}
        >
          <Icon name={repeat === "one" ? "one" : "repeat"} />
        </Press>
      </div>
      {player?.canSetVolume !== false && (
        <Volume player={player} state={state} texts={texts} />
      )}
      <Menus player={player} state={state} texts={texts} />
    </div>
  );
}

/** While off, it keeps the focus and does nothing. */
function Press({
  label,
  off,
  onPress,
  mode,
  toggles = false,
  className = "",
  children,
}: {
  label: string;
  off: boolean;
  onPress: () => void;
  /** whether the mode is on */
  mode?: boolean;
  /** its label changes, so it needs no pressed state */
  toggles?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={`voyo-press ${className}`}
      aria-label={label}
      title={label}
      aria-disabled={off || undefined}
      aria-pressed={toggles ? mode : undefined}
      data-on={mode || undefined}
      onClick={off ? undefined : onPress}
    >
      {children}
    </button>
  );
}

function Menus({ player, state, texts }: PartProps) {
  const choice = state?.choice ?? "auto";
  const { qualities } = texts;

  return (
    <div className="voyo-menus">
      <label>
        <span>{texts.quality}</span>
        <select
          value={choice}
          disabled={player === null}
          onChange={(event) =>
            player?.setQuality(event.target.value as typeof choice)
          }
        >
          <option value="auto">
            {qualities.auto}
            {state && choice === "auto"
              ? ` (${qualities[state.quality].toLowerCase()})`
              : ""}
          </option>
          {QUALITIES.map((each) => (
            <option key={each} value={each}>
              {qualities[each]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{texts.rate}</span>
        <select
          value={state?.rate ?? 1}
          disabled={player === null}
          onChange={(event) => player?.setRate(Number(event.target.value))}
        >
          {RATES.map((each) => (
            <option key={each} value={each}>
              {each}×
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Queue({
  player,
  state,
  texts,
}: {
  player: Player;
  state: PlayerState;
  texts: Texts;
}) {
  return (
    <details className="voyo-queue" open>
      <summary>
        {texts.queue} <small>{texts.tracks(state.queue.length)}</small>
      </summary>
      <ol>
        {state.entries.map((entry, index) => {
          const { id } = entry;
          const { title, artist } = nameOf(entry, player);
          const current = index === state.index;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an id may repeat
            <li key={`${index} ${id}`}>
              <button
                type="button"
                aria-current={current ? "true" : undefined}
                onClick={() => player.select(index)}
              >
                <span className="voyo-number" aria-hidden="true">
                  {current ? <i className="voyo-bars" /> : index + 1}
                </span>
                <span className="voyo-what">
                  {title}
                  {artist !== null && <small>{artist}</small>}
                </span>
                <Known player={player} id={id} />
              </button>
            </li>
          );
        })}
      </ol>
    </details>
  );
}

function Known({ player, id }: { player: Player; id: string }) {
  const duration = player.infoOf(id)?.duration;
  const ready = player.prefetch.queue.get(id);

  return (
    <small className="voyo-known" data-prefetch={ready}>
      {duration ? clock(duration) : ""}
    </small>
  );
}

/** Announces changes to screen readers, once each. */
function Announcer({
  state,
  texts,
  name,
}: Omit<PartProps, "player"> & { name: Name | null }) {
  const [said, setSaid] = useState("");
  const text = state && announced(state, texts, name);

  if (text !== null && text !== said) {
    setSaid(text);
  }
  return (
    <p className="voyo-hidden" role="status" aria-live="polite">
      {said}
    </p>
  );
}

/** null while the outcome is unknown: the last announcement stays. */
function announced(
  state: PlayerState,
  texts: Texts,
  name: Name | null,
): string | null {
  const { status, error, track } = state;

  switch (status) {
    case "loading":
    case "buffering":
      return null;
    case "idle":
    case "paused":
      return "";
    case "playing": {
      // only the id is known yet; the title follows
      if (name === null || name.title === track) {
        return "";
      }
      const { title, artist } = name;
      return `${texts.playing}: ${artist ? texts.by(title, artist) : title}`;
    }
    case "recovering":
      return error && describe(state, texts).text;
    default:
      return describe(state, texts).text;
  }
}

/** Keys, while the focus is inside and not on an element that uses them. */
function onKey(event: KeyboardEvent<HTMLElement>, player: Player): void {
  const { target, key } = event;
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    !(target instanceof HTMLElement)
  ) {
    return;
  }

  const { position, volume, muted, duration } = player.state;
  const actions: Record<string, () => void> = {
    k: () => player.toggle(),
    j: () => player.seek(position - 10),
    l: () => player.seek(position + 10),
    m: () => player.setMuted(!muted),
    n: () => player.next(),
    p: () => player.previous(),
  };
  if (!target.matches("input, select")) {
    actions.ArrowLeft = () => player.seek(position - 5);
    actions.ArrowRight = () => player.seek(position + 5);
    actions.ArrowUp = () => player.setVolume(volume + 0.05);
    actions.ArrowDown = () => player.setVolume(volume - 0.05);
    actions.Home = () => player.seek(0);
    actions.End = () => player.seek(duration);
  }
  if (!target.matches("button, summary, select")) {
    actions[" "] = () => player.toggle();
  }
  if (target.matches("select")) {
    // letters select an option there
    return;
  }

  const action = actions[key.length === 1 ? key.toLowerCase() : key];
  if (action) {
    event.preventDefault();
    action();
  }
}
