import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  BETWEEN_CHANGES,
  chooseCodec,
  getOptimalQuality,
  LIMITS,
  QualityControl,
  Throughput,
} from "../src/core/quality.js";
import { FakeAudio, fakeBrowser } from "./fake.js";

const RATES = { low: 50e3, medium: 70e3, high: 130e3 };

let browser: ReturnType<typeof fakeBrowser>;
let now: number;
let changes: string[];
let control: QualityControl;

beforeEach(() => {
  browser = fakeBrowser();
  now = 1e9;
  changes = [];
  control = made();
});

function made(choice?: "auto" | "low" | "medium" | "high"): QualityControl {
  return new QualityControl(
    () => now,
    ({ from, to, why }) => changes.push(`${from} → ${to}: ${why}`),
    choice,
  );
}

function measured(bitsPerSecond: number, seconds = 60): void {
  for (let i = 0; i < seconds; i++) {
    control.throughput.add(bitsPerSecond, 1);
  }
}

describe("what the connection says of itself", () => {
  test.each([
    [undefined, "high"],
    [{}, "high"],
    [{ effectiveType: "4g" }, "high"],
    [{ effectiveType: "3g" }, "medium"],
    [{ effectiveType: "2g" }, "low"],
    [{ effectiveType: "slow-2g" }, "low"],
    [{ effectiveType: "4g", saveData: true }, "low"],
    [{ effectiveType: "4g", saveData: false }, "high"],
  ] as const)("%o is %s", (connection, quality) => {
    if (connection) {
      browser.navigator.connection = connection;
    }
    expect(getOptimalQuality()).toBe(quality);
    expect(made().current).toBe(quality);
  });
});

describe("the codec", () => {
  // what each engine says: measured, but for Apple's
  const BLINK = { opus: "probably" };
  const GECKO = { opus: "probably" };
  const WEBKIT_GTK = { opus: "probably" };
  const SAFARI = { opus: "probably", caf: "maybe", picker: true };
  const IOS_VIEW = { opus: "probably", caf: "maybe" };
  const OLD_IOS = { picker: true };

  test.each([
    ["Chromium 156", BLINK, "opus"],
    ["Firefox 153", GECKO, "opus"],
    ["WebKitGTK 2.50", WEBKIT_GTK, "opus"],
    ["Safari", SAFARI, "aac"],
    ["a view in an app of iOS", IOS_VIEW, "aac"],
    ["an old iOS", OLD_IOS, "aac"],
    ["with AirPlay alone", { opus: "probably", picker: true }, "aac"],
    ["one that is not sure", { opus: "maybe" }, "aac"],
    ["one that plays nothing", {}, "aac"],
  ] as const)("%s", (_, says, codec) => {
    const { opus, caf, picker } = { opus: "", caf: "", picker: false, ...says };
    const audio = {
      canPlayType: (type: string) =>
        (({ 'audio/webm; codecs="opus"': opus, "audio/x-caf": caf })[type] ??
          "") as CanPlayTypeResult,
      ...(picker && { webkitShowPlaybackTargetPicker: () => {} }),
    };
    expect(chooseCodec(audio)).toBe(codec);
  });

  test("of the page's own element without an argument", () => {
    expect(chooseCodec()).toBe("aac");
    vi.stubGlobal("Audio", FakeAudio);
    expect(chooseCodec()).toBe("opus");
  });
});

describe("throughput", () => {
  test("is unknown before a second was measured", () => {
    const throughput = new Throughput();
    throughput.add(1e6, 0.5);
    expect(throughput.estimate).toBeNull();
    throughput.add(1e6, 0.5);
    expect(throughput.estimate).toBeCloseTo(2e6);
  });

  test("falls as fast as the fast average, rises as the slow one", () => {
    measured(1e6);
    measured(0, 3);
    expect(control.throughput.estimate).toBeCloseTo(0.5e6, -4);
    measured(0, 60);
    measured(1e6, 9);
    expect(control.throughput.estimate).toBeCloseTo(0.5e6, -4);
  });
});

