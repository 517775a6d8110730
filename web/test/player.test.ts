import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Player } from "../src/core/player.js";
import { fakePlayer, info, PAGE, settle } from "./fake.js";

let it: ReturnType<typeof fakePlayer>;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  it = fakePlayer();
});

afterEach(() => {
  it.player.destroy();
  expect(vi.getTimerCount()).toBe(0);
});

async function playing(ids = ["one", "two", "three"]): Promise<void> {
  it.player.setQueue(ids);
  it.player.play();
  it.audio.sounds();
  await settle();
}

const status = () => it.player.state.status;
const heads = () => it.server.of(/^HEAD (?!.*prefetch)/).length;

describe("states", () => {
  test("from nothing to sound and back", async () => {
    expect(status()).toBe("idle");
    it.player.setQueue(["one"]);
    expect(status()).toBe("paused");
    expect(it.audio.preload).toBe("metadata");
    it.player.play();
    expect(status()).toBe("loading");
    it.audio.sounds();
    expect(status()).toBe("playing");
    it.player.pause();
    expect(status()).toBe("paused");
    it.player.toggle();
    expect(status()).toBe("playing");
    await pass(1000);
    it.audio.stalls();
    expect(status()).toBe("buffering");
    it.audio.moves();
    expect(status()).toBe("playing");
    it.player.setQueue([]);
    expect(status()).toBe("idle");
    expect(it.audio.src).toBe("");
  });

  test("the end of the queue is a pause, and play starts over", async () => {
    await playing(["one"]);
    it.audio.ends();
    expect(status()).toBe("paused");
    it.player.play();
    expect(it.player.state.position).toBe(0);
    expect(it.audio.sources).toHaveLength(1);
  });

  test("a seek to the end stays there, silent, when it was paused", async () => {
    await playing();
    it.player.pause();
    await settle();
    const { plays } = it.audio;
    it.player.seek(200);
    it.audio.ends();
    await settle();
    expect(it.player.state).toMatchObject({
      track: "one",
      status: "paused",
      position: 200,
    });
    expect(it.audio.plays).toBe(plays);
    it.player.play();
    expect(it.player.state).toMatchObject({ track: "one", position: 0 });
  });

  test("and when it was blocked", async () => {
    it.player.setQueue(["one", "two"]);
    it.audio.refuse = "NotAllowedError";
    it.player.play();
    await settle();
    it.audio.loaded();
    it.player.seek(200);
    it.audio.ends();
    await settle();
    expect(it.player.state).toMatchObject({ track: "one", status: "blocked" });
    expect(it.audio.plays).toBe(1);
  });

  test("a refused autoplay is blocked, and never tried again", async () => {
    it.player.setQueue(["one"]);
    it.audio.refuse = "NotAllowedError";
    it.player.play();
    await settle();
    expect(status()).toBe("blocked");
    await pass(120_000);
    expect(it.audio.plays).toBe(1);
    expect(heads()).toBe(0);
    it.audio.refuse = null;
    it.player.toggle();
    it.audio.sounds();
    expect(status()).toBe("playing");
  });

  test("nor when it fails meanwhile, and nothing is skipped", async () => {
    it.server.on(/HEAD/, { status: 404 });
    it.player.setQueue(["one", "two", "three"]);
    it.audio.refuse = "NotAllowedError";
    it.player.play();
    await settle();
    it.audio.fails();
    await pass(120_000);
    expect(it.player.state).toMatchObject({ track: "one", status: "blocked" });
    expect([it.audio.plays, heads()]).toEqual([1, 0]);
    it.audio.refuse = null;
    it.player.play();
    it.audio.sounds();
    expect(status()).toBe("playing");
  });

  test("nor when it had failed before it was refused", async () => {
    it.server.on(/HEAD/, { status: 502 });
    it.player.setQueue(["one", "two", "three"]);
    let refuse = () => {};
    it.audio.play = () =>
      new Promise((_, reject) => {
        refuse = () =>
          reject(Object.assign(new Error(), { name: "NotAllowedError" }));
      });
    it.player.play();
    it.audio.fails();
    await settle();
    expect(status()).toBe("recovering");
    refuse();
    await pass(120_000);
    expect(it.player.state).toMatchObject({
      track: "one",
      status: "blocked",
      retryAt: null,
    });
    expect(it.audio.sources).toHaveLength(1);
  });

  test("nor by another quality", async () => {
    it.player.setQueue(["one"]);
    it.audio.refuse = "NotAllowedError";
    it.player.play();
    await settle();
    it.audio.refuse = null;
    it.player.setQuality("low");
    await settle();
    expect(it.audio.src).toContain("quality=low");
    expect(it.audio.plays).toBe(1);
    expect(status()).toBe("blocked");
  });

  test("what sounds is not blocked, whoever began it", async () => {
    it.player.setQueue(["one"]);
    it.audio.refuse = "NotAllowedError";
    it.player.play();
    await settle();
    expect(status()).toBe("blocked");
    it.audio.refuse = null;
    void it.audio.play();
    it.audio.say("play");
    it.audio.sounds();
    expect(status()).toBe("playing");
  });

  test("a play that another took the place of is no refusal", async () => {
    it.player.setQueue(["one"]);
    it.audio.refuse = "AbortError";
    it.player.play();
    await settle();
    expect(status()).toBe("loading");
  });

  test("a pause by the system is a pause, and so is a play", async () => {
    await playing();
    it.audio.pause();
    await settle();
    expect(status()).toBe("paused");
    void it.audio.play();
    it.audio.say("play");
    expect(status()).toBe("playing");
  });

  test("time to sound is told", async () => {
    const starts: unknown[] = [];
    it.player.on("start", (what) => starts.push(what));
    it.player.setQueue(["one"]);
    it.player.play();
    await pass(300);
    it.audio.sounds();
    expect(starts).toEqual([{ id: "one", ms: 300, prepared: false }]);
  });
});

