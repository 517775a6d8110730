import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { backoff, Clock, classify } from "../src/core/recovery.js";

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
