/*
 * Nodes that go along axes: sums, means, the largest, softmax.
 */
import { message } from "../../checks.js";
import {
  around,
  axesOf,
  axisOf,
  integerList,
  strided,
  stridesOf,
} from "../indexing.js";
import type { Compile, Node } from "../node.js";
import { exact, type Value } from "../value.js";

/** Lines of numbers in data: line l begins at starts(l) and has `size` numbers, `stride` apart. */
interface Lines {
  readonly count: number;
  readonly size: number;
  readonly stride: number;
  readonly start: (line: number) => number;
}

function linesOf(shape: readonly number[], axis: number): Lines {
  const { outer, size, inner } = around(shape, axis);
  return {
    count: outer * inner,
    size,
    stride: inner,
    start: (line) => Math.floor(line / inner) * size * inner + (line % inner),
  };
}

/**
 * The reduced axes are made the last ones, so that each result has its numbers in a row. Axes are an attribute in
 * the older opsets and an input from 13 (ReduceSum) and 18 (ReduceMean) on; without any, all axes, unless
 * noop_with_empty_axes says none.
 */
function reduction(mean: boolean): Compile {
  return (node) => {
    node.expectInputs(1, 2);
    const given = node.ints("axes");
    const keep = node.int("keepdims", 1) !== 0;
    const noop = node.int("noop_with_empty_axes", 0) !== 0;
    return ([x, input]) => {
      const value = x as Value;
      const { dtype, shape } = value;
      if (dtype === "bool")
        throw new TypeError(message(node.place, "numbers", dtype));
      const axes = (input ? integerList(input, node.place) : given) ?? [];
      if (!axes.length && noop) return [value];
      const all = shape.map((_, axis) => axis);
      const reduced = axes.length
        ? axesOf(axes, shape.length, node.place)
        : all;
      const kept = all.filter((axis) => !reduced.includes(axis));
      const { data, width } = gathered(node, value, kept, reduced);
      const result = keep
        ? shape.map((n, axis) => (reduced.includes(axis) ? 1 : n))
        : kept.map((axis) => shape[axis] as number);
      const sums = node.room(dtype, result);
      for (let i = 0; i < sums.length; i++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += data[i * width + k] as number;
        if (mean)
          sum = dtype === "float32" ? sum / width : Math.trunc(sum / width);
        sums[i] = dtype === "float32" ? sum : exact(sum, dtype, node.place);
      }
      return [{ dtype, shape: result, data: sums }];
    };
  };
}

/** The numbers with the kept axes before the reduced ones, and how many go into each result. */
function gathered(
  node: Node,
  value: Value,
  kept: readonly number[],
  reduced: readonly number[],
) {
  const { shape, data } = value;
  const width = reduced.reduce((all, axis) => all * (shape[axis] as number), 1);
  const order = [...kept, ...reduced];
  if (order.every((axis, i) => axis === i)) return { data, width };
  const strides = stridesOf(shape);
  const pick = (list: readonly number[]) =>
    order.map((axis) => list[axis] as number);
  return { data: strided(node, value, pick(shape), pick(strides)).data, width };
}

/** The first of equals, or the last with select_last_index. */
const argMax: Compile = (node) => {
  node.expectInputs(1);
  const given = node.int("axis", 0);
  const keep = node.int("keepdims", 1) !== 0;
  const last = node.int("select_last_index", 0) !== 0;
  return ([x]) => {
    const { shape, data } = x as Value;
    const axis = axisOf(given, shape.length, node.place);
    const lines = linesOf(shape, axis);
    const result = keep
      ? shape.map((n, i) => (i === axis ? 1 : n))
      : shape.filter((_, i) => i !== axis);
    const places = node.room("int64", result);
    if (places.length && !lines.size)
      throw new RangeError(message(node.place, "at least one number", "none"));
    for (let line = 0; line < places.length; line++) {
      let at = lines.start(line);
      let best = data[at] as number;
      for (let i = 1; i < lines.size; i++) {
        const value = data[(at += lines.stride)] as number;
        if (!(value > best || (last && value === best))) continue;
        best = value;
        places[line] = i;
      }
    }
    return [{ dtype: "int64", shape: result, data: places }];
  };
};

/** Along one axis, the last by default; with `flat`, along all from `axis` on. */
function softmax(log: boolean): Compile {
  return (node) => {
    node.expectInputs(1);
    const flat = node.flag("flat");
    const given = node.int("axis", -1);
    return ([x]) => {
      const { dtype, shape, data } = x as Value;
      if (dtype !== "float32")
        throw new TypeError(message(node.place, "floats", dtype));
      const axis =
        flat && given === shape.length
          ? given
          : axisOf(given, shape.length, node.place);
      const result = node.room(dtype, shape);
      const { outer, size, inner } = around(shape, axis);
      const lines = flat
        ? linesOf([outer, (size ?? 1) * inner], 1)
        : linesOf(shape, axis);
      if (result.length)
        for (let line = 0; line < lines.count; line++)
          fillLine(data, result, lines, lines.start(line), log);
      return [{ dtype, shape, data: result }];
    };
  };
}

function fillLine(
  data: Float32Array | Float64Array,
  result: Float32Array | Float64Array,
  { size, stride }: Lines,
  start: number,
  log: boolean,
): void {
  const end = start + size * stride;
  let most = -Infinity;
  for (let at = start; at < end; at += stride)
    most = Math.max(most, data[at] as number);
  let sum = 0;
  for (let at = start; at < end; at += stride)
    sum += Math.exp((data[at] as number) - most);
  const logSum = Math.log(sum);
  for (let at = start; at < end; at += stride) {
    const above = (data[at] as number) - most;
    result[at] = log ? above - logSum : Math.exp(above) / sum;
  }
}

export const reductions: Record<string, Compile> = {
  ReduceMean: reduction(true),
  ReduceSum: reduction(false),
  ArgMax: argMax,
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
};
