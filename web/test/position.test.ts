// What is seen of an element from one look to the next: a stall, a trickle,
// and what the network carries are told apart by nothing else.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { Position } from "../src/core/position.js";
import { FakeAudio, fakeBrowser } from "./fake.js";

let browser: ReturnType<typeof fakeBrowser>;
let audio: FakeAudio;
let position: Position;

const element = () => audio as unknown as HTMLAudioElement;
const look = () => position.look(element());
const growth = () => position.growth(element());
const pass = (ms: number) => vi.advanceTimersByTime(ms);

beforeEach(() => {
  vi.useFakeTimers();
  browser = fakeBrowser();
  audio = new FakeAudio();
  audio.loaded();
  audio.paused = false;
  audio.networkState = 2;
  position = new Position();
  position.still(element());
});

describe("the position", () => {
  test("moves with the sound", () => {
    audio.currentTime = 1.5;
    expect(look()).toBe(1.5);
    expect(position.seconds).toBe(1.5);
    expect(look()).toBe(0);
    audio.currentTime = 1;
    expect(look()).toBe(0);
    audio.currentTime = 1.25;
    expect(look()).toBe(0.25);
  });

  test.each(["seeking", "paused"] as const)("not while %s", (what) => {
    audio[what] = true;
    audio.currentTime = 1;
    expect(look()).toBe(0);
    expect(position.seconds).toBe(0);
    // and what was left out then is no sound later
    audio[what] = false;
    audio.currentTime = 1.25;
    expect(look()).toBe(0.25);
  });

  test("a jump is no sound", () => {
    audio.currentTime = 100;
    position.still(element());
    expect(look()).toBe(0);
  });
});

describe("the end", () => {
  // record, file: where it ends though the element goes on, and its length
  test.each([
    [null, 200, null, 200],
    [200, 200, null, 200],
    [200, 199, null, 199],
    [5, 10, 5, 5],
    [5, 6, null, 6],
    [5, 6.01, 5, 5],
    [200, 202, null, 202],
    [200, 202.1, 200, 200],
    [3600, 3636, null, 3636],
    [3600, 3637, 3600, 3600],
    [0, 10, null, 10],
    [null, Number.NaN, null, 0],
    [200, Number.NaN, null, 200],
    [null, Number.POSITIVE_INFINITY, null, 0],
    [200, Number.POSITIVE_INFINITY, 200, 200],
  ])("record %s, file %s: %s, %s", (record, duration, end, length) => {
    position.record = record;
    audio.duration = duration;
    expect(position.end(element())).toBe(end ?? Number.POSITIVE_INFINITY);
    expect(position.length(element())).toBe(length);
    position.seconds = length;
    expect(position.over(element())).toBe(end !== null);
    position.seconds = length - 0.01;
    expect(position.over(element())).toBe(false);
  });
});

describe("nothing moves", () => {
  test("2 s are a stall, 4 s after a jump", () => {
    pass(3999);
    expect(position.stalled).toBe(false);
    pass(1);
    expect(position.stalled).toBe(true);
    audio.currentTime = 1;
    look();
    pass(1999);
    expect(position.stalled).toBe(false);
    pass(1);
    expect(position.stalled).toBe(true);
  });

  test("8 s are stuck, 20 s where nothing has come yet", () => {
    pass(7999);
    expect(position.stuck(true)).toBe(false);
    pass(1);
    expect(position.stuck(true)).toBe(true);
    expect(position.stuck(false)).toBe(false);
    pass(12_000);
    expect(position.stuck(false)).toBe(true);
    position.still(element());
    expect(position.stuck(false)).toBe(false);
  });

  test("a buffer that grows is not stuck, but stalled", () => {
    audio.ranges = [[0, 1]];
    growth();
    pass(7000);
    audio.ranges = [[0, 1.01]];
    growth();
    pass(7999);
    expect(position.stuck(true)).toBe(false);
    expect(position.stalled).toBe(true);
    pass(1);
    expect(position.stuck(true)).toBe(true);
  });
});

describe("the growth of the buffer", () => {
  beforeEach(() => {
    audio.ranges = [[0, 1]];
    growth();
    pass(500);
    audio.ranges = [[0, 3]];
  });

  test("is sound in time", () => {
    expect(growth()).toEqual({ sound: 2, time: 0.5 });
    pass(250);
    audio.readyState = 2;
    expect(growth()).toEqual({ sound: 0, time: 0.25 });
  });

  test("a buffer that is enough to play may rest", () => {
    growth();
    pass(250);
    expect(growth()).toBeNull();
  });

  test("a full one counts only where it grows faster than it is heard", () => {
    audio.ranges = [[0, 40]];
    expect(growth()).toEqual({ sound: 39, time: 0.5 });
    pass(1000);
    audio.ranges = [[0, 42]];
    expect(growth()).toBeNull();
    pass(1000);
    audio.ranges = [[0, 44.1]];
    expect(growth()?.time).toBe(1);
    audio.playbackRate = 2;
    pass(1000);
    audio.ranges = [[0, 47]];
    expect(growth()).toBeNull();
  });

  test.each([
    ["another range", () => Object.assign(audio, { ranges: [[0.5, 3]] })],
    ["no range here", () => Object.assign(audio, { ranges: [[5, 9]] })],
    ["a seek", () => Object.assign(audio, { seeking: true })],
    ["a browser at rest", () => Object.assign(audio, { networkState: 1 })],
    ["a lost network", () => browser.online(false)],
    ["a jump", () => position.still(element())],
  ])("%s says nothing", (_, happens) => {
    happens();
    expect(growth()).toBeNull();
  });
});
