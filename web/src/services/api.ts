// The server's side, as docs/http-api.md has it.

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

/** What GET /cdn/track/:id says; a text that is not known is null. */
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

/** What the server says of a stream; status 0 is no answer at all. */
export interface Probe {
  status: number;
  /** in milliseconds from now; null where the server asks for none */
  retryAfter: number | null;
  /** the problem's own name, for example geo_blocked */
  code: string | null;
  /** the origin that answered with a web page, where it should not have one */
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
// whose status says all, or whose reason may take as long once more
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

  /** Rejects with an ApiError when the server has no answer, or a bad one. */
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
   * there; while the server is at it, it is asked again.  Rejects with an
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
   * What the server says of a stream that failed: an audio element tells
   * nothing of it.  The reason costs another request, unless it is "known" of
   * the same status.  Never rejects but when it is aborted.
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
 * Whether it is not VOYO that answered: a server of pages has one for any
 * address, or one that says that there is none.  A 5xx may be of a proxy on
 * the way to VOYO.
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
 * Tries once, and where that was not enough again, with growing pauses.  Most
 * pages never need the library for that, so it is loaded by those that do.
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

/** HEAD has no body, so a single byte is asked for. */
async function problem(
  ask: (init: RequestInit) => Promise<Response>,
): Promise<string | null> {
  try {
    const answer = await ask({ headers: { Range: "bytes=0-0" } });
    if (answer.ok) {
      // it is well again, and may be about to send all of a track
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

/** Bits per second of a track's qualities; null while it is not known. */
export function bitratesOf(
  info: TrackInfo | undefined,
  codec: Codec,
): Bitrates | null {
  // a track that has one codec only is served in that one
  for (const each of [codec, "aac", "opus"] as const) {
    const { low, medium, high } = info?.codecs[each] ?? {};
    if (low && medium && high) {
      return { low: low.bitrate, medium: medium.bitrate, high: high.bitrate };
    }
  }
  return null;
}