describe("the request", () => {
  test("always names quality and codec", () => {
    it.player.setQueue(["one"]);
    expect(it.audio.src).toBe("/cdn/stream/one?quality=high&codec=opus");
  });

  test("name and picture are asked for once a track is heard, or stays", async () => {
    it.player.setQueue(["one", "two", "three"]);
    it.player.play();
    for (const _ of [1, 2]) {
      it.audio.loaded();
      await pass(900);
      expect(it.player.state.artwork).toBeNull();
      it.player.next();
    }
    expect(it.server.of(/track/)).toEqual([]);
    it.audio.sounds();
    await settle();
    expect(it.player.state.info?.title).toBe("Title of any");
    expect(it.player.state.artwork).toBe("/cdn/art/three");
    it.player.previous();
    expect(it.player.state.artwork).toBeNull();
    // of one that is not there yet only its picture
    await pass(1000);
    expect(it.player.state.artwork).toBe("/cdn/art/two");
    expect(it.server.of(/track/)).toHaveLength(1);
    it.audio.loaded();
    await settle();
    expect(it.server.of(/track/)).toHaveLength(2);
    it.player.next();
    it.audio.sounds();
    await settle();
    expect(it.server.of(/track/)).toHaveLength(2);
  });
});

describe("the queue", () => {
  test("what plays goes on in a new queue", async () => {
    await playing();
    const { sources } = it.audio;
    it.player.setQueue(["zero", "one", "four"]);
    expect(it.player.state.index).toBe(1);
    expect(sources).toHaveLength(1);
    it.player.next();
    expect(it.player.state.track).toBe("four");
  });

  test("a track that is in it twice stays where it is", async () => {
    it.player.setQueue(["one", "two", "one"]);
    it.player.select(2);
    it.player.setQueue(["one", "two", "one", "three"]);
    expect(it.player.state.index).toBe(2);
  });

  test("of two that are the same, the nearer one goes on", async () => {
    it.player.setQueue(["one", "two", "three", "one"]);
    it.player.select(3);
    it.player.setQueue(["one", "two", "one"]);
    expect(it.player.state).toMatchObject({ index: 2, track: "one" });
    it.player.setQueue(["one", "two", "three", "one"]);
    expect(it.player.state).toMatchObject({ index: 3, track: "one" });
    expect(it.audio.sources).toHaveLength(2);
  });

  test("an index that was not found is its first", async () => {
    it.player.setQueue(["seven", "eight"], -1);
    expect(it.player.state).toMatchObject({ index: 0, track: "seven" });
    it.player.setQueue(["nine", "ten"], -1);
    expect(it.player.state).toMatchObject({ index: 0, track: "nine" });
    it.player.setQueue(["one", "two"], 7);
    expect(it.player.state).toMatchObject({ index: 1, track: "two" });
  });

  test("a queue without what plays starts at its own first", async () => {
    await playing();
    it.player.setQueue(["seven", "eight"]);
    expect(it.player.state.track).toBe("seven");
    expect(status()).toBe("loading");
  });

  test("previous: this track's start first, then the one before", async () => {
    await playing();
    it.player.next();
    it.audio.sounds();
    await pass(5000);
    it.player.previous();
    expect(it.player.state.track).toBe("two");
    expect(it.audio.currentTime).toBe(0);
    it.player.previous();
    expect(it.player.state.track).toBe("one");
    expect(status()).toBe("loading");
  });

  test("next at the end and an index outside do nothing", async () => {
    await playing(["one"]);
    it.player.next();
    it.player.select(7);
    expect(it.player.state.track).toBe("one");
    expect(status()).toBe("playing");
  });

  test("an end brings the next", async () => {
    await playing();
    it.audio.ends();
    expect(it.player.state.track).toBe("two");
    expect(status()).toBe("loading");
  });
});

describe("a queue that is changed", () => {
  const prefetches = () => it.server.of(/prefetch=true/);

  test("what plays goes on, and what follows is what is prepared", async () => {
    await playing(["one", "two"]);
    await pass(171_000);
    expect(it.other.src).toContain("/two?");
    const { sources } = it.audio;
    const { length } = sources;

    it.player.append("three", { id: "four" });
    expect(it.player.state.queue).toEqual(["one", "two", "three", "four"]);
    expect(it.other.src).toContain("/two?");
    it.player.insert(1, "next");
    expect(it.other.src).toBe("");
    await pass(1000);
    expect(prefetches().at(-1)).toContain("/next?");
    expect(it.other.src).toContain("/next?");
    it.player.insert(0, "before");
    expect(it.player.state).toMatchObject({ track: "one", index: 1 });
    it.player.remove(2);
    expect(it.other.src).toBe("");
    it.player.remove(0);
    await pass(1000);
    expect(it.other.src).toContain("/two?");
    expect(it.player.state).toMatchObject({
      status: "playing",
      queue: ["one", "two", "three", "four"],
      index: 0,
      position: 173,
    });
    expect(sources).toHaveLength(length);
  });

  test("the first track of an empty queue is there, and silent", async () => {
    it.player.append();
    expect(status()).toBe("idle");
    it.player.append("one", "two");
    expect(it.player.state).toMatchObject({ track: "one", status: "paused" });
    expect(it.audio.preload).toBe("metadata");
    it.player.play();
    expect(status()).toBe("loading");
  });

  test("without what plays, the one behind it plays", async () => {
    await playing();
    await pass(1000);
    it.player.remove(0);
    expect(it.player.state).toMatchObject({
      track: "two",
      status: "loading",
      position: 0,
    });
    it.audio.sounds();
    it.player.remove(1);
    expect(status()).toBe("playing");
    it.player.append("four");
    it.player.pause();
    it.player.remove(0);
    expect(it.player.state).toMatchObject({ track: "four", status: "paused" });
    it.player.remove(0);
    expect(it.player.state).toMatchObject({ track: null, status: "idle" });
    expect(it.audio.src).toBe("");
  });

  test("without the last one, nothing plays, unless all repeat", async () => {
    await playing(["one", "two"]);
    it.player.select(1);
    it.audio.sounds();
    it.player.remove(1);
    expect(it.player.state).toMatchObject({ track: "one", status: "paused" });
    it.player.append("two", "three");
    it.player.setRepeat("all");
    it.player.select(2);
    it.audio.sounds();
    it.player.remove(2);
    expect(it.player.state).toMatchObject({ track: "one", status: "loading" });
  });

  test("a track that is removed is not skipped to, and none is stormed", async () => {
    await playing(["one", "two"]);
    await pass(171_000);
    it.player.remove(1);
    expect(it.other.src).toBe("");
    expect(it.player.prefetch.queue.size).toBe(0);
    it.player.remove(7);
    it.audio.ends();
    expect(it.player.state).toMatchObject({ track: "one", status: "paused" });
  });

  test("no track, and nothing changes", async () => {
    await playing();
    const { state } = it.player;
    const wrong = { title: "no id" } as unknown as string;
    expect(() => it.player.append("four", wrong)).toThrow("a track has no id");
    expect(() => it.player.setQueue([wrong])).toThrow(TypeError);
    expect(() => it.player.insert(Number.NaN, "four")).toThrow(TypeError);
    expect(() => it.player.remove(0.5)).toThrow(TypeError);
    expect(() => it.player.setRepeat("some" as "all")).toThrow(TypeError);
    expect(it.player.state).toEqual(state);
  });

  test("shuffled, the new next one is prepared, and back", async () => {
    vi.mocked(Math.random).mockReturnValue(0.999);
    await playing();
    await pass(171_000);
    expect(it.other.src).toContain("/two?");
    it.player.setShuffle(true);
    expect(it.player.state).toMatchObject({
      shuffle: true,
      queue: ["one", "three", "two"],
      index: 0,
      status: "playing",
    });
    await pass(1000);
    expect(it.other.src).toContain("/three?");
    it.other.loaded();
    it.audio.ends();
    expect(it.player.state.track).toBe("three");
    it.audio.sounds();
    const { length } = it.audio.sources;
    it.player.setShuffle(false);
    expect(it.player.state).toMatchObject({
      shuffle: false,
      queue: ["one", "two", "three"],
      index: 2,
      hasNext: false,
      status: "playing",
    });
    expect(it.audio.sources).toHaveLength(length);
  });
});

