import { type FormEvent, useEffect, useMemo, useState } from "react";
import { Api } from "../src/index.js";
import { AudioPlayer, type QueueItem, usePlayer } from "../src/react.js";
import { Health } from "./Health.js";
import { Panel } from "./Panel.js";

// ?tracks=ID,ID replaces tracks.json, ?base=URL this server; ?autoplay does not
// wait for a click, if the browser allows it
const asked = new URLSearchParams(location.search);
const ID = /(?:^|[=/])(vyo_[\w-]{15}|[\w-]{11})(?=$|[?&#\s])/;

export function Page() {
  const [tracks, setTracks] = useState<QueueItem[]>();
  const api = useMemo(() => new Api({ base: asked.get("base") ?? "" }), []);
  const player = usePlayer({ api });

  useEffect(() => {
    firstTracks().then(setTracks, () => setTracks([]));
  }, []);

  useEffect(() => {
    // for the browser's console
    Object.assign(globalThis, { voyo: player });
  }, [player]);

  return (
    <>
      <header>
        <h1>VOYO</h1>
        <Health base={api.base} />
      </header>
      <main>
        <div>
          <AudioPlayer
            player={player}
            autoPlay={asked.has("autoplay")}
            {...(tracks && { tracks })}
          />
          <AddTracks
            onAdd={(ids) => {
              const known = tracks ?? [];
              const fresh = ids.filter(
                (id) => !known.some((each) => each.id === id),
              );
              setTracks([...known, ...fresh.map((id) => ({ id }))]);
            }}
            onReplace={(ids) => setTracks(ids.map((id) => ({ id })))}
          />
        </div>
        <Panel player={player} />
      </main>
    </>
  );
}

async function firstTracks(): Promise<QueueItem[]> {
  const ids = asked.get("tracks");
  if (ids !== null) {
    return idsIn(ids).map((id) => ({ id }));
  }
  return (await fetch("tracks.json")).json() as Promise<QueueItem[]>;
}

/** The ids in a text of ids and addresses. */
function idsIn(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((each) => ID.exec(each)?.[1])
    .filter((each) => each !== undefined);
}

function AddTracks({
  onAdd,
  onReplace,
}: {
  onAdd: (ids: string[]) => void;
  onReplace: (ids: string[]) => void;
}) {
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");

  const take = (event: FormEvent | null, give: (ids: string[]) => void) => {
    event?.preventDefault();
    const ids = idsIn(text);
    if (ids.length === 0) {
      setSaid("There is no track id in that: it has 11 characters.");
      return;
    }
    setSaid(`${ids.length === 1 ? "1 track" : `${ids.length} tracks`} taken.`);
    setText("");
    give(ids);
  };

  return (
    <form className="card" onSubmit={(event) => take(event, onAdd)}>
      <label htmlFor="ids">Tracks, by their YouTube ids or addresses</label>
      <textarea
        id="ids"
        rows={2}
        spellCheck={false}
        autoComplete="off"
        placeholder="dQw4w9WgXcQ, fJ9rUzIMcZQ"
        aria-describedby="said"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="row">
        <button type="submit">Add to the queue</button>
        <button type="button" onClick={() => take(null, onReplace)}>
          Make it the queue
        </button>
        <output id="said">{said}</output>
      </div>
    </form>
  );
}
