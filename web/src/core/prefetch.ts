// Has the server prefetch the next track before it is needed.

export type PrefetchState = "pending" | "loading" | "ready";

export interface PrefetchOptions {
  /** Has the server fetch a track.  Resolves when it is ready. */
  fetch: (id: string, signal: AbortSignal) => Promise<void>;
  /** Whether the connection allows fetching in advance. */
  allowed?: () => boolean;
  /** Called with each state; null when a track is forgotten. */
  told?: (id: string, state: PrefetchState | null) => void;
}

const AFTER_PERCENT = 50;
const TRIES = 2;
const BETWEEN_TRIES = 2000;

export class PrefetchManager {
  /** The state of each requested track. */
  readonly queue = new Map<string, PrefetchState>();

  #failures = new Map<string, { times: number; at: number }>();
  #running: { id: string; abort: AbortController } | null = null;

  constructor(private readonly options: PrefetchOptions) {}

  /** To be called while a track plays: progress is in per cent, 0 to 100. */
  checkPrefetch(progress: number, nextTrackId: string | null): void {
    if (progress > AFTER_PERCENT && nextTrackId !== null) {
      this.startPrefetch(nextTrackId);
    }
  }

  startPrefetch(id: string): void {
    const failed = this.#failures.get(id);

    if (
      this.queue.has(id) ||
      this.options.allowed?.() === false ||
      (failed &&
        (failed.times >= TRIES || Date.now() - failed.at < BETWEEN_TRIES))
    ) {
      return;
    }

    this.#set(id, "pending");
    this.#next();
  }

  /** The queue has changed: cancels all prefetches except that of "keep". */
  undo(keep: string | null = null): void {
    const running = this.#running;
    if (running && running.id !== keep) {
      this.#running = null;
      running.abort.abort();
    }
    for (const id of [...this.queue.keys()]) {
      if (id !== keep) {
        this.#set(id, null);
      }
    }
    this.#failures.clear();
    this.#next();
  }

  #set(id: string, state: PrefetchState | null): void {
    if (state) {
      this.queue.set(id, state);
    } else {
      this.queue.delete(id);
    }
    this.options.told?.(id, state);
  }

  #next(): void {
    const waiting = [...this.queue].find(([, state]) => state === "pending");
    if (waiting && !this.#running) {
      void this.#run(waiting[0]);
    }
  }

  async #run(id: string): Promise<void> {
    const running = { id, abort: new AbortController() };
    this.#running = running;
    this.#set(id, "loading");

    let state: PrefetchState | null = null;
    try {
      await this.options.fetch(id, running.abort.signal);
      state = "ready";
    } catch {
      if (this.#running === running) {
        const times = (this.#failures.get(id)?.times ?? 0) + 1;
        this.#failures.set(id, { times, at: Date.now() });
      }
    }

    if (this.#running === running) {
      this.#running = null;
      this.#set(id, state);
      this.#next();
    }
  }
}
