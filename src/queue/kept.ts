/*
 * What was asked for last, by its hash: made once, and dropped when as many others were asked for since.
 */
export class Kept<T> {
  readonly #most: number;
  readonly #make: (hash: string) => Promise<T>;
  readonly #entries = new Map<string, Promise<T>>();

  /** @param most how many are kept; who uses one that is dropped still has it */
  constructor(most: number, make: (hash: string) => Promise<T>) {
    this.#most = most;
    this.#make = make;
  }

  /** @throws what making it throws; the next call tries again */
  get(hash: string): Promise<T> {
    const found = this.#entries.get(hash) ?? this.#make(hash);
    this.#entries.delete(hash);
    this.#entries.set(hash, found);
    for (const old of [...this.#entries.keys()].slice(0, -this.#most))
      this.#entries.delete(old);
    found.catch(() => this.#entries.delete(hash));
    return found;
  }
}
