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

  /**
   * Pushes the samples, or those from `from` to `to` of them.
   *
   * @throws RangeError for more samples than there is room for
   */
  push(samples: Float32Array, from = 0, to = samples.length): void {
    const n = to - from;
    const room = this.capacity - this.#length;
    if (n > room)
      throw new RangeError(message("samples", `at most ${room}`, `${n}`));
    let at = (this.#start + this.#length) % this.capacity;
    for (let i = 0; i < n; i++) {
      this.#samples[at] = samples[from + i] as number;
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
   * Writes the oldest samples to all of `out`, or to `from` to `to` of it; they are gone from the ring.
   *
   * @throws RangeError for more samples than are waiting
   */
  shift(out: Float32Array, from = 0, to = out.length): void {
    const n = to - from;
    if (n > this.#length)
      throw new RangeError(message("out", `at most ${this.#length}`, `${n}`));
    let at = this.#start;
    for (let i = 0; i < n; i++) {
      out[from + i] = this.#samples[at] as number;
      if (++at === this.capacity) at = 0;
    }
    this.#start = at;
    this.#length -= n;
  }

  clear(): void {
    this.#start = this.#length = 0;
  }
}
