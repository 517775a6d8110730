import { beforeEach, describe, expect, test, vi } from "vitest";
import { PrefetchManager } from "../src/core/prefetch.js";
import { Api } from "../src/services/api.js";
import { FakeServer, settle } from "./fake.js";

let server: FakeServer;
let manager: PrefetchManager;
let allowed: boolean;
let told: string[];

beforeEach(async () => {
  await import("p-retry");
  vi.useFakeTimers();
  server = new FakeServer();
  allowed = true;
  told = [];
  const api = new Api({ fetch: server.fetch as typeof fetch });
  manager = new PrefetchManager({
    fetch: (id, signal) =>
      api.prefetch(id, { quality: "medium", codec: "opus" }, signal),
    allowed: () => allowed,
    told: (id, state) => told.push(`${id} ${state}`),
  });
});

const heads = () => server.of(/^HEAD/).length;

describe("it starts", () => {
  test.each([
    [0, 0],
    [49.9, 0],
    [50, 0],
    [50.001, 1],
    [100, 1],
  ])("at %d %%: %d requests", (progress, requests) => {
    manager.checkPrefetch(progress, "next");
    expect(heads()).toBe(requests);
  });

  test("not without a next track", () => {
    manager.checkPrefetch(99, null);
    expect(server.requests).toEqual([]);
  });

  test("once, however often it is looked at", () => {
    for (let progress = 51; progress < 99; progress++) {
      manager.checkPrefetch(progress, "next");
    }
    expect(heads()).toBe(1);
  });

  test("not on a connection that is to be spared", () => {
    allowed = false;
    manager.checkPrefetch(60, "next");
    expect(heads()).toBe(0);
    expect(manager.queue.size).toBe(0);
  });
});

test("the request: HEAD, with quality and codec, at low priority", () => {
  manager.startPrefetch("next");
  const [request] = server.requests;
  expect(request?.method).toBe("HEAD");
  expect(request?.url).toBe(
    "/cdn/stream/next?quality=medium&codec=opus&prefetch=true",
  );
  expect(request?.init.priority).toBe("low");
});

describe("the answer", () => {
  test("200 is ready", async () => {
    manager.startPrefetch("next");
    expect(manager.queue.get("next")).toBe("loading");
    await settle();
    expect(manager.queue.get("next")).toBe("ready");
    expect(told).toEqual(["next pending", "next loading", "next ready"]);
  });

  test("202 is still loading, and asked again with growing pauses", async () => {
    server.on(
      /^HEAD/,
      { status: 202 },
      { status: 202 },
      { status: 202 },
      { status: 200 },
    );
    manager.startPrefetch("next");
    await settle();
    expect(manager.queue.get("next")).toBe("loading");
    await vi.dynamicImportSettled();

    const times: number[] = [];
    for (let ms = 0; ms < 12_000; ms += 100) {
      const before = heads();
      await vi.advanceTimersByTimeAsync(100);
      if (heads() > before) {
        times.push(ms + 100);
      }
      if (heads() < 4) {
        expect(manager.queue.get("next")).toBe("loading");
      }
    }
    expect(times).toEqual([1000, 3000, 7000]);
    expect(manager.queue.get("next")).toBe("ready");
  });

  test.each([400, 404, 429, 502, 503])("%d: forgotten", async (status) => {
    server.on(/^HEAD/, { status });
    manager.startPrefetch("next");
    await settle();
    expect(manager.queue.has("next")).toBe(false);
    expect(told.at(-1)).toBe("next null");
  });

  test("none: forgotten", async () => {
    server.down = true;
    manager.startPrefetch("next");
    await settle();
    expect(manager.queue.has("next")).toBe(false);
  });
});

test("after two failed tries there is no third", async () => {
  server.on(/^HEAD/, { status: 502 });
  for (let ms = 0; ms < 60_000; ms += 250) {
    manager.checkPrefetch(60, "next");
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(heads()).toBe(2);
});

test("the second try is not at once", async () => {
  server.on(/^HEAD/, { status: 502 });
  manager.checkPrefetch(60, "next");
  await vi.advanceTimersByTimeAsync(1000);
  manager.checkPrefetch(60, "next");
  expect(heads()).toBe(1);
});

test("a new queue forgets the failures", async () => {
  server.on(/^HEAD/, { status: 502 }, { status: 502 }, { status: 200 });
  for (let i = 0; i < 5; i++) {
    manager.checkPrefetch(60, "next");
    await vi.advanceTimersByTimeAsync(3000);
  }
  manager.undo();
  manager.checkPrefetch(60, "next");
  await settle();
  expect(manager.queue.get("next")).toBe("ready");
});

test("one at a time", async () => {
  let finish = () => {};
  const running: string[] = [];
  manager = new PrefetchManager({
    fetch: (id) =>
      new Promise((resolve) => {
        running.push(id);
        finish = resolve;
      }),
  });
  manager.startPrefetch("one");
  manager.startPrefetch("two");
  expect(running).toEqual(["one"]);
  expect([...manager.queue]).toEqual([
    ["one", "loading"],
    ["two", "pending"],
  ]);
  finish();
  await settle();
  expect(running).toEqual(["one", "two"]);
  expect(manager.queue.get("one")).toBe("ready");
});

describe("a change of the queue", () => {
  test("breaks off what is asked for, and no answer counts", async () => {
    const signals: AbortSignal[] = [];
    let finish = () => {};
    manager = new PrefetchManager({
      fetch: (_, signal) =>
        new Promise((resolve) => {
          signals.push(signal);
          finish = resolve;
        }),
      told: (id, state) => told.push(`${id} ${state}`),
    });
    manager.startPrefetch("one");
    manager.startPrefetch("two");
    manager.undo("two");
    expect(signals[0]?.aborted).toBe(true);
    expect(signals).toHaveLength(2);
    expect([...manager.queue]).toEqual([["two", "loading"]]);
    finish();
    await settle();
    expect([...manager.queue]).toEqual([["two", "ready"]]);
  });

  test("stops the asking after a 202", async () => {
    server.on(/^HEAD/, { status: 202 });
    manager.startPrefetch("next");
    await settle();
    manager.undo();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(heads()).toBe(1);
  });

  test("leaves what is still next", async () => {
    manager.startPrefetch("next");
    await settle();
    manager.undo("next");
    manager.checkPrefetch(60, "next");
    await settle();
    expect(heads()).toBe(1);
    expect(manager.queue.get("next")).toBe("ready");
  });
});
