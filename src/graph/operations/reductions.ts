/*
 * Operations that make one number of many along axes: sums, means, the largest.
 */
import { message } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { copier } from "../copying.js";
import { axesOf, integerList } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { type Dtype, exact, type Numbers, type Value } from "../value.js";

interface Reduction {
  readonly first: number;
  readonly next: (sum: number, x: number) => number;
  readonly last?: (sum: number, count: number) => number;
  /** For floats alone. */
  readonly floats?: boolean;
  /** Of truth values too. */
  readonly bools?: boolean;
  /** `next` is a sum: whatever the axes, numbers are added where they lie. */
  readonly sum?: "sum" | "mean";
}

/** The axes that a node reduces, null for none at all. */
function reducedAxes(
  { shape }: Value,
  input: Value | null | undefined,
  given: readonly number[] | null,
  noop: boolean,
  place: string,
): number[] | null {
  const axes = (input ? integerList(input, place) : given) ?? [];
  if (!axes.length && noop) return null;
  return axes.length
    ? axesOf(axes, shape.length, place)
    : shape.map((_, axis) => axis);
}

/**
 * The reduced axes are made the last ones, so that each result has its numbers in a row. Axes are an attribute in
 * the older opsets and an input from 13 (ReduceSum) and 18 (the others) on; without any, all axes, unless
 * noop_with_empty_axes says none.
 */
function reduction({
  first,
  next,
  last = (sum) => sum,
  floats = false,
  bools = false,
  sum,
}: Reduction): Compile {
  return (node) => {
    node.expectInputs(1, 2);
    const given = node.ints("axes");
    const keep = node.flag("keepdims", true);
    const noop = node.flag("noop_with_empty_axes");
    return {
      reads: [1],
      prepare([x, input]) {
        const value = x as Value;
        const { dtype, shape } = value;
        if (dtype === "bool" && !bools)
          throw new TypeError(message(node.place, "numbers", dtype));
        if (floats && dtype !== "float32")
          throw new TypeError(message(node.place, "floats", dtype));
        const reduced = reducedAxes(value, input, given, noop, node.place);
        const axes = reduced ?? [];
        const kept = shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
        const result = keep
          ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
          : kept.map((axis) => shape[axis] as number);
        const y = node.value(dtype, result);
        const width = axes.reduce(
          (all, axis) => all * (shape[axis] as number),
          1,
        );
        const round = rounding(dtype, node.place);
        const neighbours =
          axes.length > 0 &&
          axes.every((_, i) => axes.includes(Math.min(...axes) + i));
        if (sum && neighbours && dtype === "float32") {
          const inner = sizeOf(shape.slice(Math.max(...axes) + 1));
          const add = inner > 1 ? columnSums(inner, width) : rowSums(width);
          return {
            outputs: [y],
            work: value.data.length,
            run: ([own]) =>
              add((own as Value).data, y.data, sum === "mean" ? width : 1),
          };
        }
        const gathered = inRows(node, value, kept, axes);
        return {
          outputs: [y],
          work: value.data.length,
          run([own]) {
            const data = gathered((own as Value).data);
            const { length } = y.data;
            for (let i = 0; i < length; i++) {
              let sum = first;
              const from = i * width;
              for (let k = 0; k < width; k++)
                sum = next(sum, data[from + k] as number);
              y.data[i] = round(last(sum, width));
            }
          },
        };
      },
    };
  };
}

type Sums = (x: Numbers, y: Numbers, by: number) => void;

/** y [n] ← the sums over the last axis of x [n, width], over `by`. */
const rowSums =
  (width: number): Sums =>
  (x, y, by) => {
    for (let i = 0, at = 0; i < y.length; i++) {
      // four at a time: each addition waits for the one before
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      const end = at + width;
      for (; at + 4 <= end; at += 4) {
        a += x[at] as number;
        b += x[at + 1] as number;
        c += x[at + 2] as number;
        d += x[at + 3] as number;
      }
      for (; at < end; at++) a += x[at] as number;
      y[i] = (a + b + (c + d)) / by;
    }
  };

