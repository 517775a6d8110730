import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  backoff,
  Clock,
  classify,
  type Patient,
  Recovery,
} from "../src/core/recovery.js";
import type { Probe } from "../src/services/api.js";
import { fakeBrowser, settle } from "./fake.js";

test.each([
  [0, "network"],
  [200, "media"],
  [206, "media"],
  [304, "media"],
  [400, "gone"],
  [403, "gone"],
  [404, "gone"],
  [408, "server"],
  [410, "gone"],
  [429, "busy"],
  [451, "gone"],
  [500, "server"],
  [502, "server"],
  [503, "busy"],
  [504, "server"],
] as const)("%d is %s", (status, cause) => {
  expect(classify({ status, retryAfter: null, code: null })).toBe(cause);
});

test("a web page is its own cause, whatever its status", () => {
  const page = "http://app.example";
  for (const status of [200, 404]) {
    const probe = { status, retryAfter: null, code: null, page };
    expect(classify(probe)).toBe("page");
  }
});

describe("backoff", () => {
  test("doubles from 500 ms to 8 s", () => {
    const middle = () => 0.5;
    expect([0, 1, 2, 3, 4, 5].map((each) => backoff(each, middle))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000,
    ]);
  });

  test("jitter of ± 50 %, never above 8 s", () => {
    expect(backoff(1, () => 0)).toBe(500);
    expect(backoff(1, () => 1)).toBe(1500);
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (attempt, random) => {
          const delay = backoff(attempt, () => random);
          const plain = 500 * 2 ** attempt;
          return (
            delay <= 8000 &&
            delay >= Math.min(8000, plain * 0.5) &&
            delay <= plain * 1.5
          );
        },
      ),
    );
  });
});

describe("the clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  test("stands still while held, and goes on with what was left", () => {
    const clock = new Clock();
    const rings = vi.fn();
    clock.set(1000, rings);
    expect(clock.due).toBe(Date.now() + 1000);
    vi.advanceTimersByTime(600);
    clock.hold();
    expect(clock.due).toBeNull();
    vi.advanceTimersByTime(60_000);
    clock.hold();
    clock.resume();
    vi.advanceTimersByTime(399);
    expect(rings).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(rings).toHaveBeenCalledTimes(1);
    expect(clock.due).toBeNull();
  });

  test("rings once for the last that was set, never when cleared", () => {
    const clock = new Clock();
    const first = vi.fn();
    const second = vi.fn();
    clock.set(10, first);
    clock.set(20, second);
    vi.advanceTimersByTime(100);
    clock.set(10, first);
    clock.hold();
    clock.clear();
    clock.resume();
    vi.advanceTimersByTime(100);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a recovery", () => {
  let browser: ReturnType<typeof fakeBrowser>;
  let answer: Probe;
  let probe: Patient["probe"];
  let done: string[];
  let lowered: boolean;
  let recovery: Recovery;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    browser = fakeBrowser();
    answer = { status: 502, retryAfter: null, code: "upstream" };
    done = [];
    lowered = true;
    probe = async () => answer;
    recovery = new Recovery({
      probe: (...words) => probe(...words),
      lower: () => {
        done.push("lower");
        return lowered;
      },
      load: () => done.push("load"),
      due: ({ delay, attempt }) => done.push(`${attempt} in ${delay}`),
      failed: ({ cause }) => done.push(`failed: ${cause}`),
      changed: () => {},
    });
  });

  async function fails(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      void recovery.start();
      await settle();
      await vi.advanceTimersByTimeAsync(8000);
    }
  }

  test("asks, waits, and loads again, a second call beside it nothing", async () => {
    void recovery.start();
    void recovery.start();
    expect(recovery.running).toBe(true);
    await settle();
    expect(recovery.error).toEqual({
      cause: "server",
      status: 502,
      code: "upstream",
    });
    expect(recovery.clock.due).toBe(Date.now() + 500);
    await vi.advanceTimersByTimeAsync(500);
    expect(done).toEqual(["1 in 500", "load"]);
    expect(recovery.running).toBe(false);
    expect(recovery.error?.cause).toBe("server");
  });

  test("six tries, lower after two, then it has failed for good", async () => {
    await fails(7);
    expect(done).toEqual([
      ...["1 in 500", "load", "2 in 1000", "load"],
      ...["3 in 2000", "lower", "load", "4 in 4000", "load"],
      ...["5 in 8000", "lower", "load", "6 in 8000", "load"],
      "failed: server",
    ]);
    expect(recovery.failed).toBe(true);
    await fails();
    expect(done.at(-1)).toBe("failed: server");
    expect(recovery.clock.due).toBeNull();
  });

  test("where nothing is lower, each try asks for it again", async () => {
    lowered = false;
    await fails(5);
    expect(done.filter((each) => each === "lower")).toHaveLength(3);
  });

  test("10 s of sound, or another choice, and all tries are left", async () => {
    await fails(2);
    recovery.heard(9);
    await fails();
    recovery.heard(10);
    await fails();
    recovery.forgive();
    await fails();
    expect(done.filter((each) => / in /.test(each))).toEqual([
      "1 in 500",
      "2 in 1000",
      "3 in 2000",
      "1 in 500",
      "1 in 500",
    ]);
  });

  test("only bytes that are bad get another name", async () => {
    await fails();
    expect(recovery.fresh).toBe(0);
    answer = { status: 206, retryAfter: null, code: null };
    await fails(2);
    expect(recovery.fresh).toBe(2);
  });

  test("what is gone has failed at once", async () => {
    answer = { status: 404, retryAfter: null, code: "private" };
    await fails();
    expect(done).toEqual(["failed: gone"]);
    expect(recovery.error?.code).toBe("private");
  });

  test("so has a web page, and it is known whose it is", async () => {
    const page = "http://app.example";
    answer = { status: 200, retryAfter: null, code: null, page };
    await fails();
    expect(done).toEqual(["failed: page"]);
    expect(recovery.error).toEqual({
      cause: "page",
      status: 200,
      code: null,
      page,
    });
  });

  test("what was said the last time is known the next", async () => {
    const known: unknown[] = [];
    probe = async (_, error) => {
      known.push(error?.code);
      return answer;
    };
    await fails(2);
    expect(known).toEqual([undefined, "upstream"]);
    recovery.reset();
    await fails();
    expect(known[2]).toBeUndefined();
  });

  test("a reset drops the answer, the try and the error", async () => {
    void recovery.start();
    const { signal } = recovery;
    recovery.reset();
    expect(signal.aborted).toBe(true);
    await settle();
    expect([done, recovery.error]).toEqual([[], null]);

    void recovery.start();
    await settle();
    recovery.reset();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual(["1 in 500"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("offline it asks nobody, and its clock is held", async () => {
    browser.navigator.onLine = false;
    void recovery.start();
    await settle();
    expect(recovery.error).toEqual({ cause: "network", status: 0, code: null });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual(["1 in 500"]);
    recovery.clock.resume();
    await vi.advanceTimersByTimeAsync(500);
    expect(done).toEqual(["1 in 500", "load"]);
  });
});
