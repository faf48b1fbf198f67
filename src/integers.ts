import type { Tensor } from "./tensor.js";

/** A matrix as int8: row r, everything at index r of the first axis, is scales[r] times its integers. */
export interface Integers {
  readonly values: Int8Array; // (rows, ..)
  readonly scales: Float32Array; // (rows)
}

/** A tensor stored as integers with a scale for each row; `data`, its float32 numbers, is computed each time it is read. */
export interface IntegerTensor extends Tensor {
  readonly integers: Integers;
}

/** A tensor of these integers, not copied. */
export function integerTensor(
  shape: readonly number[],
  integers: Integers,
): IntegerTensor {
  return {
    shape,
    integers,
    get data() {
      return widen(integers);
    },
  };
}

/** The numbers as float32. */
export function widen({
  values,
  scales,
}: {
  readonly values: ArrayLike<number>;
  readonly scales: Float32Array;
}): Float32Array {
  const numbers = new Float32Array(values.length);
  const size = values.length / scales.length;
  let at = 0;
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row] as number;
    for (let i = 0; i < size; i++, at++)
      numbers[at] = (values[at] as number) * scale;
  }
  return numbers;
}

/** The integers of a tensor, if it has any and they fit its shape; otherwise null. */
export function integersOf(
  value: unknown,
  shape: readonly number[],
  count: number,
): Integers | null {
  const { integers } = value as Partial<IntegerTensor>;
  if (!integers) return null;
  const { values, scales } = integers;
  const fits = values.length === count && scales.length === shape[0];
  return fits ? { values, scales } : null;
}
