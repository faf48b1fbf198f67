/*
 * Matrices that a file has as integers, on their way to layers that run on such: place by place the integer and what it
 * was multiplied by, so that whatever moves numbers moves both alike.
 */
import {
  type Integers,
  type IntegerTensor,
  integerTensor,
} from "../integers.js";
import type { Tensor } from "../tensor.js";
import type { Node } from "./node.js";
import type { Numbers, Scaled, Value } from "./value.js";

/** The largest integer of a layer's matrix, of either sign. */
const MOST = 127;

/** A matrix's rows as integers with a scale each; null where a row has several scales, or integers beyond ±127. */
export function rowsOf(
  rows: number,
  { integers, scales }: Scaled,
): Integers | null {
  const size = integers.length / rows;
  const values = new Int8Array(integers.length);
  const own = new Float32Array(rows);
  for (let row = 0, i = 0; row < rows; row++) {
    const scale = scales[i] as number;
    own[row] = scale;
    if (!(scale >= 0 && scale < Infinity)) return null;
    for (let column = 0; column < size; column++, i++) {
      const value = integers[i] as number;
      if (scales[i] !== scale || !(Math.abs(value) <= MOST)) return null;
      values[i] = value;
    }
  }
  return { values, scales: own };
}

/**
 * A matrix as few rows of integers as it is, [rows, columns]: its first axes are rows, or, `transposed`, its last ones
 * (MatMul's [K, N]). Of each number a row of its own remains, five bytes instead of four, but the same bits.
 */
export function savedRows({ shape, scaled }: Value): {
  readonly tensor: Tensor;
  readonly transposed: boolean;
} | null {
  if (!scaled?.integers.length) return null;
  const count = scaled.integers.length;
  const splits: { rows: number; transposed: boolean }[] = [];
  let first = 1;
  for (const size of shape) {
    first *= size;
    splits.push({ rows: first, transposed: false });
    if (first < count) splits.push({ rows: count / first, transposed: true });
  }
  splits.sort((a, b) => a.rows - b.rows);
  for (const { rows, transposed } of splits) {
    const columns = count / rows;
    const own = transposed ? transposedScaled(scaled, columns, rows) : scaled;
    const integers = rowsOf(rows, own);
    if (integers)
      return { tensor: integerTensor([rows, columns], integers), transposed };
  }
  return null;
}

/** [rows, columns] → [columns, rows]. */
const transposedScaled = (
  { integers, scales }: Scaled,
  rows: number,
  columns: number,
): Scaled => ({
  integers: transposedNumbers(integers, rows, columns),
  scales: transposedNumbers(scales, rows, columns),
});

/** [N, K] → [K, N]. */
export function transposedValue(value: Value): Value {
  const [rows, columns] = value.shape as [number, number];
  return movedBy(value, [columns, rows], (numbers) =>
    transposedNumbers(numbers, rows, columns),
  );
}

function transposedNumbers(
  numbers: Numbers,
  rows: number,
  columns: number,
): Float32Array {
  const result = new Float32Array(numbers.length);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++)
      result[column * rows + row] = numbers[i] as number;
  return result;
}

/** A scale for each number. */
export function scaledOf({ values, scales }: Integers): Scaled {
  const size = values.length / scales.length;
  const all = new Float32Array(values.length);
  scales.forEach((scale, row) => all.fill(scale, row * size, (row + 1) * size));
  return { integers: Float32Array.from(values), scales: all };
}

const integersIn = (tensor: Tensor): Integers | undefined =>
  (tensor as Partial<IntegerTensor>).integers;

/** What a layer has, as a value. */
export function valueOf(tensor: Tensor): Value {
  const { shape, data } = tensor;
  const integers = integersIn(tensor);
  return {
    dtype: "float32",
    shape,
    data,
    ...(integers && { scaled: scaledOf(integers) }),
  };
}

/** Values as one: `join` puts together the numbers of each, and then, where all have such, their integers and scales. */
export function joined(
  values: readonly Value[],
  shape: readonly number[],
  join: (parts: readonly Numbers[]) => Numbers,
): Value {
  const all = (part: keyof Scaled) =>
    join(values.map(({ scaled }) => (scaled as Scaled)[part]));
  return {
    dtype: "float32",
    shape,
    data: join(values.map(({ data }) => data)),
    ...(values.every(({ scaled }) => scaled) && {
      scaled: { integers: all("integers"), scales: all("scales") },
    }),
  };
}

/** The value with its numbers moved; `move` gives them in their new places. */
export const movedBy = (
  value: Value,
  shape: readonly number[],
  move: (numbers: Numbers) => Numbers,
): Value => joined([value], shape, ([own]) => move(own as Numbers));

/** A value as a tensor: as the integers that it was, where each row has one scale. */
export function tensorOf({ shape, data, scaled }: Value): Tensor {
  const rows = scaled && rowsOf(shape[0] ?? 0, scaled);
  if (rows) return integerTensor(shape, rows);
  return { shape, data: data as Float32Array };
}

/** A matrix for a layer, as `tensorOf`; where it cannot be so, the report says it. */
export function matrixFor(node: Node, value: Value): Tensor {
  const tensor = tensorOf(value);
  if (!value.scaled || "integers" in tensor) return tensor;
  node.setting.notes.converted.push(
    `${node.place}: integers without one scale a row, or beyond ±127: rounded again`,
  );
  return tensor;
}
