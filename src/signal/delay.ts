import { Ring } from "./ring.js";

/** Delays sound by a number of samples. Allocates nothing after construction. */
export class Delay {
  readonly samples: number;
  readonly #ring: Ring;

  constructor(samples: number) {
    this.samples = samples;
    this.#ring = new Ring(samples + CHUNK);
    this.reset();
  }

  /**
   * input → out, the same number of samples.
   *
   * @param from start of the range of the input, up to `to`, by default all; out is written from its start
   */
  process(
    input: Float32Array,
    out: Float32Array,
    from = 0,
    to = input.length,
  ): void {
    for (let at = from; at < to; at += CHUNK) {
      const end = Math.min(at + CHUNK, to);
      this.#ring.push(input, at, end);
      this.#ring.shift(out, at - from, end - from);
    }
  }

  /** Back to silence. */
  reset(): void {
    this.#ring.clear();
    this.#ring.pushSilence(this.samples);
  }
}

const CHUNK = 128;
