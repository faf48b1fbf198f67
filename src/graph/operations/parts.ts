/*
 * Operations that put values behind each other along an axis, and take parts out of them.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import { copier, copyRuns } from "../copying.js";
import { around, axesOf, axisOf, integerList, strided } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node, Operation } from "../node.js";
import type { Family } from "../table.js";
import { MOST_NUMBERS, type Value } from "../value.js";

const concat: Compile = (node) => {
  node.expectInputs(1, Infinity);
  if (!node.states("axis"))
    throw node.error("expected attribute axis, got none");
  return concatenation(node, node.int("axis", 0));
};

/** Values behind each other along an axis. */
export function concatenation(node: Node, given: number): Operation {
  return {
    prepare(inputs) {
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
      const result = node.value(
        dtype,
        shape.map((n, i) => (i === axis ? size : n)),
      );
      const { outer, inner } = around(result.shape, axis);
      const row = size * inner;
      let next = 0;
      // a result without numbers may still have axes of any size
      const rows = result.data.length ? outer : 0;
      const copies = values.map((value) => {
        const run = (value.shape[axis] as number) * inner;
        const first = next;
        next += run;
        const each = (f: (row: number) => number) =>
          Int32Array.from({ length: run ? rows : 0 }, (_, i) => f(i));
        return copyRuns(
          each((i) => i * run),
          each((i) => i * row + first),
          each(() => run),
        );
      });
      return {
        outputs: [result],
        run(given) {
          let part = 0;
          for (let i = 0; i < given.length; i++) {
            const value = given[i];
            if (value) copies[part++]?.(value.data, result.data);
          }
        },
      };
    },
  };
}

/** Without sizes the parts are equal; where `num_outputs` says how many, the last may be smaller. */
const split: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.ints("split");
  const axisGiven = node.int("axis", 0);
  const parts = node.int("num_outputs", node.outputs.length);
  const uneven = node.states("num_outputs");
  return {
    reads: [1],
    prepare([x, input]) {
      const value = x as Value;
      const { dtype, shape } = value;
      const axis = axisOf(axisGiven, shape.length, node.place);
      const size = shape[axis] as number;
      const sizes =
        (input ? integerList(input, node.place) : given) ??
        equalParts(node, size, parts, uneven);
      const sum = sizes.reduce((all, n) => (n < 0 ? NaN : all + n), 0);
      if (sum !== size || sizes.length < node.outputs.length) {
        const expected = `${node.outputs.length} parts of ${size}`;
        throw new RangeError(message(node.place, expected, shapeText(sizes)));
      }
      const strides = stridesOf(shape);
      const stride = strides[axis] as number;
      let start = 0;
      const outputs: Value[] = [];
      const copies = sizes.slice(0, node.outputs.length).map((count) => {
        const own = node.value(
          dtype,
          shape.map((n, i) => (i === axis ? count : n)),
        );
        outputs.push(own);
        const { length } = own.data;
        const copy = copier(own.shape, strides, length, start * stride);
        start += count;
        return copy;
      });
      return {
        outputs,
        run([own]) {
          for (let i = 0; i < copies.length; i++)
            copies[i]?.((own as Value).data, (outputs[i] as Value).data);
        },
      };
    },
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

/** Starts, ends and axes are attributes up to opset 9; they and steps are inputs from 10 on. `bounds` "python": of Keras and TensorFlow. */
const slice: Compile = (node) => {
  node.expectInputs(1, 5);
  const attributes = ["starts", "ends", "axes", "steps"].map((name) =>
    node.ints(name),
  );
  const isPythons = node.word("bounds", ["onnx", "python"], "onnx") !== "onnx";
  return {
    reads: [1, 2, 3, 4],
    prepare([x, ...inputs]) {
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
        const range = rangeOf(
          size,
          isPythons,
          starts[i],
          ends[i],
          steps ? steps[i] : 1,
        );
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
      return strided(node, value, result, strides, from);
    },
  };
};

/** An end that stands for the end of the axis, as int64's largest does, which is read as infinity. */
const INT32_MOST = 2 ** 31 - 1;

/**
 * A slice of a list of this size; null when start, end or step is missing, or the step 0. ONNX's (as onnxruntime has it)
 * differs from Python's only backwards: from before the list it takes the first entry, and to the largest integer all.
 */
function rangeOf(
  size: number,
  isPythons: boolean,
  first = NaN,
  end = NaN,
  step = NaN,
) {
  if (!step || Number.isNaN(first) || Number.isNaN(end)) return null;
  const stride = Math.min(Math.max(step, -MOST_NUMBERS), MOST_NUMBERS);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const clamp = (n: number, least: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, least), high);
  const start = clamp(first, isPythons ? low : 0);
  const isAll = !isPythons && step < 0 && end >= INT32_MOST;
  const stop = isAll ? low : clamp(end, low);
  const count = Math.max(0, Math.ceil((stop - start) / stride));
  // where there is one entry at most, the step may be larger than any stride
  return { start: count ? start : 0, count, step: count > 1 ? step : 1 };
}

export const parts = (): Family => ({
  foldable: true,
  moves: true,
  operations: { Concat: concat, Split: split, Slice: slice },
  outputs: { Split: Infinity },
});
