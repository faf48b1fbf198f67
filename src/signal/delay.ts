import { Ring } from "./ring.js";

/** Sound, so many samples later. Allocates nothing once it is made. */
export class Delay {
  readonly samples: number;
  readonly #ring: Ring;

  constructor(samples: number) {
    this.samples = samples;
    this.#ring = new Ring(samples + CHUNK);
    this.reset();
  }

  /**
   * input → out, as many.
   *
   * @param from of the input, and `to`, if not all; out is written from its start on
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

  /** As at the start: silence. */
  reset(): void {
    this.#ring.clear();
    this.#ring.pushSilence(this.samples);
  }
}

const CHUNK = 128;