describe("repeat", () => {
  const prefetches = () => it.server.of(/prefetch=true/).length;

  test("one: the same from its start, by its own element", async () => {
    await playing();
    it.player.setRepeat("one");
    await pass(195_000);
    expect([prefetches(), it.other.src]).toEqual([0, ""]);
    const starts: unknown[] = [];
    it.player.on("start", (what) => starts.push(what));
    const { plays } = it.audio;
    it.audio.ends();
    expect(it.player.state).toMatchObject({
      track: "one",
      position: 0,
      hasNext: true,
    });
    expect(it.audio.currentTime).toBe(0);
    expect(it.audio.plays).toBe(plays + 1);
    it.audio.ended = false;
    await pass(30);
    it.audio.moves();
    expect(starts).toEqual([{ id: "one", ms: 30, prepared: true }]);
    await pass(5000);
    expect(it.player.state).toMatchObject({ status: "playing", position: 5 });
    expect(it.audio.sources).toHaveLength(1);
    // who asks for the next one means another one
    it.player.next();
    expect(it.player.state.track).toBe("two");
  });

  test("one, of a file that is longer than its record", async () => {
    await playing(["one"]);
    it.audio.duration = 400;
    it.player.setRepeat("one");
    it.player.seek(198);
    await pass(2500);
    expect(it.player.state.position).toBeLessThan(1);
    expect(it.audio.sources).toHaveLength(1);
    expect(it.audio.paused).toBe(false);
  });

  test("one: a better quality from where it starts again", async () => {
    await playing(["one"]);
    await pass(10_000);
    it.audio.stalls();
    await pass(2500);
    expect(it.events).toEqual(["high → medium: stall"]);
    it.audio.sounds();
    it.player.setRepeat("one");
    await pass(20_000);
    it.audio.networkState = 2;
    for (let end = 100; end <= 200; end += 10) {
      it.audio.ranges = [[0, end]];
      await pass(250);
    }
    it.audio.ends();
    expect(it.events).toEqual(["high → medium: stall", "medium → high: track"]);
    expect(it.audio.src).toBe("/cdn/stream/one?quality=high&codec=opus");
  });

  test("all: the first follows the last, and is prepared", async () => {
    await playing(["one", "two"]);
    it.player.select(1);
    it.audio.sounds();
    await pass(100_000);
    expect(it.player.state.hasNext).toBe(false);
    it.player.setRepeat("all");
    expect(it.player.state).toMatchObject({ repeat: "all", hasNext: true });
    await pass(71_000);
    expect(it.server.of(/prefetch=true/).at(-1)).toContain("/one?");
    expect(it.other.src).toContain("/one?");
    it.other.loaded();
    it.audio.ends();
    expect(it.player.state).toMatchObject({ track: "one", index: 0 });
    it.player.setRepeat("off");
    it.audio.sounds();
    it.player.previous();
    expect(it.player.state.track).toBe("one");
    it.player.setRepeat("all");
    it.player.previous();
    expect(it.player.state.track).toBe("two");
    it.player.next();
    expect(it.player.state.track).toBe("one");
  });

  test("all, of one: it plays again, and is not warmed", async () => {
    await playing(["one"]);
    it.player.setRepeat("all");
    await pass(195_000);
    expect([prefetches(), it.other.src]).toEqual([0, ""]);
    it.audio.ends();
    expect(it.player.state).toMatchObject({ track: "one", position: 0 });
    expect(it.audio.sources).toHaveLength(1);
  });

  test("what is no longer next is dropped", async () => {
    await playing();
    await pass(171_000);
    expect(it.other.src).toContain("/two?");
    it.player.setRepeat("one");
    expect(it.other.src).toBe("");
    expect(it.player.prefetch.queue.size).toBe(0);
  });

  test("what is gone is skipped once around, and no more", async () => {
    it.player.setRepeat("all");
    await playing();
    it.server.on(/HEAD/, { status: 404 });
    const met: (string | null)[] = [];
    for (let i = 0; i < 10; i++) {
      met.push(it.player.state.track);
      it.audio.fails();
      await pass(6000);
    }
    expect(met).toEqual([
      "one",
      "two",
      ..."three ".repeat(8).trim().split(" "),
    ]);
    expect(it.player.state).toMatchObject({ status: "error", retryAt: null });

    // what sounds in between is counted from
    it.player.next();
    it.audio.sounds();
    await pass(1000);
    it.audio.fails();
    await pass(6000);
    expect(it.player.state.track).toBe("two");
  });

  test("one that is gone is skipped too", async () => {
    await playing();
    it.player.setRepeat("one");
    it.server.on(/HEAD/, { status: 404 });
    it.audio.fails();
    await pass(6000);
    expect(it.player.state.track).toBe("two");
  });
});

