// What a track is called: the page's word first, and never without asking the
// server only once.

import { beforeEach, expect, test } from "vitest";
import { Tracks } from "../src/core/tracks.js";
import { Api } from "../src/services/api.js";
import { FakeServer, info, PAGE } from "./fake.js";

let server: FakeServer;
let tracks: Tracks;

const learn = () => tracks.learn("one", new AbortController().signal);

beforeEach(() => {
  server = new FakeServer();
  server.on(/track/, { status: 200, body: info("one") });
  tracks = new Tracks(new Api({ fetch: server.fetch as typeof fetch }));
});

test("nothing is known of a track that was not met", () => {
  expect(tracks.infoOf({ id: "one" })).toBeNull();
  expect(tracks.lengthOf("one")).toBeNull();
  expect(tracks.bitratesOf("one", "opus")).toBeNull();
});

test("the server is asked once", async () => {
  expect(await learn()).toBe(true);
  expect(await learn()).toBe(false);
  expect(server.requests).toHaveLength(1);
  expect(tracks.infoOf({ id: "one" })?.title).toBe("Title of one");
  expect(tracks.lengthOf("one")).toBe(200);
  expect(tracks.bitratesOf("one", "opus")?.low).toBe(51e3);
});

test("again where it had no answer", async () => {
  for (const reply of [{ status: 404 }, PAGE]) {
    server.on(/track/, reply);
    expect(await learn()).toBe(false);
  }
  server.on(/track/, { status: 200, body: info("one") });
  expect(await learn()).toBe(true);
});

test.each([
  [{ title: "Mine" }, "Mine", "Artist", null],
  [{ artist: "Me", album: "Ours" }, "Title of one", "Me", "Ours"],
  [{ title: null, artist: "" }, "Title of one", "", null],
])("%o of the page's wins, the rest is the server's", async (...words) => {
  const [given, title, artist, album] = words;
  await learn();
  expect(tracks.infoOf({ id: "one", ...given })).toEqual({
    ...info("one"),
    title,
    artist,
    album,
  });
});

test("what the page says is known at once, and is no length", () => {
  expect(tracks.infoOf({ id: "two", title: "Mine" })).toEqual({
    id: "two",
    title: "Mine",
    artist: null,
    album: null,
    duration: null,
    loudness: null,
    codecs: {},
  });
  expect(tracks.lengthOf("two")).toBeNull();
});
