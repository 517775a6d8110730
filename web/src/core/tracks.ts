// What is known of tracks: what the server says of those that were met, and
// what the page says of those in its queue, which wins.

import { type Api, bitratesOf, type TrackInfo } from "../services/api.js";
import type { Bitrates, Codec } from "./quality.js";
import type { TrackEntry } from "./queue.js";

export class Tracks {
  #infos = new Map<string, TrackInfo>();

  constructor(private readonly api: Api) {}

  /** Asks the server, once.  Whether anything is known by it. */
  async learn(id: string, signal: AbortSignal): Promise<boolean> {
    if (this.#infos.has(id)) {
      return false;
    }
    try {
      this.#infos.set(id, await this.api.track(id, signal));
      return true;
    } catch {
      // it plays without a name
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

  /** In seconds, as the server's record has it; null while it is not known. */
  lengthOf(id: string): number | null {
    return this.#infos.get(id)?.duration ?? null;
  }

  bitratesOf(id: string, codec: Codec): Bitrates | null {
    return bitratesOf(this.#infos.get(id), codec);
  }
}
