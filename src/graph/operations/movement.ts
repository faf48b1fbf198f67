/*
 * Nodes that put numbers in other places.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import {
  around,
  axesOf,
  axisOf,
  broadcastShape,
  broadcastStrides,
  integerList,
  strided,
  stridesOf,
} from "../indexing.js";
import type { Compile, Node } from "../node.js";
import { MOST_NUMBERS, type Value } from "../value.js";

const transpose: Compile = (node) => {
  node.expectInputs(1);
  const perm = node.ints("perm");
  return ([x]) => {
    const value = x as Value;
    const rank = value.shape.length;
    const axes = perm
      ? axesOf(perm, rank, node.place)
      : value.shape.map((_, axis) => rank - 1 - axis);
    if (axes.length !== rank) {
      const expected = `perm for ${shapeText(value.shape)}`;
      throw new RangeError(message(node.place, expected, shapeText(axes)));
    }
    const strides = stridesOf(value.shape);
    const pick = (list: readonly number[]) =>
      axes.map((axis) => list[axis] as number);
    return [strided(node, value, pick(value.shape), pick(strides))];
  };
};

const expand: Compile = (node) => {
  node.expectInputs(2);
  return ([x, target]) => {
    const value = x as Value;
    const wanted = integerList(target as Value, node.place);
    const shape = broadcastShape([value.shape, wanted], node.place);
    if (equalShapes(shape, value.shape)) return [value];
    return [strided(node, value, shape, broadcastStrides(value.shape, shape))];
  };
};

const concat: Compile = (node) => {
  node.expectInputs(1, Infinity);
  if (!node.states("axis"))
    throw node.error("expected attribute axis, got none");
  const given = node.int("axis", 0);
  return (inputs) => {
    const values = inputs.filter((value) => value !== null);
    const { dtype, shape } = values[0] as Value;
    const axis = axisOf(given, shape.length, node.place);
    let size = 0;
    for (const value of values) {
      size += value.shape[axis] ?? 0;
      const like = value.shape.map((n, i) => (i === axis ? shape[axis] : n));
      if (value.dtype === dtype && equalShapes(like as number[], shape))
        continue;
      const expected = `${dtype} ${shapeText(shape)} but for axis ${axis}`;
      throw new RangeError(
        message(
          node.place,
          expected,
          `${value.dtype} ${shapeText(value.shape)}`,
        ),
      );
    }
    const result = shape.map((n, i) => (i === axis ? size : n));
    const data = node.room(dtype, result);
    const { outer, inner } = around(result, axis);
    let at = 0;
    // a result without numbers may still have axes of any size
    for (const value of data.length ? values : []) {
      const run = (value.shape[axis] as number) * inner;
      for (let row = 0; row < outer; row++)
        data.set(
          value.data.subarray(row * run, (row + 1) * run),
          row * size * inner + at,
        );
      at += run;
    }
    return [{ dtype, shape: result, data }];
  };
};

/** `count` entries of one axis from `start` on. */
function cut(
  node: Node,
  value: Value,
  axis: number,
  start: number,
  count: number,
): Value {
  const shape = value.shape.map((n, i) => (i === axis ? count : n));
  const strides = stridesOf(value.shape);
  return strided(
    node,
    value,
    shape,
    strides,
    start * (strides[axis] as number),
  );
}

/** Without sizes the parts are equal; where `num_outputs` says how many, the last may be smaller. */
const split: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.ints("split");
  const axisGiven = node.int("axis", 0);
  const parts = node.int("num_outputs", node.outputs.length);
  const uneven = node.states("num_outputs");
  return ([x, input]) => {
    const value = x as Value;
    const axis = axisOf(axisGiven, value.shape.length, node.place);
    const size = value.shape[axis] as number;
    const sizes =
      (input ? integerList(input, node.place) : given) ??
      equalParts(node, size, parts, uneven);
    const sum = sizes.reduce((all, n) => (n < 0 ? NaN : all + n), 0);
    if (sum !== size || sizes.length < node.outputs.length) {
      const expected = `${node.outputs.length} parts of ${size}`;
      throw new RangeError(message(node.place, expected, shapeText(sizes)));
    }
    let start = 0;
    return sizes.slice(0, node.outputs.length).map((count) => {
      start += count;
      return cut(node, value, axis, start - count, count);
    });
  };
};

