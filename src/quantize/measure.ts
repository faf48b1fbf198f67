import type { Sequential } from "../models/sequential.js";
import type { Tensor, TensorLike } from "../tensor.js";
import type { Deviation, Timing } from "./report.js";

/** What a model gives for each sequence. */
export const outputsOf = (
  model: Sequential,
  data: readonly TensorLike[],
): Tensor[] => data.map((input) => model.forward(input).output);

/** How far `actual` is from `expected`, over all sequences; where one is NaN, so is the deviation. */
export function deviation(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
): Deviation {
  let max = 0;
  let errors = 0;
  let sizes = 0;
  let count = 0;
  expected.forEach(({ data }, index) => {
    const other = (actual[index] as Tensor).data;
    data.forEach((value, at) => {
      const difference = (other[at] as number) - value;
      max = Math.max(max, Math.abs(difference));
      errors += difference * difference;
      sizes += value * value;
    });
    count += data.length;
  });
  const relative = errors === 0 ? 0 : Math.sqrt(errors / sizes);
  return { max, rms: Math.sqrt(errors / count), relative };
}

/** A measurement goes on for so many milliseconds, so that engines have compiled what they measure. */
const LONG = 60;

/** The best time of a pass of each model, in turn; null where the host has no clock. */
export function timing(
  float32: Sequential,
  quantized: Sequential,
  input: TensorLike,
): Timing | null {
  const clock = globalThis.performance;
  if (!clock) return null;
  const best = [float32, quantized].map(() => Number.POSITIVE_INFINITY);
  const end = clock.now() + 2 * LONG;
  do {
    [float32, quantized].forEach((model, index) => {
      const start = clock.now();
      model.forward(input);
      best[index] = Math.min(best[index] as number, clock.now() - start);
    });
  } while (clock.now() < end);
  return { float32: best[0] as number, quantized: best[1] as number };
}
