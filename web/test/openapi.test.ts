// The player and a client that is generated from docs/openapi.yaml agree: in
// their types, which `web/run check` compares, and in what they request.

import createClient from "openapi-fetch";
import { beforeEach, expect, expectTypeOf, test } from "vitest";
import type { Codec, Quality } from "../src/core/quality.js";
import { Api, type Encoding, type TrackInfo } from "../src/services/api.js";
import type { components, operations, paths } from "./openapi.js";

type Schemas = components["schemas"];

const BASE = "https://voyo.example";
const ID = "dQw4w9WgXcQ";

let requests: string[];

const record: typeof fetch = async (resource, init) => {
  const { method, url } = new Request(resource, init);
  requests.push(`${method} ${url}`);
  return new Response(method === "HEAD" ? null : "{}", {
    headers: { "Content-Type": "application/json" },
  });
};
const api = new Api({ base: BASE, fetch: record });
const client = createClient<paths>({ baseUrl: BASE, fetch: record });

beforeEach(() => {
  requests = [];
});

/** The requests of both. */
async function both(player: Promise<unknown>, generated: Promise<unknown>) {
  await player;
  await generated;
  expect(requests).toHaveLength(2);
  expect(requests[0]).toBe(requests[1]);
}

test("a track", async () => {
  const generated = client.GET("/cdn/track/{id}", {
    params: { path: { id: ID } },
  });
  await both(api.track(ID), generated);

  const { data } = await generated;
  expectTypeOf<NonNullable<typeof data>>().toExtend<TrackInfo>();
  expectTypeOf<Schemas["Encoding"]>().toExtend<Encoding>();
});

test("a prefetch", async () => {
  const options = { quality: "low", codec: "opus" } as const;
  await both(
    api.prefetch(ID, options),
    client.HEAD("/cdn/stream/{id}", {
      params: { path: { id: ID }, query: { ...options, prefetch: "true" } },
    }),
  );
});

test("a stream", async () => {
  const options: { quality: Quality; codec: Codec } = {
    quality: "medium",
    codec: "aac",
  };
  await both(
    record(api.streamUrl(ID, options)),
    client.GET("/cdn/stream/{id}", {
      params: { path: { id: ID }, query: options },
      parseAs: "stream",
    }),
  );
  expectTypeOf<Quality>().toEqualTypeOf<Schemas["Quality"]>();
  expectTypeOf<Codec>().toEqualTypeOf<Schemas["Codec"]>();
});

test("a picture", async () => {
  await both(
    record(api.artUrl(ID)),
    client.GET("/cdn/art/{id}", {
      params: { path: { id: ID } },
      parseAs: "stream",
    }),
  );
});

test("the code of a problem is known from its status", () => {
  type Problem =
    operations["stream"]["responses"][451]["content"]["application/problem+json"];
  expectTypeOf<Problem["code"]>().toEqualTypeOf<"geo_blocked" | "legal">();
});
