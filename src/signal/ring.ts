import { message, positiveInteger } from "../checks.js";

/** A queue of samples in a ring: what is pushed in blocks of one size is shifted out in blocks of another. */
export class Ring {
  readonly capacity: number;
  readonly #samples: Float32Array; // (capacity)
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = positiveInteger(capacity, "capacity");
    this.#samples = new Float32Array(capacity);
  }

  /** Samples that are waiting. */
  get length(): number {
    return this.#length;
  }

  /** @throws RangeError for more samples than there is room for */
  push(samples: Float32Array): void {
    const n = samples.length;
    const room = this.capacity - this.#length;
    if (n > room)
      throw new RangeError(message("samples", `at most ${room}`, `${n}`));
    let at = (this.#start + this.#length) % this.capacity;
    for (let i = 0; i < n; i++) {
      this.#samples[at] = samples[i] as number;
      if (++at === this.capacity) at = 0;
    }
    this.#length += n;
  }

  /** Pushes n zeros. */
  pushSilence(n: number): void {
    const room = this.capacity - this.#length;
    if (n > room) throw new RangeError(message("n", `at most ${room}`, `${n}`));
    let at = (this.#start + this.#length) % this.capacity;
    for (let i = 0; i < n; i++) {
      this.#samples[at] = 0;
      if (++at === this.capacity) at = 0;
    }
    this.#length += n;
  }

  /**
   * The oldest samples, as many as `out` has room for; they are gone from the ring.
   *
   * @throws RangeError for more samples than are waiting
   */
  shift(out: Float32Array): void {
    const n = out.length;
    if (n > this.#length)
      throw new RangeError(message("out", `at most ${this.#length}`, `${n}`));
    let at = this.#start;
    for (let i = 0; i < n; i++) {
      out[i] = this.#samples[at] as number;
      if (++at === this.capacity) at = 0;
    }
    this.#start = at;
    this.#length -= n;
  }

  clear(): void {
    this.#start = this.#length = 0;
  }
}
