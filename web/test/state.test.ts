// One name for all that a player may be up to: what a listener is told first.

import { beforeEach, expect, test } from "vitest";
import { type Circumstances, statusOf } from "../src/core/state.js";
import { fakeBrowser } from "./fake.js";

let browser: ReturnType<typeof fakeBrowser>;

beforeEach(() => {
  browser = fakeBrowser();
});

interface Case extends Partial<Omit<Circumstances, "element" | "recovery">> {
  running?: boolean;
  failed?: boolean;
  readyState?: number;
  seeking?: boolean;
  currentTime?: number;
  offline?: boolean;
}

test.each<[string, Case]>([
  ["playing", {}],
  ["playing", { offline: true }],
  ["buffering", { seeking: true, currentTime: 5 }],
  ["buffering", { readyState: 2, currentTime: 5 }],
  ["buffering", { readyState: 0, begun: true }],
  ["loading", { readyState: 2 }],
  ["offline", { readyState: 2, offline: true }],
  ["recovering", { running: true }],
  ["offline", { running: true, offline: true }],
  ["paused", { wanted: false, running: true, offline: true }],
  ["blocked", { blocked: true, wanted: false }],
  ["error", { failed: true, blocked: true, wanted: false }],
  ["idle", { track: null, failed: true }],
])("%s: %o", (status, given) => {
  browser.navigator.onLine = !given.offline;
  const { track = "one", wanted = true, blocked = false } = given;
  const { running = false, failed = false, begun = false } = given;
  const { readyState = 4, seeking = false, currentTime = 0 } = given;
  expect(
    statusOf({
      ...{ track, wanted, blocked, begun },
      recovery: { running, failed },
      element: { readyState, seeking, currentTime },
    }),
  ).toBe(status);
});
