import { message, shapeText } from "../checks.js";

/** The kinds of numbers that nodes compute with; files' other floats are read as float32. */
export type Dtype = "float32" | "bool" | IntegerDtype;
export type IntegerDtype =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64";

export type Numbers = Float32Array | Float64Array;

/**
 * What flows between nodes. Integers and truth values (0 and 1) are float64 numbers, exact up to 2^53. Nobody but the
 * node that makes a value writes into it, so values may share their data.
 */
export interface Value {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Set anew by a node whose output has the numbers of its input. */
  data: Numbers;
  /** Of constants that are integers in the file, where the graph is loaded in a precision of integers. */
  scaled?: Scaled;
  /** Of a list of tensors, whose shape is [their number] and which has no data; what is behind that number is not its. */
  readonly items?: Value[];
}

/** What a value's numbers are made of: each the integer in its place times the scale in its place. */
export interface Scaled {
  readonly integers: Numbers;
  readonly scales: Numbers;
}

export const listOf = (items: Value[]): Value => ({
  dtype: "float32",
  shape: [items.length],
  data: new Float32Array(0),
  items,
});

/** All dtypes, by their names. */
export const DTYPE_NAMES: readonly Dtype[] = [
  "float32",
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
];

const RANGES: Record<IntegerDtype, readonly [least: number, most: number]> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** The least and the most that a dtype holds here. */
export function rangeOf(dtype: Dtype): readonly [least: number, most: number] {
  if (dtype === "float32") return [-Infinity, Infinity];
  return dtype === "bool" ? [0, 1] : RANGES[dtype];
}

/** As in src/tensor.ts: more than anything has that a network reads. */
const MOST_DIMENSIONS = 32;

/** 1 GiB of float32: a node that asks for more has been misled. */
export const MOST_NUMBERS = 2 ** 28;

/** A result of more numbers than its node may make. */
export class TooLarge extends RangeError {}

/** How many numbers a shape has, checked before anything is made of that size. */
export function countOf(
  shape: readonly number[],
  place: string,
  most = MOST_NUMBERS,
): number {
  let count = 1;
  for (const size of shape) count *= size;
  if (shape.length > MOST_DIMENSIONS) {
    const expected = `at most ${MOST_DIMENSIONS} dimensions`;
    throw new RangeError(message(place, expected, `${shape.length}`));
  }
  if (shape.some((size) => size < 0))
    throw new RangeError(
      message(place, "sizes of at least 0", shapeText(shape)),
    );
  // not "count > most": 0 times an infinity is NaN
  if (count <= most) return count;
  const got = shapeText(shape);
  throw new TooLarge(
    message(place, `a result of at most ${most} numbers`, got),
  );
}

/** Zeros of this dtype, for a node to fill. */
export function storage(
  dtype: Dtype,
  count: number,
): Float32Array | Float64Array {
  return dtype === "float32"
    ? new Float32Array(count)
    : new Float64Array(count);
}

/** An int64 vector, the dtype of shapes. */
export function integers(list: readonly number[]): Value {
  return {
    dtype: "int64",
    shape: [list.length],
    data: Float64Array.from(list),
  };
}

/** A whole number that `dtype` holds, or an error: nothing is rounded or wrapped in silence. */
export function exact(value: number, dtype: Dtype, place: string): number {
  const [least, most] = rangeOf(dtype);
  if (value >= least && value <= most) return value;
  const expected = `results that ${dtype} holds, exact up to 2^53`;
  throw new RangeError(message(place, expected, `${value}`));
}

/** The same of all numbers that a node has computed. */
export function checkExact({ dtype, data }: Value, place: string): void {
  if (dtype === "float32") return;
  for (let i = 0; i < data.length; i++) exact(data[i] as number, dtype, place);
}

/** Whether the lists have the same numbers; NaN is like NaN. */
export function sameNumbers(a: Numbers, b: Numbers): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++)
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  return true;
}