/** All alike but for the last, which is what is left. */
function equalParts(
  node: Node,
  size: number,
  parts: number,
  uneven: boolean,
): number[] {
  const each = Math.ceil(size / parts);
  const last = size - each * (parts - 1);
  if (parts !== node.outputs.length || last < 0 || (last !== each && !uneven)) {
    const expected = `a size that ${parts} outputs share`;
    throw new RangeError(message(node.place, expected, `${size}`));
  }
  return Array.from({ length: parts }, (_, i) => (i < parts - 1 ? each : last));
}

/** Starts, ends and axes are attributes up to opset 9; they and steps are inputs from 10 on. */
const slice: Compile = (node) => {
  node.expectInputs(1, 5);
  const attributes = ["starts", "ends", "axes"].map((name) => node.ints(name));
  return ([x, ...inputs]) => {
    const value = x as Value;
    const { shape } = value;
    const [starts, ends, axes, steps] = [0, 1, 2, 3].map((i) => {
      const input = inputs[i];
      return input ? integerList(input, node.place) : attributes[i];
    });
    if (!starts || !ends || ends.length !== starts.length)
      throw new RangeError(
        message(node.place, "a start and an end for each axis", "others"),
      );
    const chosen = axesOf(
      axes ?? starts.map((_, i) => i),
      shape.length,
      node.place,
    );
    const result = [...shape];
    const strides = stridesOf(shape);
    let from = 0;
    chosen.forEach((axis, i) => {
      const size = shape[axis] as number;
      const range = rangeOf(size, starts[i], ends[i], steps ? steps[i] : 1);
      if (!range) {
        const got = `${starts[i]}, ${ends[i]} and ${steps?.[i] ?? "none"}`;
        throw new RangeError(
          message(node.place, "a start, an end and a step other than 0", got),
        );
      }
      result[axis] = range.count;
      from += range.start * (strides[axis] as number);
      strides[axis] = (strides[axis] as number) * range.step;
    });
    return [strided(node, value, result, strides, from)];
  };
};

/** Python's slice of a list of this size; null when start, end or step is missing, or the step 0. */
function rangeOf(size: number, first = NaN, end = NaN, step = NaN) {
  if (!step || Number.isNaN(first) || Number.isNaN(end)) return null;
  const stride = Math.min(Math.max(step, -MOST_NUMBERS), MOST_NUMBERS);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const clamp = (n: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, low), high);
  const start = clamp(first);
  const count = Math.max(0, Math.ceil((clamp(end) - start) / stride));
  // where there is one entry at most, the step may be larger than any stride
  return { start: count ? start : 0, count, step: count > 1 ? step : 1 };
}

const gather: Compile = (node) => {
  node.expectInputs(2);
  const given = node.int("axis", 0);
  return ([x, positions]) => {
    const [value, indices] = [x as Value, positions as Value];
    if (indices.dtype !== "int64" && indices.dtype !== "int32")
      throw new TypeError(
        message(node.place, "integers as indices", indices.dtype),
      );
    const axis = axisOf(given, value.shape.length, node.place);
    const { size, inner } = around(value.shape, axis);
    const shape = [
      ...value.shape.slice(0, axis),
      ...indices.shape,
      ...value.shape.slice(axis + 1),
    ];
    const data = node.room(value.dtype, shape);
    const rows = indices.data.map((index) => rowOf(index, size, node.place));
    let at = 0;
    for (let row = 0; at < data.length; row++) {
      for (const index of rows) {
        const from = row * size + index;
        data.set(value.data.subarray(from * inner, (from + 1) * inner), at);
        at += inner;
      }
    }
    return [{ dtype: value.dtype, shape, data }];
  };
};

function rowOf(index: number, size: number, place: string): number {
  const row = index < 0 ? index + size : index;
  if (row >= 0 && row < size) return row;
  throw new RangeError(
    message(place, `indices into ${size} entries`, `${index}`),
  );
}

export const movement: Record<string, Compile> = {
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
};
