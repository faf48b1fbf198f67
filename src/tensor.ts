import {
  counted,
  equalShapes,
  isFloat32Array,
  isList,
  message,
  nonNegativeInteger,
  positiveInteger,
  shapeText,
  wrong,
} from "./checks.js";

/** Plain data, row-major, owned by the caller: never a view into kernel memory. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A number, or rows of rows of numbers; rows of numbers may be Float32Arrays. */
export type Nested = number | readonly Nested[] | Float32Array;

/** What every input may be. */
export type TensorLike = Tensor | Nested;

/** More than any network uses; it stops the search in an array that contains itself. */
const MAX_DIMENSIONS = 32;

/**
 * A tensor with a copy of `values`.
 *
 * Without `shape`, the shape follows from the nesting: `tensor([[1, 2], [3, 4]])` is [2, 2], `tensor(7)` is []. With
 * `shape`, a flat list is read row by row: `tensor([1, 2, 3, 4], [2, 2])`.
 *
 * @throws TypeError for anything but numbers; RangeError for ragged or empty rows, sizes that are not positive
 *   integers, and values whose count or nesting does not match `shape`
 */
export function tensor(
  values: Nested | ArrayLike<number>,
  shape?: readonly number[],
): Tensor {
  const found = nestedShape(values, "values");
  if (shape === undefined)
    return { shape: found, data: flatten(values, found, "values") };
  checkShape(shape, positiveInteger, "shape");
  if (found.length > 1 && !equalShapes(found, shape))
    throw new RangeError(message("values", shapeText(shape), shapeText(found)));
  checkCount(sizeOf(found), shape, "values");
  return { shape: [...shape], data: flatten(values, found, "values") };
}

/** Nested arrays of `Rank` dimensions. */
export type NestedArray<Rank extends number> = Rank extends 0
  ? number
  : Rank extends 1
    ? number[]
    : Rank extends 2
      ? number[][]
      : Rank extends 3
        ? number[][][]
        : Nested;

/**
 * The numbers of `t` as nested arrays, one level per dimension; a plain number for shape [].
 *
 * @param rank the number of dimensions that `t` must have, by which TypeScript knows the type of the result
 * @throws TypeError, RangeError if `t` is not a tensor or does not have that many dimensions
 */
export function toArray(t: Tensor): Nested;
export function toArray<Rank extends number>(
  t: Tensor,
  rank: Rank,
): NestedArray<Rank>;
export function toArray(t: Tensor, rank?: number): Nested {
  const { shape, data } = checkTensor(t, "t");
  if (rank !== undefined && nonNegativeInteger(rank, "rank") !== shape.length)
    throw new RangeError(message("t", `${rank} dimensions`, shapeText(shape)));
  const build = (axis: number, start: number, size: number): Nested => {
    const length = shape[axis];
    if (length === undefined) return data[start] as number;
    const step = size / length;
    return Array.from({ length }, (_, row) =>
      build(axis + 1, start + row * step, step),
    );
  };
  return build(0, 0, data.length);
}

/**
 * A tensor as it is, its data not copied; anything else as a new tensor of its numbers. A tensor may have dimensions of
 * 0; the caller decides whether they make sense.
 *
 * @throws TypeError, RangeError as `tensor`
 */
export function asTensor(value: TensorLike, name: string): Tensor {
  if (isTensorShaped(value)) return checkTensor(value, name);
  const shape = nestedShape(value, name);
  return { shape, data: flatten(value, shape, name) };
}

/**
 * Checks that `value` is a tensor: sizes of at least 0, and a Float32Array of as many numbers, which is not copied. Each
 * property is read only once, so that what was checked is what is used even if it is a getter.
 */
export function checkTensor(value: unknown, name: string): Tensor {
  if (!isTensorShaped(value)) throw wrong(false, name, "a tensor", value);
  const { shape: given, data } = value;
  const shape: unknown = Array.isArray(given) ? [...given] : given;
  checkShape(shape, nonNegativeInteger, `${name}.shape`);
  if (!isFloat32Array(data))
    throw wrong(false, `${name}.data`, "a Float32Array", data);
  checkCount(data.length, shape, `${name}.data`);
  return { shape, data };
}

function isTensorShaped(
  value: unknown,
): value is { shape: unknown; data: unknown } {
  return (
    typeof value === "object" &&
    value !== null &&
    "shape" in value &&
    "data" in value
  );
}

/** The number of elements of a tensor of this shape; 1 for []. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** The arrays joined into one. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const joined = new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function checkShape(
  shape: unknown,
  check: (value: unknown, name: string) => number,
  name: string,
): asserts shape is readonly number[] {
  if (!Array.isArray(shape))
    throw wrong(false, name, "an array of sizes", shape);
  for (const length of shape) check(length, name);
}

function checkCount(
  count: number,
  shape: readonly number[],
  name: string,
): void {
  const expected = sizeOf(shape);
  if (count === expected) return;
  throw new RangeError(
    message(
      name,
      `${counted(expected, "number")} for ${shapeText(shape)}`,
      `${count}`,
    ),
  );
}

/** The shape by the first element of each level; `flatten` checks that the others agree. */
function nestedShape(values: unknown, name: string): number[] {
  const shape: number[] = [];
  for (let level = values; typeof level !== "number"; level = level[0]) {
    const place = () => name + "[0]".repeat(shape.length);
    if (!isList(level)) throw wrong(false, place(), "numbers", level);
    if (level.length === 0)
      throw wrong(true, place(), "at least one number", level);
    if (shape.length === MAX_DIMENSIONS)
      throw new RangeError(
        message(name, `at most ${MAX_DIMENSIONS} dimensions`, "more"),
      );
    shape.push(level.length);
  }
  return shape;
}

/** The numbers of `values` in order; throws if its nesting does not match `shape`. */
function flatten(
  values: unknown,
  shape: readonly number[],
  name: string,
): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  const path: number[] = [];
  let at = 0;
  const place = (axis: number) =>
    path.slice(0, axis).reduce((text, index) => `${text}[${index}]`, name);
  const copy = (value: unknown, axis: number): void => {
    const length = shape[axis];
    if (length === undefined) {
      if (typeof value !== "number")
        throw wrong(false, place(axis), "a number", value);
      data[at++] = value;
      return;
    }
    if (!isList(value) || value.length !== length)
      throw wrong(
        isList(value),
        place(axis),
        `an array of length ${length}`,
        value,
      );
    if (ArrayBuffer.isView(value) && axis === shape.length - 1) {
      data.set(value, at);
      at += length;
      return;
    }
    for (let i = 0; i < length; i++) {
      path[axis] = i;
      copy(value[i], axis + 1);
    }
  };
  copy(values, 0);
  return data;
}