describe("what a track is called", () => {
  const picture = "https://app.example/one.jpg";

  test("is what the page says, and beside that what the server does", async () => {
    it.player.setQueue([
      { id: "one", title: "Mine", artwork: picture },
      "two",
      { id: "one", artist: "Me" },
    ]);
    const { entries } = it.player.state;
    expect(it.player.state.info).toMatchObject({
      id: "one",
      title: "Mine",
      artist: null,
      duration: null,
    });
    expect(it.player.infoOf("two")).toBeNull();
    it.player.play();
    it.audio.sounds();
    await settle();
    expect(it.player.state.info).toMatchObject({
      id: "one",
      title: "Mine",
      artist: "Artist",
      duration: 200,
    });
    expect(it.player.infoOf("one")).toEqual(it.player.state.info);
    expect(entries[2] && it.player.infoOf(entries[2])).toMatchObject({
      title: "Title of any",
      artist: "Me",
    });
    expect(it.player.artOf("one")).toBe(picture);
    expect(it.player.artOf("two")).toBe("/cdn/art/two");
    expect(entries[2] && it.player.artOf(entries[2])).toBe("/cdn/art/one");
  });

  test("may be said later, and what plays goes on", async () => {
    await playing(["one", "two"]);
    it.player.setQueue([{ id: "one", title: "Mine" }, { id: "two" }]);
    expect(it.player.state).toMatchObject({
      status: "playing",
      queue: ["one", "two"],
      info: { title: "Mine", duration: 200 },
    });
    expect(it.audio.sources).toHaveLength(1);
  });
});

describe("seeking", () => {
  test("stays inside the track", async () => {
    await playing();
    it.player.seek(-5);
    expect(it.audio.currentTime).toBe(0);
    it.player.seek(1e6);
    expect(it.audio.currentTime).toBe(200);
  });

  test("before anything is known it counts when it is", async () => {
    it.player.setQueue(["one"]);
    it.player.seek(50);
    it.audio.loaded();
    expect(it.audio.currentTime).toBe(50);
  });
});

describe("what is no value", () => {
  type Call = [string, (player: Player) => void, typeof TypeError];
  const wrong = (value: unknown) => value as number;
  const calls: Call[] = [
    ...[undefined, null, "1", Number.NaN, 1 / 0, -1 / 0, {}].flatMap(
      (value): Call[] => [
        [`seek(${value})`, (it) => it.seek(wrong(value)), TypeError],
        [`setVolume(${value})`, (it) => it.setVolume(wrong(value)), TypeError],
        [`setRate(${value})`, (it) => it.setRate(wrong(value)), TypeError],
      ],
    ),
    ...[0, -1, 0.0624, 16.1, 100].map(
      (rate): Call => [
        `setRate(${rate})`,
        (it) => it.setRate(rate),
        RangeError,
      ],
    ),
    ...[1.5, Number.NaN, undefined, "1", 1 / 0].flatMap((value): Call[] => [
      [`select(${value})`, (it) => it.select(wrong(value)), TypeError],
      [
        `setQueue([], ${value === undefined ? null : value})`,
        (it) => it.setQueue(["four"], wrong(value ?? null)),
        TypeError,
      ],
    ]),
    ...["loud", undefined, 1].map(
      (value): Call => [
        `setQuality(${value})`,
        (it) => it.setQuality(value as "auto"),
        TypeError,
      ],
    ),
  ];

  test.each(calls)("%s is refused, and nothing changes", async (...call) => {
    const [, refused, error] = call;
    await playing();
    await pass(1000);
    const { state } = it.player;
    expect(() => refused(it.player)).toThrow(error);
    expect(it.player.state).toEqual(state);
    expect(it.storage.items.size).toBe(0);
    expect(it.audio.sources).toHaveLength(1);
    await pass(1000);
    expect(it.player.state).toMatchObject({ status: "playing", position: 2 });
  });

  test("each says what it is", () => {
    expect(() => it.player.seek(Number.NaN)).toThrow(
      "a position is not a finite number: NaN",
    );
    expect(() => it.player.setRate(0)).toThrow(
      "a rate is not within 0.0625 and 16: 0",
    );
    expect(() => it.player.select(1.5)).toThrow(
      "an index is not a whole number: 1.5",
    );
    expect(() => it.player.setQuality("loud" as "auto")).toThrow(
      "a quality is none of auto, low, medium, high: loud",
    );
    expect(() => fakePlayer({ skipAfter: Number.NaN })).toThrow(TypeError);
  });

  test.each([0.0625, 16])("a rate of %d is one", (rate) => {
    it.player.setRate(rate);
    expect(it.player.state.rate).toBe(rate);
  });
});

