// The panel: events of the player, and facts about each request from the
// browser and the server.

import { useEffect, useReducer, useState } from "react";
import type { Player, PlayerState, Quality } from "../src/index.js";

interface Line {
  number: number;
  time: string;
  kind: string;
  text: string;
}

interface Facts {
  sound: string;
  firstByte: string;
  cache: string;
  cacheLater: string;
  server: string;
  served: string;
  size: string;
}

const NONE: Facts = {
  sound: "–",
  firstByte: "–",
  cache: "–",
  cacheLater: "",
  server: "–",
  served: "–",
  size: "–",
};
const MOST_LINES = 200;
// the server ignores unknown parameters
const OURS = "&panel=1";

export function Panel({ player }: { player: Player | null }) {
  const [lines, add] = useReducer(addLine, []);
  const [facts, setFacts] = useState(NONE);

  useEffect(() => {
    if (!player) {
      return undefined;
    }
    const told = (fresh: Partial<Facts>) =>
      setFacts((old) => ({ ...old, ...fresh }));
    const stops = [
      watchPlayer(player, add, told),
      watchRequests(player, add, told),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [player]);

  return (
    <section className="card panel" aria-labelledby="panel-title">
      <h2 id="panel-title">What happened</h2>
      <dl>
        <Fact name="First sound" value={facts.sound} />
        <Fact name="First byte" value={facts.firstByte} />
        <Fact name="Cache" value={cacheOf(facts)} />
        <Fact name="Server" value={facts.server} />
        <Fact name="Served" value={facts.served} />
        <Fact name="Size" value={facts.size} />
      </dl>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <ol id="log" tabIndex={0} aria-label="Events, the newest first">
        {lines.map(({ number, time, kind, text }) => (
          <li key={number} data-kind={kind}>
            <time>{time}</time> <b>{kind}</b> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** That of the audio's own request, once the browser reports it. */
function cacheOf({ cache, cacheLater }: Facts): string {
  return cache === "–" && cacheLater ? `${cacheLater} (asked later)` : cache;
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

let count = 0;

function addLine(lines: Line[], [kind, text]: [string, string]): Line[] {
  const time = new Date().toISOString().slice(11, 23);
  count += 1;
  return [{ number: count, time, kind, text }, ...lines].slice(0, MOST_LINES);
}

type Add = (line: [string, string]) => void;
type Told = (facts: Partial<Facts>) => void;

function watchPlayer(player: Player, add: Add, told: Told): () => void {
  let last: PlayerState = player.state;

  // until the browser has finished and reported the request
  let loading = 0;
  const onLoad = ({ type, target }: Event) => {
    if (target === player.active && type === "loadstart") {
      loading = performance.now();
    } else if (target === player.active && loading > 0) {
      told({ firstByte: `≤ ${Math.round(performance.now() - loading)} ms` });
      loading = 0;
    }
  };
  for (const each of player.elements) {
    each.addEventListener("loadstart", onLoad);
    each.addEventListener("loadedmetadata", onLoad);
  }

  const stops = [
    () => {
      for (const each of player.elements) {
        each.removeEventListener("loadstart", onLoad);
        each.removeEventListener("loadedmetadata", onLoad);
      }
    },
    player.on("state", (state) => {
      if (state.track !== last.track && state.track !== null) {
        told(NONE);
        add(["track", state.track]);
      }
      if (state.status !== last.status) {
        add(["state", `${state.status} at ${state.position.toFixed(1)} s`]);
        if (state.status === "error" && state.error) {
          const { cause, status, code } = state.error;
          add(["error", `${cause}, ${status} ${code ?? ""}`]);
        }
      }
      last = state;
    }),
    player.on("start", ({ id, ms, prepared }) => {
      const text = prepared
        ? `${ms} ms after the last, from the second element`
        : `${ms} ms after it was asked for`;
      told({ sound: `${ms} ms` });
      add(["sound", text]);
      void ask(player, id, player.state.quality, told);
    }),
    player.on("quality", ({ from, to, why }) => {
      add(["quality", `${from} → ${to}, by ${why}`]);
      if (player.state.track !== null && why !== "track") {
        void ask(player, player.state.track, to, told);
      }
    }),
    player.on("prefetch", (id, state) =>
      add(["prefetch", `${id} ${state ?? "forgotten"}`]),
    ),
    player.on("recover", ({ cause, status, attempt, delay }) =>
      add([
        "recover",
        `${cause} (${status || "no answer"}), try ${attempt} in ` +
          `${(delay / 1000).toFixed(1)} s`,
      ]),
    ),
  ];
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
}

/** An audio element exposes no headers, so a separate request gets one byte. */
async function ask(
  player: Player,
  id: string,
  quality: Quality,
  told: Told,
): Promise<void> {
  const { codec } = player.state;
  try {
    const { ok, headers } = await fetch(
      player.api.streamUrl(id, { quality, codec }) + OURS,
      { headers: { Range: "bytes=0-0" }, cache: "no-store" },
    );
    if (ok && player.state.track === id) {
      const size = Number(headers.get("Content-Range")?.split("/")[1]);
      told({
        served: headers.get("X-Voyo-Quality") ?? "–",
        size: `${(size / 1e6).toFixed(2)} MB`,
        cacheLater: headers.get("Cache-Status") ?? "",
      });
    }
  } catch {
    // the previous value stays
  }
}

/** Reports each request for a stream once the browser has finished it. */
function watchRequests(player: Player, add: Add, told: Told): () => void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
      if (!entry.name.includes("/cdn/stream/") || entry.name.endsWith(OURS)) {
        continue;
      }
      const wait = Math.round(entry.responseStart - entry.requestStart);
      const timings = entry.serverTiming.map(
        ({ name, duration, description }) =>
          `${name} ${description || `${duration} ms`}`,
      );
      const server = timings.find((each) => each.startsWith("resolve "));
      const cache = entry.serverTiming.find(({ name }) => name === "cache");
      const { initiatorType, transferSize, duration } = entry;
      const isAudio = initiatorType !== "fetch";

      add([
        isAudio ? "audio" : "fetch",
        `${new URL(entry.name).pathname}: first byte ${wait} ms, ` +
          (transferSize > 1000
            ? `${Math.round(transferSize / 1000)} kB, `
            : "") +
          [`done in ${Math.round(duration)} ms`, ...timings].join("; "),
      ]);
      if (
        isAudio &&
        wait > 0 &&
        entry.name.includes(`/${player.state.track}?`)
      ) {
        told({
          firstByte: `${wait} ms`,
          ...(server && { server }),
          ...(cache && { cache: cache.description }),
        });
      }
    }
  });
  observer.observe({ type: "resource", buffered: true });
  return () => observer.disconnect();
}
