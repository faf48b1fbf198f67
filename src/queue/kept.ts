/*
 * A cache of the values used last, by hash.
 */
export class Kept<T> {
  readonly #size: number;
  readonly #create: (hash: string) => Promise<T>;
  readonly #entries = new Map<string, Promise<T>>();

  /** @param size the number of values that are kept; one that is dropped can still be used by its users */
  constructor(size: number, create: (hash: string) => Promise<T>) {
    this.#size = size;
    this.#create = create;
  }

  /** The value, created if it is not kept. If creating it fails, the next call tries again. */
  get(hash: string): Promise<T> {
    const found = this.#entries.get(hash) ?? this.#create(hash);
    this.#entries.delete(hash);
    this.#entries.set(hash, found);
    for (const old of [...this.#entries.keys()].slice(0, -this.#size))
      this.#entries.delete(old);
    found.catch(() => this.#entries.delete(hash));
    return found;
  }
}
