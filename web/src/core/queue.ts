// The tracks in their order, and which of them is the current one.

export class Queue {
  #ids: readonly string[] = [];
  #index = -1;

  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Of the current track, -1 without one. */
  get index(): number {
    return this.#index;
  }

  get current(): string | null {
    return this.#ids[this.#index] ?? null;
  }

  get next(): string | null {
    return this.#ids[this.#index + 1] ?? null;
  }

  /** Makes another track the current one; false where there is none. */
  go(index: number): boolean {
    const there = this.#ids[index] !== undefined;
    if (there) {
      this.#index = index;
    }
    return there;
  }

  /** Replaces all.  False when what is current is not among it. */
  replace(ids: readonly string[]): boolean {
    const current = this.current;
    const far = (at: number) => Math.abs(at - this.#index);
    const [at] = [...ids.keys()]
      .filter((i) => ids[i] === current)
      .sort((one, other) => far(one) - far(other));

    this.#ids = [...ids];
    this.#index = at ?? -1;
    return at !== undefined;
  }
}
