import { message } from "../checks.js";

/**
 * Sums overlapping frames, each `hop` samples later than the one before, and returns the samples that are complete.
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

  /** Adds frame (size), and writes the samples that no later frame reaches to out (hop). */
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
 * Σ window² over the frames that contain each of `hop` samples: overlap-add must be divided by this if frames are
 * windowed before the transform and after its inverse.
 *
 * @throws RangeError if it is nearly 0 anywhere, so that samples are lost
 */
export function overlapGain(window: Float32Array, hop: number): Float32Array {
  const gain = new Float32Array(hop);
  window.forEach((w, i) => {
    gain[i % hop] = (gain[i % hop] as number) + w * w;
  });
  const least = gain.reduce((low, value) => Math.min(low, value), Infinity);
  if (!(least > 1e-3))
    throw new RangeError(
      message(
        "window",
        "squares that sum to more than 0.001 at every sample",
        `${least}`,
      ),
    );
  return gain;
}
