import type { Sequential } from "../models/sequential.js";
import type { Tensor, TensorLike } from "../tensor.js";
import type { Deviation, Timing } from "./report.js";

/** What a model gives for each sequence. */
export const outputsOf = (
  model: Sequential,
  data: readonly TensorLike[],
): Tensor[] => data.map((input) => model.forward(input).output);

/** Adds up how far numbers are from those of the float32 model; where one is NaN, so is the deviation. */
export class Difference {
  #max = 0;
  #errors = 0;
  #sizes = 0;
  #count = 0;

  add(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
    // a model may decide by its numbers how many it gives
    if (actual.length !== expected.length) this.#errors = Number.NaN;
    for (let i = 0; i < expected.length; i++) {
      const value = expected[i] as number;
      const difference = (actual[i] ?? Number.NaN) - value;
      this.#max = Math.max(this.#max, Math.abs(difference));
      this.#errors += difference * difference;
      this.#sizes += value * value;
    }
    this.#count += expected.length;
  }

  /** null where nothing was added. */
  get deviation(): Deviation | null {
    if (!this.#count) return null;
    const errors = this.#errors;
    const relative = errors === 0 ? 0 : Math.sqrt(errors / this.#sizes);
    return { max: this.#max, rms: Math.sqrt(errors / this.#count), relative };
  }
}

/** How far `actual` is from `expected`, over all sequences. */
export function deviation(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
): Deviation | null {
  const difference = new Difference();
  expected.forEach(({ data }, index) =>
    difference.add((actual[index] as Tensor).data, data),
  );
  return difference.deviation;
}

/** A measurement goes on for so many milliseconds, so that engines have compiled what they measure. */
const LONG = 60;

/** The best time of a pass of each model, in turn; null where the host has no clock. */
export function timing(
  float32: () => unknown,
  quantized: () => unknown,
): Timing | null {
  const clock = globalThis.performance;
  if (!clock) return null;
  const best = [float32, quantized].map(() => Number.POSITIVE_INFINITY);
  const end = clock.now() + 2 * LONG;
  do {
    [float32, quantized].forEach((pass, index) => {
      const start = clock.now();
      pass();
      best[index] = Math.min(best[index] as number, clock.now() - start);
    });
  } while (clock.now() < end);
  return { float32: best[0] as number, quantized: best[1] as number };
}
