import type { Tensor } from "./tensor.js";

/** A matrix as int8: row r is scales[r] times its integers, a row being all that one index of the first axis has. */
export interface Integers {
  readonly values: Int8Array; // as many as the matrix has numbers
  readonly scales: Float32Array; // (rows)
}

/** A tensor whose numbers are integers and a scale for each row; `data`, those numbers as float32, is made when it is read. */
export interface IntegerTensor extends Tensor {
  readonly integers: Integers;
}

/** Of integers as they are, not copied. */
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

/** What a tensor has as integers, if those are what its shape says; null: it has none. */
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
