import { beforeEach, expect, test } from "vitest";
import { Queue } from "../src/core/queue.js";

let queue: Queue;

beforeEach(() => {
  queue = new Queue();
});

test("is empty, then has a current track, and one that follows", () => {
  expect([queue.index, queue.current, queue.next]).toEqual([-1, null, null]);
  expect(queue.replace(["one", "two"])).toBe(false);
  expect(queue.index).toBe(-1);
  expect(queue.go(0)).toBe(true);
  expect([queue.current, queue.next]).toEqual(["one", "two"]);
  expect(queue.go(2)).toBe(false);
  expect(queue.go(-1)).toBe(false);
  expect(queue.go(1)).toBe(true);
  expect([queue.current, queue.next]).toEqual(["two", null]);
});

test("replaced, what is current stays so where it is near", () => {
  queue.replace(["one", "two", "three", "one"]);
  queue.go(3);
  expect(queue.replace(["one", "two", "one"])).toBe(true);
  expect(queue.index).toBe(2);
  expect(queue.replace(["four"])).toBe(false);
  expect([queue.index, queue.current]).toEqual([-1, null]);
});

test("is its own copy", () => {
  const ids = ["one"];
  queue.replace(ids);
  ids.push("two");
  expect(queue.ids).toEqual(["one"]);
});
