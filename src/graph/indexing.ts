import { equalShapes, message, shapeText } from "../checks.js";
import { sizeOf } from "../tensor.js";
import { copier } from "./copying.js";
import { offsets, stridesOf } from "./strides.js";
import type { Node, Prepared } from "./node.js";
import type { Value } from "./value.js";

/** A result of this shape whose numbers come from the first input, by strides. */
export function strided(
  node: Node,
  { dtype }: Value,
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): Prepared {
  const result = node.value(dtype, shape);
  const copy = copier(shape, strides, result.data.length, start);
  return {
    outputs: [result],
    run: ([x]) => copy((x as Value).data, result.data),
  };
}

/** The numbers of a value in another order, at once. */
export function reordered(
  node: Node,
  value: Value,
  shape: readonly number[],
  strides: readonly number[],
): Value {
  const result = node.value(value.dtype, shape);
  copier(shape, strides, result.data.length)(value.data, result.data);
  return result;
}

/** An axis from -rank to rank - 1 as one from 0 on. */
export function axisOf(axis: number, rank: number, place: string): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new RangeError(
    message(place, `an axis of ${rank} dimensions`, `${axis}`),
  );
}

export function axesOf(
  axes: readonly number[],
  rank: number,
  place: string,
): number[] {
  const list = axes.map((axis) => axisOf(axis, rank, place));
  if (new Set(list).size === list.length) return list;
  throw new RangeError(message(place, "axes that differ", shapeText(axes)));
}

/** NumPy's rule: sizes are compared from the last on, and 1 stretches. */
export function broadcastShape(
  shapes: readonly (readonly number[])[],
  place: string,
): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === size) continue;
      if (size !== 1) {
        const got = shapes.map(shapeText).join(" and ");
        throw new RangeError(message(place, "shapes that broadcast", got));
      }
      size = own;
    }
    return size;
  });
}

/** The shape with axes of 1 behind it. */
export const reshapeTo = (
  shape: readonly number[],
  behind: number,
): number[] => [...shape, ...Array.from({ length: behind }, () => 1)];

/** Strides that read `from` as if it had the shape `to`: 0 where an axis is stretched. */
export function broadcastStrides(
  from: readonly number[],
  to: readonly number[],
): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) =>
    (from[axis - missing] ?? 1) === 1 ? 0 : (strides[axis - missing] as number),
  );
}

/** Where the numbers of `value` lie when it has the shape `to`; null when it has, and they lie in order. */
export function broadcastOffsets(
  { shape }: Value,
  to: readonly number[],
  count: number,
): Int32Array | null {
  if (equalShapes(shape, to)) return null;
  return offsets(to, broadcastStrides(shape, to), count);
}

/** The shape cut at an axis: how many rows before it, its size, how many numbers behind it. */
export function around(
  shape: readonly number[],
  axis: number,
): { outer: number; size: number; inner: number } {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    size: shape[axis] as number,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** The integers of a small vector that tells a node what to do: axes, a shape. */
export function integerList(
  { dtype, shape, data }: Value,
  place: string,
): number[] {
  if (dtype === "float32" || dtype === "bool" || shape.length > 1) {
    throw new RangeError(
      message(place, "a vector of integers", `${dtype} ${shapeText(shape)}`),
    );
  }
  return Array.from(data);
}