describe("a file that is longer than its record", () => {
  const RECORD = 5;

  async function trapped(ids = ["trap", "two"], duration = RECORD) {
    it.server.on(/\/cdn\/track\//, {
      status: 200,
      body: { ...info("any"), duration },
    });
    it.player.setQueue(ids);
    it.player.play();
    it.audio.sounds(2 * duration);
    await settle();
  }

  test("is shown as long as the record says", async () => {
    await trapped();
    expect(it.player.state).toMatchObject({ duration: 5, buffered: [[0, 5]] });
    it.audio.ranges = [
      [0, 2],
      [6, 10],
    ];
    await pass(250);
    expect(it.player.state.buffered).toEqual([[0, 2]]);
  });

  test("ends there, and the next one plays", async () => {
    await trapped();
    await pass(4900);
    expect(it.player.state.track).toBe("trap");
    const ended: number[] = [];
    it.player.on("state", ({ track, position, duration }) => {
      if (track === "trap") {
        expect(position).toBeLessThanOrEqual(duration);
      } else if (ended.length === 0) {
        ended.push(Date.now());
      }
    });
    const now = Date.now();
    await pass(500);
    expect(it.player.state).toMatchObject({ track: "two", position: 0 });
    expect(it.audio.src).toContain("/two?");
    expect(ended[0]).toBeLessThanOrEqual(now + 250);
  });

  test("to some 20 ms, though nothing tells of it between two looks", async () => {
    await trapped(["trap"]);
    await pass(4500);
    const { audio } = it;
    audio.stalls();
    audio.readyState = 4;
    const began = Date.now();
    const sound = setInterval(() => {
      if (!audio.paused) {
        audio.currentTime = 4.6 + (Date.now() - began) / 1000;
      }
    }, 10);
    await pass(520);
    clearInterval(sound);
    expect(status()).toBe("paused");
    expect(audio.currentTime).toBeLessThan(5.03);
    await settle();
  });

  test("without a next one it is a pause, and play starts over", async () => {
    await trapped(["trap"]);
    await pass(5500);
    expect(it.player.state).toMatchObject({ status: "paused", position: 5 });
    expect(it.audio.paused).toBe(true);
    await pass(60_000);
    expect(it.audio.paused).toBe(true);
    it.player.play();
    expect(it.player.state).toMatchObject({ status: "playing", position: 0 });
    expect(it.audio.currentTime).toBe(0);
    expect(it.audio.sources).toHaveLength(1);
  });

  test("also when the record is late", async () => {
    let answer = () => {};
    const { fetch } = it.server;
    vi.spyOn(it.player.api, "track").mockImplementation(async (id) => {
      await new Promise<void>((resolve) => {
        answer = id === "trap" ? resolve : answer;
      });
      return (await fetch(`/cdn/track/${id}`)).json();
    });
    await trapped();
    await pass(3000);
    expect(it.player.state).toMatchObject({ duration: 10 });
    await pass(4000);
    expect(it.player.state).toMatchObject({ track: "trap", position: 7 });
    answer();
    await settle();
    expect(it.player.state).toMatchObject({ duration: 5, position: 5 });
    await pass(250);
    expect(it.player.state.track).toBe("two");
  });

  test("a seek past it is one to its end", async () => {
    await trapped();
    it.player.seek(9);
    expect(it.player.state).toMatchObject({ track: "two", position: 0 });
  });

  test("which alone must not sound", async () => {
    await trapped();
    it.player.pause();
    await settle();
    it.player.seek(9);
    await pass(1000);
    expect(it.player.state).toMatchObject({
      track: "trap",
      status: "paused",
      position: 5,
    });
    expect(it.audio.currentTime).toBe(5);
    it.player.play();
    expect(it.player.state).toMatchObject({ track: "trap", position: 0 });
  });

  test("the next one is warmed and prepared by it", async () => {
    await trapped(["trap", "two"], 100);
    const warmed = () => it.server.of(/two.*prefetch=true/).length;
    await pass(49_000);
    expect([warmed(), it.other.src]).toEqual([0, ""]);
    await pass(2000);
    expect([warmed(), it.other.src]).toEqual([1, ""]);
    await pass(20_000);
    expect(it.other.src).toContain("/two?");
    it.other.loaded();
    const starts: unknown[] = [];
    it.player.on("start", (what) => starts.push(what));
    await pass(28_900);
    expect(it.player.state.track).toBe("trap");
    await pass(200);
    expect(it.player.state.track).toBe("two");
    it.audio.sounds();
    expect(starts).toEqual([
      { id: "two", ms: expect.any(Number), prepared: true },
    ]);
  });

  test("one that is a little longer plays to its own end", async () => {
    await trapped(["trap", "two"], 199);
    it.audio.duration = 200.9;
    it.player.seek(199.5);
    await pass(1000);
    expect(it.player.state).toMatchObject({ track: "trap", duration: 200.9 });
    it.audio.ends();
    expect(it.player.state.track).toBe("two");
  });

  test("the record of one track is not the next one's", async () => {
    await trapped();
    it.server.on(/\/cdn\/track\/two/, { status: 404 });
    it.player.next();
    it.audio.sounds(60);
    await pass(20_000);
    expect(it.player.state).toMatchObject({ track: "two", duration: 60 });
  });
});

describe("volume and rate", () => {
  test("both elements have the volume, each new source the rate", async () => {
    await playing();
    it.player.setVolume(0.3);
    it.player.setRate(1.5);
    expect(it.audio.volume).toBe(0.3);
    expect(it.other.volume).toBe(0.3);
    it.player.setMuted(true);
    expect(it.other.muted).toBe(true);
    it.player.setVolume(7);
    expect(it.player.state).toMatchObject({ volume: 1, muted: false });
    it.player.next();
    expect(it.audio.playbackRate).toBe(1.5);
    expect(it.player.canSetVolume).toBe(true);
  });
});

describe("the choice of quality", () => {
  test("counts at once, at the position, and is remembered", async () => {
    await playing();
    await pass(10_000);
    it.player.setQuality("low");
    expect(it.audio.src).toBe(
      "/cdn/stream/one?quality=low&codec=opus#t=10.000",
    );
    expect(it.audio.paused).toBe(false);
    expect(it.make().state).toMatchObject({ choice: "low", quality: "low" });
  });

  test("auto keeps what plays", async () => {
    it.player.setQuality("low");
    await playing();
    it.player.setQuality("auto");
    expect(it.audio.sources).toHaveLength(1);
    expect(it.player.state).toMatchObject({ choice: "auto", quality: "low" });
  });

  test("a storage that is forbidden only forgets", () => {
    it.storage.setItem = it.storage.getItem = () => {
      throw new Error("forbidden");
    };
    expect(it.make().state.choice).toBe("auto");
    it.player.setQuality("low");
    expect(it.player.state.quality).toBe("low");
  });
});

describe("stalls", () => {
  test("2 s in the middle: lower, at the position", async () => {
    await playing();
    await pass(10_000);
    it.audio.stalls();
    await pass(1750);
    expect(it.events).toEqual([]);
    await pass(500);
    expect(it.events).toEqual(["high → medium: stall"]);
    expect(it.audio.src).toBe(
      "/cdn/stream/one?quality=medium&codec=opus#t=10.000",
    );
  });

  test("after a jump it is 4 s", async () => {
    await playing();
    await pass(10_000);
    it.player.seek(100);
    it.audio.stalls();
    await pass(3750);
    expect(it.events).toEqual([]);
    await pass(500);
    expect(it.events).toEqual(["high → medium: stall"]);
  });

  test("none while paused, offline or blocked", async () => {
    await playing();
    it.player.pause();
    it.audio.readyState = 2;
    await pass(60_000);
    it.player.play();
    it.online(false);
    it.audio.stalls();
    await pass(60_000);
    expect(it.events).toEqual([]);
    expect(heads()).toBe(0);
  });

  test("what was chosen stays", async () => {
    it.player.setQuality("high");
    it.events.length = 0;
    await playing();
    await pass(10_000);
    it.audio.stalls();
    await pass(5000);
    expect(it.events).toEqual([]);
  });
});

