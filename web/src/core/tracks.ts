// Metadata of tracks: the server's, for tracks that were played or prefetched,
// and the page's, for tracks in its queue, which take precedence.

import { type Api, bitratesOf, type TrackInfo } from "../services/api.js";
import type { Bitrates, Codec } from "./quality.js";
import type { TrackEntry } from "./queue.js";

export class Tracks {
  #infos = new Map<string, TrackInfo>();

  constructor(private readonly api: Api) {}

  /** Asks the server, once.  Returns whether it had an answer. */
  async learn(id: string, signal: AbortSignal): Promise<boolean> {
    if (this.#infos.has(id)) {
      return false;
    }
    try {
      this.#infos.set(id, await this.api.track(id, signal));
      return true;
    } catch {
      // it plays without a title
      return false;
    }
  }

  infoOf({ id, title, artist, album }: TrackEntry): TrackInfo | null {
    const info = this.#infos.get(id) ?? null;

    return (title ?? artist ?? album ?? null) === null
      ? info
      : {
          duration: null,
          loudness: null,
          codecs: {},
          ...info,
          id,
          title: title ?? info?.title ?? null,
          artist: artist ?? info?.artist ?? null,
          album: album ?? info?.album ?? null,
        };
  }

  /** In seconds, from the server's record; null while unknown. */
  lengthOf(id: string): number | null {
    return this.#infos.get(id)?.duration ?? null;
  }

  bitratesOf(id: string, codec: Codec): Bitrates | null {
    return bitratesOf(this.#infos.get(id), codec);
  }
}
