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

  /** input → out, as many; they may be the same array. */
  process(input: Float32Array, out: Float32Array): void {
    for (let at = 0; at < input.length; at += CHUNK) {
      const end = Math.min(at + CHUNK, input.length);
      this.#ring.push(input, at, end);
      this.#ring.shift(out, at, end);
    }
  }

  /** As at the start: silence. */
  reset(): void {
    this.#ring.clear();
    this.#ring.pushSilence(this.samples);
  }
}

const CHUNK = 128;