/** y [n, inner] ← the sums over the middle axis of x [n, width, inner], over `by`. */
function columnSums(inner: number, width: number): Sums {
  const sums = new Float64Array(inner);
  return (x, y, by) => {
    for (let to = 0, at = 0; to < y.length; to += inner) {
      sums.fill(0);
      for (let k = 0; k < width; k++, at += inner)
        for (let i = 0; i < inner; i++)
          sums[i] = (sums[i] as number) + (x[at + i] as number);
      for (let i = 0; i < inner; i++) y[to + i] = (sums[i] as number) / by;
    }
  };
}

export function rounding(dtype: Dtype, place: string): (x: number) => number {
  if (dtype === "float32") return (x) => x;
  return (x) => exact(Math.trunc(x) + 0, dtype, place);
}

/** Gives the numbers with the kept axes before the reduced ones. */
function inRows(
  node: Node,
  { dtype, shape }: Value,
  kept: readonly number[],
  reduced: readonly number[],
): (data: Numbers) => Numbers {
  const order = [...kept, ...reduced].filter((axis) => shape[axis] !== 1);
  if (order.every((axis, i) => !i || axis > (order[i - 1] as number)))
    return (data) => data;
  const strides = stridesOf(shape);
  const pick = (list: readonly number[]) =>
    order.map((axis) => list[axis] as number);
  const sorted = node.room(dtype, pick(shape));
  const copy = copier(pick(shape), pick(strides), sorted.length);
  return (data) => {
    copy(data, sorted);
    return sorted;
  };
}

/** log of a sum of exponentials, over the largest so that nothing overflows. */
const logSumExp: Compile = (node) => {
  const most = reduction({ first: -Infinity, next: Math.max, floats: true })(
    node,
  );
  const given = node.ints("axes");
  const noop = node.flag("noop_with_empty_axes");
  if (typeof most === "function") return most;
  return {
    reads: [1],
    prepare(inputs) {
      const value = inputs[0] as Value;
      const { shape } = value;
      const { outputs, run } = most.prepare(inputs);
      const [y] = outputs as [Value];
      const axes = reducedAxes(value, inputs[1], given, noop, node.place) ?? [];
      const kept = shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
      const width = axes.reduce(
        (all, axis) => all * (shape[axis] as number),
        1,
      );
      const gathered = inRows(node, value, kept, axes);
      return {
        outputs,
        work: value.data.length,
        run(own) {
          run?.(own);
          const data = gathered((own[0] as Value).data);
          for (let i = 0; i < y.data.length; i++) {
            const top = y.data[i] as number;
            if (Math.abs(top) === Infinity) continue;
            let sum = 0;
            for (let k = 0; k < width; k++)
              sum += Math.exp((data[i * width + k] as number) - top);
            y.data[i] = top + Math.log(sum);
          }
        },
      };
    },
  };
};

const sum = (a: number, b: number): number => a + b;

export const reductions = (): Family => ({
  foldable: true,
  operations: {
    ReduceSum: reduction({ first: 0, next: sum, sum: "sum" }),
    ReduceMean: reduction({
      first: 0,
      next: sum,
      last: (all, n) => all / n,
      sum: "mean",
    }),
    ReduceProd: reduction({ first: 1, next: (a, b) => a * b }),
    ReduceMax: reduction({
      first: -Infinity,
      next: (a, b) => Math.max(a, b),
      bools: true,
    }),
    ReduceMin: reduction({
      first: Infinity,
      next: (a, b) => Math.min(a, b),
      bools: true,
    }),
    ReduceL1: reduction({ first: 0, next: (a, b) => a + Math.abs(b) }),
    ReduceL2: reduction({
      first: 0,
      next: (a, b) => a + b * b,
      last: Math.sqrt,
    }),
    ReduceSumSquare: reduction({ first: 0, next: (a, b) => a + b * b }),
    ReduceLogSum: reduction({
      first: 0,
      next: sum,
      last: Math.log,
      floats: true,
    }),
    ReduceLogSumExp: logSumExp,
  },
});
