// The system has one set of buttons, and a page may have more than one player.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectMediaSession } from "../src/components/media-session.js";
import type { Player } from "../src/core/player.js";
import { type FakeAudio, fakePlayer } from "./fake.js";

let it: ReturnType<typeof fakePlayer>;
let other: Player;
let session: {
  metadata: { title: string } | null;
  playbackState: string;
  positions: unknown[];
  handlers: Map<string, MediaSessionActionHandler>;
};
let stops: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  it = fakePlayer();
  other = it.make();
  const handlers = new Map<string, MediaSessionActionHandler>();
  session = { metadata: null, playbackState: "none", positions: [], handlers };
  Object.assign(it.navigator, {
    mediaSession: Object.assign(session, {
      setPositionState: (state: unknown) => session.positions.push(state),
      setActionHandler: (name: string, handler: MediaSessionActionHandler) => {
        if (name === "stop") {
          throw new TypeError("never heard of it");
        }
        handler ? handlers.set(name, handler) : handlers.delete(name);
      },
    }),
  });
  vi.stubGlobal(
    "MediaMetadata",
    class {
      constructor(what: object) {
        Object.assign(this, what);
      }
    },
  );
  stops = [it.player, other].map(connectMediaSession);
});

afterEach(() => {
  for (const stop of stops) {
    stop();
  }
  it.player.destroy();
  other.destroy();
});

async function plays(player: Player, id: string): Promise<void> {
  player.setQueue([id, `${id}-next`]);
  player.play();
  (player.active as unknown as FakeAudio).sounds();
  await vi.advanceTimersByTimeAsync(300);
}

function press(
  action: MediaSessionAction,
  details: Partial<MediaSessionActionDetails> = {},
): void {
  const handler = session.handlers.get(action);
  expect(handler, action).toBeDefined();
  handler?.({ action, ...details });
}

test("each of the system's buttons does what it says", async () => {
  await plays(it.player, "one");
  const { player } = it;
  press("pause");
  expect(player.state.status).toBe("paused");
  press("play");
  expect(player.state.status).toBe("playing");
  press("seekto", { seekTime: 100 });
  expect(player.state.position).toBe(100);
  press("seekforward");
  expect(player.state.position).toBe(110);
  press("seekforward", { seekOffset: 30 });
  expect(player.state.position).toBe(140);
  press("seekbackward");
  expect(player.state.position).toBe(130);
  press("seekbackward", { seekOffset: 5 });
  expect(player.state.position).toBe(125);
  press("previoustrack");
  expect(player.state.position).toBe(0);
  press("nexttrack");
  expect(player.state.track).toBe("one-next");
  press("previoustrack");
  expect(player.state.track).toBe("one");
});

test("stop is a pause at the beginning", async () => {
  const set = vi.fn();
  Object.assign(session, { setActionHandler: set });
  await plays(it.player, "one");
  it.player.seek(100);
  set.mock.calls.find(([name]) => name === "stop")?.[1]();
  expect(it.player.state).toMatchObject({ status: "paused", position: 0 });
});

test("it shows what plays and where it is", async () => {
  await plays(it.player, "one");
  expect(session.metadata).toMatchObject({
    title: "Title of any",
    artist: "Artist",
    album: "",
    artwork: [{ src: "/cdn/art/one" }],
  });
  expect(session.playbackState).toBe("playing");
  it.player.seek(50);
  it.player.setRate(1.5);
  expect(session.positions.at(-1)).toEqual({
    duration: 200,
    position: 50,
    playbackRate: 1.5,
  });
  it.player.pause();
  expect(session.playbackState).toBe("paused");
  it.player.setQueue([]);
  expect(session.metadata).toBeNull();
  expect(session.playbackState).toBe("none");
});

test("and what the page says of it, also when it says it later", async () => {
  await plays(it.player, "one");
  const artwork = "https://app.example/one.jpg";
  it.player.setQueue([{ id: "one", title: "Mine", album: "Ours", artwork }]);
  expect(session.metadata).toMatchObject({
    title: "Mine",
    artist: "Artist",
    album: "Ours",
    artwork: [{ src: artwork }],
  });
});

test("what it shows ends where the record says", async () => {
  await plays(it.player, "one");
  it.audio.duration = 400;
  press("seekto", { seekTime: 190 });
  expect(session.positions.at(-1)).toEqual({
    duration: 200,
    position: 190,
    playbackRate: 1,
  });
});

test("a player that does not play takes nothing and wipes nothing", async () => {
  expect(session.handlers.size).toBe(0);
  await plays(it.player, "one");
  const { metadata } = session;
  other.setQueue(["two"]);
  const stop = connectMediaSession(other);
  expect(session.metadata).toBe(metadata);
  expect(session.playbackState).toBe("playing");
  stop();
  expect(session.metadata).toBe(metadata);
  press("pause");
  expect(it.player.state.status).toBe("paused");
});

test("they are of the one that began last, and end with that one", async () => {
  await plays(it.player, "one");
  await plays(other, "two");
  await vi.advanceTimersByTimeAsync(1000);
  it.player.seek(20);
  press("pause");
  expect(other.state.status).toBe("paused");
  expect(it.player.state.status).toBe("playing");

  it.player.pause();
  it.player.play();
  expect(session.metadata).toMatchObject({
    artwork: [{ src: "/cdn/art/one" }],
  });
  stops[1]?.();
  press("pause");
  expect(it.player.state.status).toBe("paused");
  stops[0]?.();
  expect(session.handlers.size).toBe(0);
  expect(session.metadata).toBeNull();
});

test("a browser without one is left alone", () => {
  Object.assign(it.navigator, { mediaSession: undefined });
  connectMediaSession(it.player)();
});