describe("what the network carries", () => {
  async function slowly(bitsPerSecond: number, seconds: number) {
    it.audio.loaded();
    it.audio.readyState = 3;
    it.audio.networkState = 2;
    it.audio.ranges = [[0, 1]];
    it.audio.moves();
    await settle();
    const grows = setInterval(() => {
      const [range] = it.audio.ranges;
      if (range) {
        range[1] += (0.25 * bitsPerSecond) / 130e3;
      }
    }, 250);
    await pass(1000 * seconds);
    clearInterval(grows);
  }

  test("is read from the growing buffer, for the next track", async () => {
    it.server.on(/\/cdn\/track\//, { status: 200, body: info("any") });
    it.player.setQueue(["one", "two"]);
    it.player.play();
    await slowly(100e3, 12);
    it.player.next();
    expect(it.events).toEqual(["high → medium: track"]);
  });

  test("offline there is nothing to measure", async () => {
    it.player.setQueue(["one", "two"]);
    it.player.play();
    await slowly(400e3, 5);
    it.online(false);
    it.audio.ranges = [[0, it.audio.currentTime]];
    it.audio.stalls();
    await pass(30_000);
    it.online(true);
    it.player.next();
    expect(it.events).toEqual([]);
  });

  test("a full buffer that only keeps up says nothing", async () => {
    it.player.setQueue(["one", "two"]);
    it.player.play();
    await slowly(2e6, 3);
    const [range] = it.audio.ranges;
    expect((range?.[1] ?? 0) - it.audio.currentTime).toBeGreaterThan(20);
    const grows = setInterval(() => {
      if (range) {
        range[1] += 0.25;
      }
    }, 250);
    await pass(20_000);
    clearInterval(grows);
    it.player.next();
    expect(it.events).toEqual([]);
  });
});

describe("the watchdog", () => {
  test("8 s without a move: the server is asked, and then tried", async () => {
    await playing();
    it.player.setQuality("low");
    it.audio.sounds();
    await pass(10_000);
    it.audio.stalls();
    await pass(7500);
    expect(heads()).toBe(0);
    await pass(750);
    expect(heads()).toBe(1);
    expect(status()).toBe("recovering");
    await pass(500);
    expect(it.audio.src).toContain("#t=10.000");
  });

  test("what trickles in is waited for", async () => {
    await playing();
    it.player.setQuality("low");
    it.audio.sounds();
    await pass(10_000);
    it.audio.ranges = [[0, 10]];
    it.audio.stalls();
    for (let i = 0; i < 120; i++) {
      it.audio.ranges = [[0, 10.1 + i / 10]];
      await pass(250);
    }
    expect(heads()).toBe(0);
    expect(status()).toBe("buffering");
  });

  test("a browser that helps itself is left alone", async () => {
    await playing();
    it.player.setQuality("low");
    it.audio.sounds();
    await pass(10_000);
    const { length } = it.audio.sources;
    it.audio.stalls();
    await pass(7500);
    it.audio.moves();
    await pass(10_000);
    it.server.on(/HEAD/, { status: 503, headers: { "Retry-After": "5" } });
    it.audio.stalls();
    await pass(8250);
    expect(status()).toBe("recovering");
    it.audio.moves();
    await pass(20_000);
    expect(status()).toBe("playing");
    expect(it.audio.sources).toHaveLength(length);
  });

  test("at the start there are 20 s: a cold track takes its time", async () => {
    it.player.setQueue(["one"]);
    it.player.play();
    await pass(19_500);
    expect(heads()).toBe(0);
    expect(it.events).toEqual([]);
    await pass(750);
    expect(heads()).toBe(1);
  });
});

describe("recovery", () => {
  async function failing(reply: Parameters<typeof it.server.on>[1]) {
    await playing();
    await pass(12_000);
    it.server.on(/^HEAD/, reply);
    it.audio.fails();
    await settle();
  }

  test.each([400, 403, 404, 410, 451])("%d: final at once", async (code) => {
    it.server.on(/^GET.*stream/, { status: code, body: { code: "private" } });
    await failing({ status: code });
    expect(it.player.state).toMatchObject({
      status: "error",
      error: { cause: "gone", status: code, code: "private" },
    });
    expect(it.audio.sources).toHaveLength(1);
  });

  test("what is gone is skipped after 5 s", async () => {
    await failing({ status: 404 });
    expect(it.player.state.retryAt).toBe(Date.now() + 5000);
    await pass(4999);
    expect(it.player.state.track).toBe("one");
    await pass(1);
    expect(it.player.state).toMatchObject({ track: "two", status: "loading" });
  });

  test("but not when it was paused meanwhile", async () => {
    await failing({ status: 404 });
    it.player.pause();
    await pass(10_000);
    expect(it.player.state).toMatchObject({ track: "one", status: "error" });
  });

  test.each([429, 503])("%d: when the server says so", async (code) => {
    await failing({ status: code, headers: { "Retry-After": "3" } });
    expect(status()).toBe("recovering");
    expect(it.player.state.retryAt).toBe(Date.now() + 3000);
    await pass(2999);
    expect(it.audio.sources).toHaveLength(1);
    await pass(1);
    expect(it.audio.src).toBe(
      "/cdn/stream/one?quality=high&codec=opus#t=12.000",
    );
    it.audio.sounds();
    expect(status()).toBe("playing");
    expect(it.player.state.position).toBe(12);
  });

  test.each(["0", new Date(0).toUTCString()])(
    "Retry-After: %s is no reason to storm",
    async (value) => {
      await failing({ status: 503, headers: { "Retry-After": value } });
      expect(await tries()).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
      expect(it.player.state).toMatchObject({
        status: "error",
        error: { cause: "busy", status: 503 },
      });
    },
  );

  async function tries(): Promise<number[]> {
    const times: number[] = [];
    let { length } = it.audio.sources;
    for (let ms = 0; ms < 60_000; ms += 50) {
      await pass(50);
      if (it.audio.sources.length > length) {
        ({ length } = it.audio.sources);
        times.push(ms + 50);
        it.audio.fails();
      }
    }
    return times.map((time, i) => time - (times[i - 1] ?? 0));
  }

  test("5xx: 500 ms doubled to 8 s, six tries, then an error", async () => {
    await failing({ status: 502 });
    expect(await tries()).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(it.player.state).toMatchObject({
      status: "error",
      error: { cause: "server", status: 502 },
      position: 12,
    });
    expect(heads()).toBe(7);
  });

  test("no answer: the same, in the same quality", async () => {
    await playing();
    await pass(12_000);
    it.server.down = true;
    it.audio.fails();
    await settle();
    expect(await tries()).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(it.player.state.error?.cause).toBe("network");
    expect(it.events).toEqual([]);
  });

  test("same quality twice, then lower", async () => {
    await failing({ status: 200 });
    await tries();
    expect(it.audio.sources.slice(1)).toEqual([
      "/cdn/stream/one?quality=high&codec=opus&again=1#t=12.000",
      "/cdn/stream/one?quality=high&codec=opus&again=2#t=12.000",
      "/cdn/stream/one?quality=medium&codec=opus&again=3#t=12.000",
      "/cdn/stream/one?quality=medium&codec=opus&again=4#t=12.000",
      "/cdn/stream/one?quality=low&codec=opus&again=5#t=12.000",
      "/cdn/stream/one?quality=low&codec=opus&again=6#t=12.000",
    ]);
    expect(it.player.state.error).toMatchObject({ cause: "media" });
  });

  test.each([1, 2])(
    "10 s of clean play and the count starts anew, not before, at rate %d",
    async (rate) => {
      it.player.setRate(rate);
      await failing({ status: 502 });
      for (const [pause, clean, next] of [
        [500, 9000, 1000],
        [1000, 10_500, 500],
      ] as const) {
        await pass(pause);
        it.audio.sounds();
        await pass(clean);
        it.audio.fails();
        await settle();
        expect(it.player.state.retryAt).toBe(Date.now() + next);
      }
    },
  );

  test("what a try met is known until it plays again", async () => {
    await failing({ status: 503, headers: { "Retry-After": "3" } });
    const error = { cause: "busy", status: 503, code: null };
    expect(it.player.state).toMatchObject({ status: "recovering", error });
    await pass(3000);
    expect(it.player.state).toMatchObject({ status: "buffering", error });
    it.server.on(/^HEAD/, { status: 502 });
    it.audio.fails();
    expect(it.player.state).toMatchObject({ status: "recovering", error });
    await settle();
    expect(it.player.state.error?.cause).toBe("server");
    await pass(1000);
    it.audio.sounds();
    await pass(500);
    expect(it.player.state).toMatchObject({ status: "playing", error: null });
    it.audio.fails();
    await pass(2000);
    expect(it.player.state.error?.cause).toBe("server");
    expect(status()).toBe("buffering");
    it.player.pause();
    expect(it.player.state).toMatchObject({ status: "paused", error: null });
  });

  test("the server's own reason is asked for once a status", async () => {
    it.server.on(
      /^GET.*stream/,
      { status: 502, body: { code: "upstream" } },
      { status: 503, body: { code: "bot_check" } },
    );
    const reasons = () => it.server.of(/^GET.*stream/).length;
    await failing({ status: 502 });
    expect(it.player.state.error).toMatchObject({ code: "upstream" });
    await pass(500);
    it.audio.fails();
    await pass(1000);
    expect(it.player.state.error).toMatchObject({ code: "upstream" });
    expect(reasons()).toBe(1);
    it.server.on(/^HEAD/, { status: 503 });
    it.audio.fails();
    await settle();
    expect(it.player.state.error).toMatchObject({
      cause: "busy",
      code: "bot_check",
    });
    await tries();
    expect(reasons()).toBe(2);
    expect(heads()).toBeGreaterThan(4);
  });

  test("a web page says that it is one, is not asked again, nor skipped", async () => {
    it.server.on(/\/cdn\//, PAGE);
    it.player.setQueue(["one", "two"]);
    it.player.play();
    it.audio.fails();
    await pass(60_000);
    expect(it.player.state).toMatchObject({
      status: "error",
      track: "one",
      retryAt: null,
      error: { cause: "page", status: 200, page: "http://app.example:5173" },
    });
    expect(it.server.requests).toHaveLength(1);
    expect(it.audio.sources).toHaveLength(1);
  });

  test("try again is a fresh start", async () => {
    await failing({ status: 502 });
    await tries();
    it.player.play();
    expect(status()).toBe("buffering");
    expect(it.audio.src).toContain("#t=12.000");
    it.audio.fails();
    await settle();
    expect(it.player.state.retryAt).toBe(Date.now() + 500);
  });

  test("what fails while it is paused waits for a play", async () => {
    it.player.setQueue(["one"]);
    it.audio.fails();
    await pass(60_000);
    expect(status()).toBe("paused");
    expect(heads()).toBe(0);
    it.player.play();
    expect(it.audio.sources).toHaveLength(2);
  });

  test("a pause ends it, a play begins it anew", async () => {
    await failing({ status: 502 });
    it.player.pause();
    expect(status()).toBe("paused");
    await pass(60_000);
    expect(it.audio.sources).toHaveLength(1);
    it.player.play();
    expect(it.audio.sources).toHaveLength(2);
    expect(it.audio.src).toContain("#t=12.000");
  });

  test("a seek meanwhile is where it goes on", async () => {
    await failing({ status: 502 });
    it.player.seek(77);
    await pass(500);
    expect(it.audio.src).toContain("#t=77.000");
  });

  test("another track meanwhile: no old try, no old answer", async () => {
    await failing({ status: 502 });
    it.player.next();
    const { sources } = it.audio;
    const { length } = sources;
    await pass(60_000);
    expect(sources.filter((each) => each.includes("/one")).length).toBe(1);
    expect(sources.length).toBeGreaterThanOrEqual(length);

    it.audio.fails();
    it.player.select(2);
    await settle();
    expect(it.player.state).toMatchObject({
      track: "three",
      status: "loading",
    });
    expect(it.player.state.retryAt).toBeNull();
  });
});

describe("offline", () => {
  test("what is buffered plays on", async () => {
    await playing();
    it.online(false);
    await pass(1000);
    expect(status()).toBe("playing");
  });

  test("an error offline waits, without a request, for online", async () => {
    await playing();
    await pass(12_000);
    it.online(false);
    it.audio.fails(2);
    await pass(600_000);
    expect(status()).toBe("offline");
    expect(it.player.state.retryAt).toBeNull();
    expect(heads()).toBe(0);
    it.online(true);
    expect(status()).toBe("recovering");
    await pass(500);
    expect(it.audio.src).toContain("#t=12.000");
    it.audio.sounds();
    expect(status()).toBe("playing");
  });

  test("an end that is said of what failed is none", async () => {
    await playing();
    await pass(12_000);
    it.online(false);
    it.audio.fails(2);
    await pass(30_000);
    // Firefox, when what it had of it is played
    it.audio.ends();
    expect(it.player.state).toMatchObject({ status: "offline", track: "one" });
    it.online(true);
    await pass(500);
    expect(it.audio.src).toContain("#t=12.000");
    it.audio.sounds();
    expect(status()).toBe("playing");
  });

  test("a try that was due stands still meanwhile", async () => {
    await playing();
    it.server.on(/HEAD/, { status: 503, headers: { "Retry-After": "10" } });
    it.audio.fails();
    await settle();
    await pass(4000);
    it.online(false);
    await pass(100_000);
    expect(it.audio.sources).toHaveLength(1);
    it.online(true);
    await pass(5999);
    expect(it.audio.sources).toHaveLength(1);
    await pass(1);
    expect(it.audio.sources).toHaveLength(2);
  });

  test("a browser that waits is given its 8 s after online", async () => {
    await playing();
    it.player.setQuality("low");
    it.audio.sounds();
    await pass(1000);
    it.online(false);
    it.audio.stalls();
    await pass(100_000);
    expect(status()).toBe("offline");
    it.online(true);
    await pass(7500);
    expect(heads()).toBe(0);
    await pass(750);
    expect(heads()).toBe(1);
  });
});

describe("the next track", () => {
  const prefetches = () => it.server.of(/prefetch=true/);

  test("is prefetched after half, and not before", async () => {
    await playing();
    await pass(99_000);
    expect(prefetches()).toEqual([]);
    await pass(2000);
    expect(prefetches()).toEqual([
      "HEAD /cdn/stream/two?quality=high&codec=opus&prefetch=true",
    ]);
    await pass(20_000);
    expect(prefetches()).toHaveLength(1);
  });

  test("not to save data", async () => {
    it.navigator.connection = { saveData: true };
    await playing();
    await pass(190_000);
    expect(prefetches()).toEqual([]);
    expect(it.other.src).toBe("");
  });

  test("not offline, but when it is online again", async () => {
    await playing();
    await pass(90_000);
    it.online(false);
    await pass(30_000);
    expect(prefetches()).toEqual([]);
    it.online(true);
    await pass(1000);
    expect(prefetches()).toHaveLength(1);
  });

  test("waits in the other element and starts from there", async () => {
    await playing();
    await pass(169_000);
    expect(it.other.src).toBe("");
    await pass(2000);
    expect(it.other.src).toBe("/cdn/stream/two?quality=high&codec=opus");
    const prepared = it.other;
    const left = it.audio;
    prepared.loaded();
    const starts: unknown[] = [];
    it.player.on("start", (what) => starts.push(what));
    it.audio.ends();
    expect(it.audio).toBe(prepared);
    expect(prepared.sources).toHaveLength(1);
    expect(prepared.paused).toBe(false);
    expect(left.src).toBe("");
    await pass(40);
    prepared.sounds();
    expect(starts).toEqual([{ id: "two", ms: 40, prepared: true }]);
    expect(it.player.state.position).toBe(0);
  });

  test("one that could not be prefetched is left 10 s too", async () => {
    it.server.on(/prefetch/, { status: 404 });
    await playing();
    await pass(188_000);
    expect(it.other.src).toBe("");
    await pass(3000);
    expect(it.other.src).toContain("two");
  });

  test("with a buffer that has gaps to fill, 10 s are left to it", async () => {
    await playing();
    it.audio.ranges = [[0, 190]];
    await pass(188_000);
    expect(it.other.src).toBe("");
    await pass(3000);
    expect(it.other.src).toContain("two");
  });

  test("that failed to be prepared is loaded as any other", async () => {
    await playing();
    await pass(171_000);
    it.other.fails();
    const { audio } = it;
    audio.ends();
    expect(it.audio).toBe(audio);
    expect(audio.src).toContain("two");
  });

  test("that may not sound in an untouched element goes to the other", async () => {
    await playing();
    await pass(171_000);
    const { audio, other } = it;
    other.loaded();
    other.refuse = "NotAllowedError";
    audio.ends();
    await settle();
    expect(it.audio).toBe(audio);
    expect(audio.src).toContain("two");
    expect(other.src).toBe("");
    expect(status()).toBe("loading");
  });

  test("is another one: all of the old next is undone", async () => {
    await playing();
    await pass(171_000);
    expect(it.other.src).toContain("two");
    it.player.setQueue(["one", "three"]);
    expect(it.other.src).toBe("");
    expect(it.player.prefetch.queue.has("two")).toBe(false);
    await pass(1000);
    expect(prefetches().at(-1)).toContain("/three?");
    expect(it.other.src).toContain("/three?");
  });

  test("has the quality that was chosen since", async () => {
    await playing();
    await pass(171_000);
    it.player.setQuality("low");
    it.audio.sounds();
    await pass(1000);
    expect(prefetches().at(-1)).toContain("quality=low");
    expect(it.other.src).toContain("two?quality=low");
  });
});

test("destroyed, it is silent", async () => {
  await playing();
  it.server.on(/HEAD/, { status: 503 });
  it.audio.fails();
  await settle();
  it.player.destroy();
  const { length } = it.server.requests;
  it.audio.fails();
  it.online(false);
  it.online(true);
  await pass(60_000);
  expect(it.server.requests).toHaveLength(length);
});

test("destroyed, nothing brings it back", async () => {
  await playing();
  it.player.destroy();
  const { length } = it.server.requests;
  it.player.setQueue(["four", "five"]);
  it.player.play();
  it.player.toggle();
  it.player.select(1);
  it.player.next();
  it.player.previous();
  it.player.seek(10);
  it.player.setQuality("low");
  it.player.append("six");
  it.player.remove(0);
  it.player.setShuffle(true);
  it.player.setRepeat("all");
  await pass(60_000);
  expect(it.player.state).toMatchObject({ status: "idle", queue: [] });
  expect([it.audio.src, it.other.src]).toEqual(["", ""]);
  expect(it.server.requests).toHaveLength(length);
});