describe("at a track's start", () => {
  test("0.7 of what was measured is enough to go up, no less", () => {
    control = made();
    measured(40e3);
    expect(control.start(RATES)).toBe("low");
    now += BETWEEN_CHANGES;
    measured(RATES.high / 0.7 - 1e3);
    expect(control.start(RATES)).toBe("medium");
    now += BETWEEN_CHANGES;
    measured(RATES.high / 0.7 + 1e3);
    expect(control.start(RATES)).toBe("high");
    expect(changes).toEqual([
      "high → low: track",
      "low → medium: track",
      "medium → high: track",
    ]);
  });

  test("0.95 is enough to keep", () => {
    measured(RATES.high / 0.95 + 1e3);
    expect(control.start(RATES)).toBe("high");
    measured(RATES.high / 0.95 - 1e3);
    expect(control.start(RATES)).toBe("medium");
  });

  test("what was measured overrides what the connection says", () => {
    browser.navigator.connection = { effectiveType: "2g" };
    control = made();
    expect(control.current).toBe("low");
    measured(2e6);
    expect(control.start(RATES)).toBe("high");
  });

  test("but not the wish to save data", () => {
    browser.navigator.connection = { saveData: true };
    control = made();
    measured(2e6);
    expect(control.start(RATES)).toBe("low");
  });

  test("after a stall nothing goes up without a measurement", () => {
    expect(control.stall(RATES)).toBe(true);
    now += BETWEEN_CHANGES;
    expect(control.start(RATES)).toBe("medium");
    measured(2e6);
    expect(control.start(RATES)).toBe("high");
  });

  test("what was planned for it is kept by 0.95, as if it played", () => {
    control.stall(RATES);
    now += BETWEEN_CHANGES;
    measured(RATES.high / 0.95 + 1e3);
    expect(control.start(RATES)).toBe("medium");
    expect(control.start(RATES, "high")).toBe("high");
  });
});

describe("in the middle of a track", () => {
  test("a stall goes down a step, or to what fits", () => {
    expect(control.stall(RATES)).toBe(true);
    expect(control.current).toBe("medium");

    control = made();
    measured(60e3);
    expect(control.stall(RATES)).toBe(true);
    expect(control.current).toBe("low");
  });

  test("never two changes within 8 s", () => {
    control.stall(RATES);
    now += 7999;
    expect(control.stall(RATES)).toBe(false);
    expect(control.failure(RATES)).toBe(false);
    now += 1;
    expect(control.stall(RATES)).toBe(true);
    expect(control.current).toBe("low");
    now += BETWEEN_CHANGES;
    expect(control.stall(RATES)).toBe(false);
  });

  test("two names of one encoding are no step", () => {
    const aac = { low: 48e3, medium: 129e3, high: 129e3 };
    control.stall(aac);
    expect(changes).toEqual(["high → low: stall"]);

    control = made();
    expect(control.stall({ low: 129e3, medium: 129e3, high: 129e3 })).toBe(
      false,
    );
  });
});

describe("the listener's choice", () => {
  test("counts at once, up and down, and however soon", () => {
    control.choose("low");
    control.choose("high");
    expect(changes).toEqual(["high → low: user", "low → high: user"]);
  });

  test("is not changed by stalls or measurements", () => {
    control.choose("high");
    measured(10e3);
    now += BETWEEN_CHANGES;
    expect(control.stall(RATES)).toBe(false);
    expect(control.start(RATES)).toBe("high");
  });

  test("is left when it fails, until the next track", () => {
    control = made("high");
    expect(control.failure(RATES)).toBe(true);
    expect(control.current).toBe("medium");
    now += BETWEEN_CHANGES;
    expect(control.start(RATES)).toBe("high");
  });

  test("a choice taken back leaves nothing behind", () => {
    control.choose("low");
    control.choose("auto");
    now += BETWEEN_CHANGES;
    expect(control.start(RATES)).toBe("high");
  });

  test("auto keeps what plays until the next track", () => {
    control = made("low");
    control.choose("auto");
    expect(control.current).toBe("low");
    expect(control.start(LIMITS)).toBe("high");
  });
});
