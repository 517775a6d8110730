import { beforeEach, describe, expect, test, vi } from "vitest";
import { Api, ApiError, bitratesOf } from "../src/services/api.js";
import { FakeServer, info, PAGE, settle } from "./fake.js";

let server: FakeServer;
let api: Api;

beforeEach(async () => {
  await import("p-retry");
  vi.useFakeTimers();
  server = new FakeServer();
  api = new Api({ fetch: server.fetch as typeof fetch });
});

describe("addresses", () => {
  test("of the page's own server and of another", () => {
    const options = { quality: "low", codec: "aac" } as const;
    expect(api.streamUrl("abc", options)).toBe(
      "/cdn/stream/abc?quality=low&codec=aac",
    );
    expect(api.artUrl("abc")).toBe("/cdn/art/abc");
    expect(
      new Api({ base: "https://cdn.example/" }).streamUrl("abc", options),
    ).toBe("https://cdn.example/cdn/stream/abc?quality=low&codec=aac");
  });

  test("an id is never more than an id", () => {
    expect(api.artUrl("../x?y#z")).toBe("/cdn/art/..%2Fx%3Fy%23z");
  });
});

describe("a track", () => {
  test("is what the server says", async () => {
    server.on(/track/, { status: 200, body: info("abc") });
    expect((await api.track("abc")).title).toBe("Title of abc");
  });

  test.each([400, 404, 451, 429])("%d: no other try", async (status) => {
    server.on(/track/, { status });
    const answer = api.track("abc");
    await expect(answer).rejects.toBeInstanceOf(ApiError);
    await expect(answer).rejects.toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  test("a web page is none, and no reason for another try", async () => {
    server.on(/track/, PAGE);
    await expect(api.track("abc")).rejects.toThrow(
      "the server answered 200 with a web page",
    );
    server.on(/stream/, PAGE);
    await expect(
      api.prefetch("abc", { quality: "low", codec: "aac" }),
    ).rejects.toBeInstanceOf(ApiError);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.requests).toHaveLength(2);
  });

  test("5xx and no answer: two more tries", async () => {
    server.on(/track/, { status: 503 });
    const answer = expect(api.track("abc")).rejects.toMatchObject({
      status: 503,
    });
    await settle();
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(60_000);
    await answer;
    expect(server.requests).toHaveLength(3);
  });

  test("a try that works ends it", async () => {
    server.on(/track/, { status: 503 }, { status: 200, body: info("abc") });
    const answer = api.track("abc");
    await settle();
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(2000);
    expect((await answer).id).toBe("abc");
  });
});

describe("a probe", () => {
  test("is a HEAD past every cache, and says when to come back", async () => {
    server.on(/HEAD/, { status: 429, headers: { "Retry-After": "7" } });
    expect(await api.probe("/x")).toEqual({
      status: 429,
      retryAfter: 7000,
      code: null,
    });
    expect(server.requests[0]?.init.cache).toBe("no-store");
    expect(server.requests).toHaveLength(1);
  });

  test("Retry-After as a date", async () => {
    const date = new Date(Date.now() + 90_000).toUTCString();
    server.on(/HEAD/, { status: 429, headers: { "Retry-After": date } });
    const { retryAfter } = await api.probe("/x");
    expect(Math.abs((retryAfter ?? 0) - 90_000)).toBeLessThanOrEqual(1000);
  });

  test.each(["soon", "-1", "", "0", new Date(0).toUTCString()])(
    "Retry-After: %s is none",
    async (text) => {
      server.on(/HEAD/, { status: 503, headers: { "Retry-After": text } });
      expect((await api.probe("/x")).retryAfter).toBeNull();
    },
  );

  test("a refusal's reason is worth another request", async () => {
    server.on(/HEAD/, { status: 451 });
    server.on(/GET/, { status: 451, body: { code: "geo_blocked" } });
    expect(await api.probe("/x")).toMatchObject({
      status: 451,
      code: "geo_blocked",
    });
    expect(server.requests[1]?.init.headers).toEqual({ Range: "bytes=0-0" });
  });

  test.each([400, 403, 404, 451, 500, 502, 503])(
    "%d has a reason, which is asked for once",
    async (status) => {
      server.on(/HEAD/, { status, headers: { "Retry-After": "7" } });
      server.on(/GET/, { status, body: { code: "why" } });
      const first = await api.probe("/x");
      expect(first).toEqual({ status, retryAfter: 7000, code: "why" });
      expect(await api.probe("/x", undefined, first)).toEqual(first);
      expect(server.of(/GET/)).toHaveLength(1);
      await api.probe("/x", undefined, { status: 418, code: "other" });
      expect(server.of(/GET/)).toHaveLength(2);
    },
  );

  test.each([200, 206, 304, 408, 429, 504])("%d needs none", async (status) => {
    server.on(/HEAD/, { status });
    expect(await api.probe("/x")).toMatchObject({ status, code: null });
    expect(server.requests).toHaveLength(1);
  });

  test("a server that is well again when it is asked why sends no track", async () => {
    const cancel = vi.spyOn(ReadableStream.prototype, "cancel");
    server.on(/HEAD/, { status: 503 });
    server.on(/GET/, { status: 200, body: "audio" });
    expect(await api.probe("/x")).toMatchObject({ status: 503, code: null });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test.each([200, 404])(
    "%d with a web page is none of VOYO's",
    async (status) => {
      server.on(/HEAD/, { ...PAGE, status });
      expect(await api.probe("/cdn/stream/x")).toEqual({
        status,
        retryAfter: null,
        code: null,
        page: "http://app.example:5173",
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("a proxy's page about a 502 may pass", async () => {
    server.on(/./, { ...PAGE, status: 502 });
    const probe = await api.probe("/x");
    expect(probe).toMatchObject({ status: 502, code: null });
    expect(probe).not.toHaveProperty("page");
  });

  test("a reason that can't be read is none", async () => {
    server.on(/HEAD/, { status: 404 });
    server.on(/GET/, { status: 404 });
    expect(await api.probe("/x")).toMatchObject({ status: 404, code: null });
  });

  test("no answer is 0", async () => {
    server.down = true;
    expect((await api.probe("/x")).status).toBe(0);
  });

  test("an answer that never comes is 0 after 10 s", async () => {
    api = new Api({
      fetch: (_, init) =>
        new Promise((_, reject) => {
          init?.signal?.addEventListener("abort", () =>
            reject(init.signal?.reason),
          );
        }),
    });
    let probe: unknown = null;
    void api.probe("/x").then((found) => {
      probe = found;
    });
    await vi.advanceTimersByTimeAsync(9999);
    expect(probe).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(probe).toMatchObject({ status: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("aborted, it rejects and leaves no timer", async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(api.probe("/x", abort.signal)).rejects.toThrow();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("bitrates", () => {
  test("of the codec that is asked for, else of the one there is", () => {
    const { codecs } = info("abc", [1, 2, 3]);
    const known = info("abc");
    expect(bitratesOf(undefined, "opus")).toBeNull();
    expect(
      bitratesOf({ ...known, codecs: { aac: codecs.aac } }, "opus"),
    ).toEqual({ low: 1, medium: 2, high: 3 });
    expect(
      bitratesOf({ ...known, codecs: { aac: {}, opus: codecs.opus } }, "aac"),
    ).toEqual({ low: 1, medium: 2, high: 3 });
  });
});
