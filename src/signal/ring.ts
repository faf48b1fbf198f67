import { message, positiveInteger } from "../checks.js";

/** A queue of samples in a ring buffer; blocks may have different sizes on the way in and out. */
export class Ring {
  readonly capacity: number;
  readonly #samples: Float32Array; // (capacity)
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = positiveInteger(capacity, "capacity");
    this.#samples = new Float32Array(capacity);
  }

  /** The number of samples in the queue. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds the samples from index `from` to `to`, by default all.
   *
   * @throws RangeError if there is not enough room
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

  /**
   * Adds n zeros.
   *
   * @throws RangeError if there is not enough room
   */
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
   * Removes the oldest samples and writes them to `out` from index `from` to `to`, by default all of it.
   *
   * @throws RangeError if there are not enough samples
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
