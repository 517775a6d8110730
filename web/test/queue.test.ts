// What plays must go on whatever is done to the queue around it.

import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  entryOf,
  Queue,
  type Repeat,
  type TrackEntry,
} from "../src/core/queue.js";

let queue: Queue;

beforeEach(() => {
  queue = new Queue();
});

const seen = () => [queue.ids.join(" "), queue.index] as const;

test("is empty, then has a current track, and one that follows", () => {
  expect([queue.index, queue.track, queue.next]).toEqual([-1, null, null]);
  expect([queue.after, queue.before, queue.following]).toEqual([-1, -1, -1]);
  expect(queue.replace(["one", "two"])).toBe(false);
  expect([queue.track, queue.next]).toEqual(["one", "two"]);
  expect(queue.go(2)).toBe(false);
  expect(queue.go(-1)).toBe(false);
  expect(queue.go(1)).toBe(true);
  expect([queue.track, queue.next]).toEqual(["two", null]);
});

test("replaced, what is current stays so where it is near", () => {
  queue.replace(["one", "two", "three", "one"], 3);
  expect(queue.replace(["one", "two", "one"])).toBe(true);
  expect(queue.index).toBe(2);
  expect(queue.replace(["four", "five"], 1)).toBe(false);
  expect(seen()).toEqual(["four five", 1]);
  queue.replace(["six"], 7);
  expect(queue.index).toBe(0);
  expect(queue.replace([])).toBe(false);
  expect(seen()).toEqual(["", -1]);
});

test("is its own copy, of what a page says of a track", () => {
  const two: TrackEntry = { id: "two", title: "Second", artist: null };
  const tracks = ["one", { ...two, more: 1 }, two];
  queue.replace(tracks);
  tracks.push("three");
  expect(queue.entries).toEqual([{ id: "one" }, two, two]);
  expect(queue.entries[1]).not.toBe(queue.entries[2]);
});

test.each([[{}], [{ id: 7 }], [{ id: "" }], [""], [undefined], [null]])(
  "%o is no track, and changes nothing",
  (wrong) => {
    queue.replace(["one"]);
    const track = wrong as string;
    expect(() => queue.replace(["two", track])).toThrow(TypeError);
    expect(() => queue.insert(0, ["two", track])).toThrow(TypeError);
    expect(seen()).toEqual(["one", 0]);
  },
);

describe("tracks are put in", () => {
  beforeEach(() => {
    queue.replace(["one", "two", "three"], 1);
  });

  test.each([
    [0, "x y one two three", 3],
    [1, "one x y two three", 3],
    [2, "one two x y three", 1],
    [3, "one two three x y", 1],
    [9, "one two three x y", 1],
    [-1, "x y one two three", 3],
  ])("at %d", (at, ids, index) => {
    queue.insert(at, ["x", "y"]);
    expect(seen()).toEqual([ids, index]);
    expect(queue.track).toBe("two");
  });
});

describe("a track is taken out", () => {
  beforeEach(() => {
    queue.replace(["one", "two", "three"], 1);
  });

  test.each([
    [0, "two three", 0, "two"],
    [2, "one two", 1, "two"],
    [1, "one three", 1, "three"],
    [3, "one two three", 1, "two"],
    [-1, "one two three", 1, "two"],
  ])("the one at %d", (at, ids, index, track) => {
    queue.remove(at);
    expect(seen()).toEqual([ids, index]);
    expect(queue.track).toBe(track);
  });

  test("the last one's place is its neighbour's, or the first's", () => {
    queue.go(2);
    queue.remove(2);
    expect(queue.track).toBe("two");
    queue.repeat = "all";
    queue.remove(1);
    expect(queue.track).toBe("one");
    queue.replace(["one", "two", "three"]);
    queue.go(2);
    queue.remove(2);
    expect(queue.track).toBe("one");
  });

  test("the only one leaves nothing", () => {
    for (let i = 0; i < 3; i++) {
      queue.remove(0);
    }
    expect(seen()).toEqual(["", -1]);
  });
});

describe("repeat", () => {
  const around = () => [queue.before, queue.after, queue.following, queue.next];

  test.each([
    ["off", 0, [-1, 1, 1, "two"]],
    ["off", 2, [1, -1, -1, null]],
    ["all", 0, [2, 1, 1, "two"]],
    ["all", 2, [1, 0, 0, "one"]],
    ["one", 0, [-1, 1, 0, null]],
    ["one", 2, [1, -1, 2, null]],
  ] as const)("%s, at %d", (repeat, index, expected) => {
    queue.replace(["one", "two", "three"], index);
    queue.repeat = repeat;
    expect(around()).toEqual(expected);
  });

  test("of a single track, no other one follows", () => {
    queue.replace(["one"]);
    queue.repeat = "all";
    expect(around()).toEqual([0, 0, 0, null]);
  });

  test("of nothing is nothing", () => {
    queue.repeat = "all";
    expect(around()).toEqual([-1, -1, -1, null]);
    queue.repeat = "one";
    expect(around()).toEqual([-1, -1, -1, null]);
  });

  test("is one of three", () => {
    expect(() => {
      queue.repeat = "twice" as Repeat;
    }).toThrow("a repeat is none of off, all, one: twice");
    expect(queue.repeat).toBe("off");
  });
});

