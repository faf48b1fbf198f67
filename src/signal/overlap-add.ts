import { message } from "../checks.js";

/**
 * Sums frames that overlap, each `hop` samples later than the one before; what is complete comes out.
 *
 *     frame 0   |····hop····|···············|
 *     frame 1               |····hop····|···············|
 *     out       |····hop····|····hop····|
 *
 * Allocates nothing once it is made.
 */
export class OverlapAdd {
  readonly size: number;
  readonly hop: number;
  readonly #sum: Float32Array; // (size)

  constructor(size: number, hop: number) {
    this.size = size;
    this.hop = hop;
    this.#sum = new Float32Array(size);
  }

  /** frame (size) is added; out (hop): what no later frame reaches. */
  add(frame: Float32Array, out: Float32Array): void {
    const sum = this.#sum;
    const { size, hop } = this;
    for (let i = 0; i < size; i++)
      sum[i] = (sum[i] as number) + (frame[i] as number);
    for (let i = 0; i < hop; i++) out[i] = sum[i] as number;
    sum.copyWithin(0, hop);
    sum.fill(0, size - hop);
  }

  reset(): void {
    this.#sum.fill(0);
  }
}

/**
 * Σ window² over the frames that reach each of `hop` samples: what overlap-add must be divided by when frames are
 * windowed before and after.
 *
 * @throws RangeError where nearly nothing of a sample is left, so that it cannot be had back
 */
export function overlapGain(window: Float32Array, hop: number): Float32Array {
  const gain = new Float32Array(hop);
  window.forEach((w, i) => {
    gain[i % hop] = (gain[i % hop] as number) + w * w;
  });
  const least = Math.min(...gain);
  if (!(least > 1e-3))
    throw new RangeError(
      message("window", "one that lets every sample through", `${least}`),
    );
  return gain;
}
