// Whatever happens in whatever order: the laws of the quality.

import fc from "fast-check";
import { beforeEach, test } from "vitest";
import {
  type Choice,
  QUALITIES,
  type Quality,
  QualityControl,
  type Why,
} from "../src/core/quality.js";
import { fakeBrowser } from "./fake.js";

type Step =
  | { do: "wait"; ms: number }
  | { do: "measure"; bits: number; seconds: number }
  | { do: "choose"; choice: Choice }
  | { do: "hint"; saveData: boolean; effectiveType: string | undefined }
  | { do: "start"; planned: Quality | undefined }
  | { do: "stall" }
  | { do: "failure" };

const quality = fc.constantFrom(...QUALITIES);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("wait"), ms: fc.nat(12_000) } as const),
  fc.record({
    do: fc.constant("measure"),
    bits: fc.nat(4e6),
    seconds: fc.double({ min: 0, max: 5, noNaN: true }),
  } as const),
  fc.record({
    do: fc.constant("choose"),
    choice: fc.constantFrom("auto", ...QUALITIES),
  } as const),
  fc.record({
    do: fc.constant("hint"),
    saveData: fc.boolean(),
    effectiveType: fc.constantFrom(undefined, "slow-2g", "2g", "3g", "4g"),
  } as const),
  fc.record({
    do: fc.constant("start"),
    planned: fc.option(quality, { nil: undefined }),
  } as const),
  fc.constant({ do: "stall" } as const),
  fc.constant({ do: "failure" } as const),
);
const bitrates = fc
  .tuple(fc.integer({ min: 1, max: 3e5 }), fc.nat(3e5), fc.nat(3e5))
  .map(([low, more, most]) => ({
    low,
    medium: low + more,
    high: low + more + most,
  }));

const rank = (each: Quality) => QUALITIES.indexOf(each);
let browser: ReturnType<typeof fakeBrowser>;

beforeEach(() => {
  browser = fakeBrowser();
});

function check(
  law: (
    changes: { from: Quality; to: Quality; why: Why; at: number; by: Step }[],
    control: QualityControl,
  ) => boolean,
): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), bitrates, (steps, rates) => {
      let now = 0;
      let by: Step = { do: "wait", ms: 0 };
      const changes: Parameters<typeof law>[0] = [];
      const control = new QualityControl(
        () => now,
        (change) => changes.push({ ...change, at: now, by }),
      );

      return steps.every((each) => {
        by = each;
        switch (each.do) {
          case "wait":
            now += each.ms;
            break;
          case "measure":
            control.throughput.add(each.bits * each.seconds, each.seconds);
            break;
          case "choose":
            control.choose(each.choice);
            break;
          case "hint":
            browser.navigator.connection = {
              saveData: each.saveData,
              ...(each.effectiveType && { effectiveType: each.effectiveType }),
            };
            break;
          case "start":
            control.start(rates, each.planned);
            break;
          case "stall":
            control.stall(rates);
            break;
          case "failure":
            control.failure(rates);
            break;
        }
        return law(changes, control);
      });
    }),
    { numRuns: 2000 },
  );
}

test("never above the listener's cap", () => {
  check(
    (_, { choice, current }) =>
      choice === "auto" || rank(current) <= rank(choice),
  );
});

test("never two changes within 8 s, but by the listener's hand", () => {
  check((changes) => {
    const [last, before] = [changes.at(-1), changes.at(-2)];
    return (
      !last || !before || last.why === "user" || last.at - before.at >= 8000
    );
  });
});

test("no change without its cause, and none that changes nothing", () => {
  const causes: Record<Why, Step["do"]> = {
    user: "choose",
    track: "start",
    stall: "stall",
    failure: "failure",
  };
  check((changes, { current }) => {
    const last = changes.at(-1);
    return (
      !last ||
      (last.by.do === causes[last.why] &&
        last.from !== last.to &&
        last.to === current)
    );
  });
});

test("up only by the listener or where a track starts", () => {
  check((changes) => {
    const last = changes.at(-1);
    return (
      !last ||
      rank(last.to) < rank(last.from) ||
      last.why === "user" ||
      last.why === "track"
    );
  });
});
