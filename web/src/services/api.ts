// The server's HTTP interface (docs/http-api.md).

import type { Bitrates, Codec, Quality } from "../core/quality.js";

export interface StreamOptions {
  quality: Quality;
  codec: Codec;
}

export interface Encoding {
  bitrate: number;
  size: number;
  type: string;
}

/** The response of GET /cdn/track/:id; an unknown text is null. */
export interface TrackInfo {
  id: string;
  title: string | null;
  artist: string | null;
  album: string | null;
  /** in seconds */
  duration: number | null;
  loudness: number | null;
  codecs: Partial<Record<Codec, Partial<Record<Quality, Encoding>>>>;
}

/** The server's response for a stream; status 0: no response. */
export interface Probe {
  status: number;
  /** in milliseconds from now; null if the server sent none */
  retryAfter: number | null;
  /** the code of the problem, for example geo_blocked */
  code: string | null;
  /** the origin that responded with a web page, which VOYO never does */
  page?: string;
}

export const NO_ANSWER: Probe = { status: 0, retryAfter: null, code: null };

export interface ApiOptions {
  /** Where the server is: "" for the page's own, or an origin. */
  base?: string;
  fetch?: typeof fetch;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    what = "",
  ) {
    super(`the server answered ${status}${what}`);
    this.name = "ApiError";
  }
}

const PROBE_TIMEOUT = 10_000;
// statuses that need no reason, or whose reason may take as long again
const NO_REASON = [408, 429, 504];

export class Api {
  readonly base: string;
  readonly #fetch: typeof fetch;

  constructor(options: ApiOptions = {}) {
    this.base = (options.base ?? "").replace(/\/+$/, "");
    this.#fetch = options.fetch ?? ((...words) => fetch(...words));
  }

  streamUrl(id: string, { quality, codec }: StreamOptions): string {
    return `${this.#url("stream", id)}?quality=${quality}&codec=${codec}`;
  }

  artUrl(id: string): string {
    return this.#url("art", id);
  }

  /** Rejects with an ApiError if the response is missing or an error. */
  async track(id: string, signal?: AbortSignal): Promise<TrackInfo> {
    return again(
      async () => {
        const answer = await this.#ask(this.#url("track", id), { signal });
        return passed(answer).json() as Promise<TrackInfo>;
      },
      (error) => !(error instanceof ApiError) || error.status >= 500,
      { retries: 2, minTimeout: 2000, signal },
    );
  }

  /**
   * Has the server fetch a track before it is needed, and resolves when it is
   * ready; repeats the request while the server is fetching it.  Rejects with an
   * ApiError.
   */
  async prefetch(
    id: string,
    options: StreamOptions,
    signal?: AbortSignal,
  ): Promise<void> {
    return again(
      async () => {
        const answer = await this.#ask(
          `${this.streamUrl(id, options)}&prefetch=true`,
          { method: "HEAD", cache: "no-store", priority: "low", signal },
        );
        if (passed(answer).status === 202) {
          throw new ApiError(202);
        }
      },
      (error) => error instanceof ApiError && error.status === 202,
      { retries: 5, minTimeout: 1000, maxTimeout: 8000, signal },
    );
  }

  /**
   * The server's response for a stream that failed, which an audio element does
   * not expose.  The reason needs another request, unless it is "known" for the
   * same status.  Rejects only if it is aborted.
   */
  async probe(
    url: string,
    signal?: AbortSignal,
    known?: Pick<Probe, "status" | "code"> | null,
  ): Promise<Probe> {
    signal?.throwIfAborted();
    const late = new AbortController();
    const stop = () => late.abort();
    const timer = setTimeout(stop, PROBE_TIMEOUT);
    signal?.addEventListener("abort", stop);

    try {
      const ask = (init: RequestInit) =>
        this.#ask(url, { cache: "no-store", signal: late.signal, ...init });
      const answer = await ask({ method: "HEAD" });
      const { status, headers } = answer;
      const probe = { status, retryAfter: retryAfter(headers), code: null };

      if (isPage(answer)) {
        return { ...probe, page: originOf(answer.url) };
      }
      if (status < 400 || NO_REASON.includes(status)) {
        return probe;
      }
      const same = known?.status === status;
      return { ...probe, code: same ? known.code : await problem(ask) };
    } catch {
      signal?.throwIfAborted();
      return NO_ANSWER;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  #url(kind: "stream" | "track" | "art", id: string): string {
    return `${this.base}/cdn/${kind}/${encodeURIComponent(id)}`;
  }

  #ask(
    url: string,
    {
      signal,
      ...init
    }: Omit<RequestInit, "signal"> & {
      signal?: AbortSignal | null | undefined;
    },
  ): Promise<Response> {
    return this.#fetch(url, { ...init, signal: signal ?? null });
  }
}

function passed(answer: Response): Response {
  const page = isPage(answer);
  if (!answer.ok || page) {
    throw new ApiError(answer.status, page ? " with a web page" : "");
  }
  return answer;
}

/**
 * Whether the response is not from VOYO: a web server may have a page for any
 * address, or for a 404.  A 5xx may come from a proxy in front of VOYO.
 */
function isPage({ status, headers }: Response): boolean {
  return (
    (status < 400 || status === 404) &&
    /^text\/html/i.test(headers.get("Content-Type") ?? "")
  );
}

function originOf(url: string): string {
  return /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? "";
}

interface Retries {
  retries: number;
  minTimeout: number;
  maxTimeout?: number;
  signal: AbortSignal | undefined;
}

/**
 * Tries once, and on failure again, with growing pauses.  The library for that
 * is loaded only when it is needed.
 */
async function again<T>(
  what: () => Promise<T>,
  worth: (error: unknown) => boolean,
  { signal, retries, ...options }: Retries,
): Promise<T> {
  try {
    return await what();
  } catch (error) {
    if (signal?.aborted || !worth(error)) {
      throw error;
    }
  }

  const { minTimeout } = options;
  const [{ default: pRetry }] = await Promise.all([
    import("p-retry"),
    new Promise((resolve) => setTimeout(resolve, minTimeout)),
  ]);
  return pRetry(what, {
    ...options,
    minTimeout: 2 * minTimeout,
    retries: retries - 1,
    shouldRetry: ({ error }) => worth(error),
    ...(signal && { signal }),
  });
}

/** HEAD has no body, so this requests a single byte. */
async function problem(
  ask: (init: RequestInit) => Promise<Response>,
): Promise<string | null> {
  try {
    const answer = await ask({ headers: { Range: "bytes=0-0" } });
    if (answer.ok) {
      // it works again, and may be about to send a whole track
      await answer.body?.cancel();
      return null;
    }
    const { code } = (await answer.json()) as { code?: unknown };
    return typeof code === "string" ? code : null;
  } catch {
    return null;
  }
}

function retryAfter(headers: Headers): number | null {
  const text = headers.get("Retry-After") ?? "";
  const milliseconds = /^\d+$/.test(text)
    ? 1000 * Number(text)
    : Date.parse(text) - Date.now();
  return milliseconds > 0 ? milliseconds : null;
}

/** Bits per second of a track's qualities; null while unknown. */
export function bitratesOf(
  info: TrackInfo | undefined,
  codec: Codec,
): Bitrates | null {
  // a track with a single codec is served in that one
  for (const each of [codec, "aac", "opus"] as const) {
    const { low, medium, high } = info?.codecs[each] ?? {};
    if (low && medium && high) {
      return { low: low.bitrate, medium: medium.bitrate, high: high.bitrate };
    }
  }
  return null;
}
