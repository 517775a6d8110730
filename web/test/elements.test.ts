// Two elements, of which one is heard: what the other does must change nothing
// but what is known of the next track.

import { afterEach, beforeEach, expect, test } from "vitest";
import { Elements, ranges } from "../src/core/elements.js";
import { FakeAudio } from "./fake.js";

let audios: FakeAudio[];
let heard: string[];
let elements: Elements;

const [A, B] = [0, 1].map((i) => () => audios[i] as FakeAudio) as [
  () => FakeAudio,
  () => FakeAudio,
];
const active = () => elements.active as unknown as FakeAudio;

beforeEach(() => {
  audios = [];
  heard = [];
  elements = new Elements(
    () => {
      const audio = new FakeAudio();
      audios.push(audio);
      return audio as unknown as HTMLAudioElement;
    },
    (what) => heard.push(what),
  );
});

afterEach(() => elements.destroy());

test("only the one that plays is heard", () => {
  elements.load("/one", "auto");
  A().say("timeupdate");
  B().say("timeupdate");
  expect(heard).toEqual(["timeupdate"]);
  elements.swap();
  A().say("pause");
  B().say("playing");
  expect(heard).toEqual(["timeupdate", "playing"]);
});

test("what the other one has ready is known by its address", () => {
  elements.prepare("two", "/two?high");
  expect(B().sources).toEqual(["/two?high"]);
  expect(elements.prepares("two")).toBe(true);
  expect(elements.prepares("three")).toBe(false);
  expect(elements.prepared("/two?high")).toBe(true);
  expect(elements.prepared("/two?low")).toBe(false);
});

test("what failed to load there is not ready, and not asked for again", () => {
  elements.prepare("two", "/two");
  B().fails();
  expect(heard).toEqual([]);
  expect(elements.prepared("/two")).toBe(false);
  expect(elements.prepares("two")).toBe(true);
});

test("a swap keeps what was loaded, and ends the one that played", () => {
  elements.load("/one", "auto");
  elements.setRate(1.5);
  elements.prepare("two", "/two");
  elements.swap();
  expect(active()).toBe(B());
  expect(B().sources).toEqual(["/two"]);
  expect([B().playbackRate, B().defaultPlaybackRate]).toEqual([1.5, 1.5]);
  expect(elements.prepares("two")).toBe(false);
  elements.leaveOther();
  expect(A().src).toBe("");
  expect(B().src).toBe("/two");
});

test("it is dropped unless it is what follows", () => {
  elements.prepare("two", "/two");
  elements.drop("two");
  expect(B().src).toBe("/two");
  elements.drop("three");
  expect(B().src).toBe("");
  elements.drop();
  expect(B().sources).toEqual(["/two", ""]);
});

test("volume and silence are of both, the rate of each new source", () => {
  elements.setVolume(0.3);
  elements.setMuted(true);
  expect(audios.map(({ volume, muted }) => [volume, muted])).toEqual([
    [0.3, true],
    [0.3, true],
  ]);
  elements.setVolume(0.5);
  expect(audios.map(({ muted }) => muted)).toEqual([false, false]);
  elements.setRate(2);
  A().playbackRate = 1;
  elements.load("/one", "metadata");
  expect([A().playbackRate, A().preload]).toEqual([2, "metadata"]);
  expect(elements.canSetVolume).toBe(true);
});

test("destroyed, nothing is heard", () => {
  elements.destroy();
  A().say("ended");
  B().say("error");
  expect(heard).toEqual([]);
});

test("ranges are pairs", () => {
  A().ranges = [
    [0, 5],
    [7, 9],
  ];
  expect(ranges(elements.active.buffered)).toEqual(A().ranges);
});