describe("shuffle", () => {
  // always the last of what is left
  beforeEach(() => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    queue.replace(["one", "two", "three", "four"], 1);
  });

  test("has the current one first, and can be taken back", () => {
    queue.shuffle(true);
    expect(queue.shuffled).toBe(true);
    expect(seen()).toEqual(["two four three one", 0]);
    queue.go(2);
    queue.shuffle(true);
    expect(seen()).toEqual(["two four three one", 2]);
    queue.shuffle(false);
    expect(queue.shuffled).toBe(false);
    expect(seen()).toEqual(["one two three four", 2]);
    queue.shuffle(false);
    expect(seen()).toEqual(["one two three four", 2]);
  });

  test("what is put in and taken out meanwhile is so in both orders", () => {
    queue.shuffle(true);
    queue.insert(1, ["x"]);
    expect(seen()).toEqual(["two x four three one", 0]);
    queue.insert(0, ["y"]);
    queue.insert(6, ["z"]);
    queue.remove(3);
    expect(seen()).toEqual(["y two x three one z", 1]);
    queue.shuffle(false);
    expect(seen()).toEqual(["y one two x three z", 2]);
  });

  test("a queue that replaces it is shuffled, behind what is current", () => {
    queue.shuffle(true);
    queue.replace(["five", "two", "six", "seven"]);
    expect(seen()).toEqual(["two seven six five", 0]);
    queue.replace(["eight", "nine", "ten"], 1);
    expect(seen()).toEqual(["nine ten eight", 0]);
    queue.shuffle(false);
    expect(seen()).toEqual(["eight nine ten", 1]);
  });

  test("without a track it only counts for those that come", () => {
    queue.replace([]);
    queue.shuffle(true);
    expect(queue.shuffled).toBe(true);
    queue.replace(["five", "six", "seven"]);
    expect(seen()).toEqual(["five seven six", 0]);
  });

  test("every order is as likely", () => {
    vi.restoreAllMocks();
    const counts = new Map<string, number>();
    for (let i = 0; i < 3000; i++) {
      queue.shuffle(true);
      const order = queue.ids.slice(1).join(" ");
      counts.set(order, (counts.get(order) ?? 0) + 1);
      queue.shuffle(false);
    }
    expect(counts.size).toBe(6);
    // 500 of each, ± 7 standard deviations
    for (const count of counts.values()) {
      expect(Math.abs(count - 500)).toBeLessThan(145);
    }
  });
});

// Whatever is done to it.

type Act =
  | { do: "replace"; ids: string[]; index: number }
  | { do: "insert"; at: number; ids: string[] }
  | { do: "remove" | "go"; at: number }
  | { do: "shuffle"; on: boolean }
  | { do: "repeat"; repeat: Repeat };

const ids = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 5 });
const at = fc.integer({ min: -1, max: 8 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant("replace" as const), ids, index: at }),
  fc.record({ do: fc.constant("insert" as const), at, ids }),
  fc.record({ do: fc.constantFrom("remove" as const, "go" as const), at }),
  fc.record({ do: fc.constant("shuffle" as const), on: fc.boolean() }),
  fc.record({
    do: fc.constant("repeat" as const),
    repeat: fc.constantFrom<Repeat>("off", "all", "one"),
  }),
);

test("the laws of a queue", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      queue = new Queue();
      for (const each of acts) {
        const before = { current: queue.current, all: [...queue.entries] };
        perform(each);
        whole();
        goesOn(each, before);
      }
      leads();
    }),
    { numRuns: 500 },
  );
});

function perform(act: Act): void {
  switch (act.do) {
    case "replace":
      queue.replace(act.ids, act.index);
      break;
    case "insert":
      queue.insert(act.at, act.ids);
      // as the player does
      if (queue.current === null) {
        queue.go(0);
      }
      break;
    case "remove":
      queue.remove(act.at);
      break;
    case "go":
      queue.go(act.at);
      break;
    case "shuffle":
      queue.shuffle(act.on);
      break;
    case "repeat":
      queue.repeat = act.repeat;
      break;
  }
}

/** The index is of a track, unless there is none. */
function whole(): void {
  const { entries, ids, index, current } = queue;
  expect(ids).toEqual(entries.map(({ id }) => id));
  expect(new Set(entries).size).toBe(entries.length);
  expect(current === null).toBe(entries.length === 0);
  expect(index).toBe(current ? entries.indexOf(current) : -1);
}

/** What is current is another one only where that was asked for. */
function goesOn(
  act: Act,
  before: { current: TrackEntry | null; all: TrackEntry[] },
): void {
  const { entries, current } = queue;
  const gone = act.do === "remove" && before.all[act.at] === before.current;
  if (before.current && act.do !== "go" && act.do !== "replace" && !gone) {
    expect(current).toBe(before.current);
  }
  if (act.do === "shuffle" || act.do === "repeat") {
    expect(new Set(entries)).toEqual(new Set(before.all));
  }
  if (act.do === "insert") {
    expect(entries.length).toBe(before.all.length + act.ids.length);
  }
}

/** Unshuffled, all is there; what follows leads to the end, around, or back. */
function leads(): void {
  const all = new Set(queue.entries);
  queue.shuffle(false);
  expect(new Set(queue.entries)).toEqual(all);
  whole();

  const { length } = queue.entries;
  const met: number[] = [];
  const begin = queue.index;
  for (let i = 0; i < length + 1 && queue.following >= 0; i++) {
    queue.go(queue.following);
    met.push(queue.index);
  }
  const expected = {
    off: Array.from({ length: length - begin - 1 }, (_, i) => begin + 1 + i),
    all: Array.from({ length: length + 1 }, (_, i) => (begin + 1 + i) % length),
    one: Array.from({ length: length + 1 }, () => begin),
  };
  expect(met).toEqual(length === 0 ? [] : expected[queue.repeat]);
}

test("an entry of an entry is the same", () => {
  const entry = entryOf({ id: "one", title: "First" });
  expect(entryOf(entry)).toEqual(entry);
});
