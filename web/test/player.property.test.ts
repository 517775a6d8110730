// Whatever a listener, a browser, a network and a server do in whatever
// order: the laws of the player as a whole.

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import {
  BETWEEN_CHANGES,
  type Choice,
  QUALITIES,
  type Quality,
} from "../src/core/quality.js";
import type { Repeat } from "../src/core/queue.js";
import { fakePlayer } from "./fake.js";

const IDS = ["one", "two", "three", "four"];

type Step =
  | { do: "pass"; ms: number }
  | { do: "server"; status: number }
  | { do: "online"; is: boolean }
  | { do: "select"; index: number }
  | { do: "choose"; choice: Choice }
  | { do: "seek"; to: number }
  | { do: "insert" | "remove"; index: number }
  | { do: "shuffle"; on: boolean }
  | { do: "repeat"; repeat: Repeat }
  | { do: "play" | "pause" | "sounds" | "stalls" | "fails" | "ends" };

const simple = <D extends Step["do"]>(what: D) => fc.constant({ do: what });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.nat(12_000),
    }),
  },
  fc.record({
    do: fc.constant("server" as const),
    status: fc.constantFrom(0, 200, 404, 429, 502, 503),
  }),
  fc.record({ do: fc.constant("online" as const), is: fc.boolean() }),
  fc.record({ do: fc.constant("select" as const), index: fc.nat(3) }),
  fc.record({
    do: fc.constant("choose" as const),
    choice: fc.constantFrom("auto", ...QUALITIES),
  }),
  fc.record({ do: fc.constant("seek" as const), to: fc.nat(200) }),
  fc.record({
    do: fc.constantFrom("insert" as const, "remove" as const),
    index: fc.nat(4),
  }),
  fc.record({ do: fc.constant("shuffle" as const), on: fc.boolean() }),
  fc.record({
    do: fc.constant("repeat" as const),
    repeat: fc.constantFrom<Repeat>("off", "all", "one"),
  }),
  simple("play") as fc.Arbitrary<Step>,
  simple("pause") as fc.Arbitrary<Step>,
  { weight: 3, arbitrary: simple("sounds") as fc.Arbitrary<Step> },
  { weight: 2, arbitrary: simple("stalls") as fc.Arbitrary<Step> },
  { weight: 2, arbitrary: simple("fails") as fc.Arbitrary<Step> },
  simple("ends") as fc.Arbitrary<Step>,
);

const rank = (each: Quality) => QUALITIES.indexOf(each);

afterEach(() => {
  vi.useRealTimers();
});

test("the laws of the player", { timeout: 60_000 }, async () => {
  await import("p-retry");
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), live), {
    numRuns: 150,
  });
});

async function live(steps: Step[]): Promise<void> {
  vi.useFakeTimers();
  const it = fakePlayer();
  const { player } = it;
  const began = Date.now();
  const changes: { at: number; why: string }[] = [];
  let hands = 0;
  let servers = 0;

  player.on("quality", ({ from, to, why }) => {
    const last = changes.at(-1);
    const at = Date.now();
    if (why !== "user") {
      expect(at - (last?.at ?? -1e9)).toBeGreaterThanOrEqual(BETWEEN_CHANGES);
    }
    if (why === "stall" || why === "failure") {
      expect(rank(to)).toBeLessThan(rank(from));
    }
    changes.push({ at, why });
  });
  player.setQueue(IDS);

  for (const each of steps) {
    const before = changes.length;
    const was = player.state;
    servers += each.do === "server" ? 1 : 0;
    hands += each.do === "pass" || each.do === "server" ? 0 : 1;
    await act(it, each);

    const { state } = player;
    expect(state.track).toBe(state.queue[state.index] ?? null);
    expect(state.track === null).toBe(state.queue.length === 0);
    if (["insert", "shuffle", "repeat"].includes(each.do) && was.track) {
      expect(state).toEqual({
        ...state,
        track: was.track,
        status: was.status,
        position: was.position,
      });
    }
    const cap = state.choice === "auto" ? 2 : rank(state.choice);
    expect(rank(state.quality)).toBeLessThanOrEqual(cap);
    if (each.do === "server" || each.do === "online" || each.do === "pause") {
      expect(changes.length).toBe(before);
    }
    // what is paused, blocked or over asks for nothing
    if (state.status === "paused") {
      expect(state.retryAt).toBeNull();
    }

    const asked = it.server.of(/^HEAD(?!.*prefetch)/).length;
    const seconds = (Date.now() - began) / 1000;
    expect(asked).toBeLessThanOrEqual(seconds + 2 * hands + 1);
    // a reason only if the status differs, or everything starts over
    const reasons = it.server.of(/^GET.*stream/).length;
    expect(reasons).toBeLessThanOrEqual(servers + hands + seconds / 5 + 1);
  }

  player.destroy();
  const { length } = it.server.requests;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(it.server.requests.length).toBe(length);
}

async function act(
  it: ReturnType<typeof fakePlayer>,
  step: Step,
): Promise<void> {
  const { player, audio, server } = it;
  const loaded = audio.readyState > 0 && !audio.error;

  switch (step.do) {
    case "pass":
      await vi.advanceTimersByTimeAsync(step.ms);
      break;
    case "server":
      server.down = step.status === 0;
      server.on(/^HEAD/, { status: step.status || 200 });
      break;
    case "online":
      it.online(step.is);
      break;
    case "select":
      player.select(step.index);
      break;
    case "choose":
      player.setQuality(step.choice);
      break;
    case "seek":
      player.seek(step.to);
      break;
    case "insert":
      player.insert(step.index, IDS[step.index % IDS.length] as string);
      break;
    case "remove":
      player.remove(step.index);
      break;
    case "shuffle":
      player.setShuffle(step.on);
      break;
    case "repeat":
      player.setRepeat(step.repeat);
      break;
    case "play":
      player.play();
      break;
    case "pause":
      player.pause();
      break;
    case "sounds":
      if (audio.src && !audio.error) {
        audio.sounds();
      }
      break;
    case "stalls":
      if (loaded) {
        audio.stalls();
      }
      break;
    case "fails":
      if (audio.src) {
        audio.fails();
      }
      break;
    case "ends":
      if (loaded) {
        audio.ends();
      }
      break;
  }
  await vi.advanceTimersByTimeAsync(0);
}
