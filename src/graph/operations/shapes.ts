/*
 * Operations that read shapes, or give the same numbers another one. Numbers are not copied: only the node that makes
 * a value writes into it.
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { axesOf, axisOf, integerList } from "../indexing.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { countOf, integers, type Value } from "../value.js";

/** The numbers of the first input in another shape of as many. */
function reshaped(
  node: Node,
  { dtype, shape: from, data }: Value,
  shape: readonly number[],
): Prepared {
  if (countOf(shape, node.place) !== data.length) {
    const expected = `a shape of ${data.length} numbers, as many as ${shapeText(from)} has`;
    throw new RangeError(message(node.place, expected, shapeText(shape)));
  }
  return aliased({ dtype, shape, data });
}

/** A value that has the numbers of the first input. */
function aliased(result: Value, ...others: Value[]): Prepared {
  return {
    outputs: [result, ...others],
    run: ([x]) => {
      result.data = (x as Value).data;
    },
  };
}

/** -1 takes what is left; 0 copies the input's size, or with allowzero is 0. */
const reshape: Compile = (node) => {
  node.expectInputs(node.states("shape") ? 1 : 2, 2);
  const given = node.ints("shape");
  const allowZero = node.flag("allowzero");
  return {
    reads: [1],
    prepare([data, target]) {
      const value = data as Value;
      const wanted = target ? integerList(target, node.place) : (given ?? []);
      const shape = wanted.map((size, axis) =>
        size === 0 && !allowZero ? (value.shape[axis] ?? -2) : size,
      );
      const known = shape.reduce((all, n) => (n === -1 ? all : all * n), 1);
      const free = shape.indexOf(-1);
      const rest = value.data.length / known;
      if (free >= 0 && Number.isInteger(rest)) shape[free] = rest;
      if (shape.every((size) => Number.isInteger(size) && size >= 0))
        return reshaped(node, value, shape);
      const expected = `a shape for the numbers of ${shapeText(value.shape)}`;
      throw new RangeError(message(node.place, expected, shapeText(wanted)));
    },
  };
};

const flatten: Compile = (node) => {
  node.expectInputs(1);
  const axis = node.int("axis", 1);
  return {
    prepare([x]) {
      const value = x as Value;
      const { length: rank } = value.shape;
      const at = axis === rank ? rank : axisOf(axis, rank, node.place);
      const rows = sizeOf(value.shape.slice(0, at));
      const columns = sizeOf(value.shape.slice(at));
      return reshaped(node, value, [rows, columns]);
    },
  };
};

/** Axes are an attribute up to opset 12, an input from 13 on; without any, all axes of size 1. */
const squeeze: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.ints("axes");
  return {
    reads: [1],
    prepare([x, input]) {
      const value = x as Value;
      const { shape } = value;
      const axes = input ? integerList(input, node.place) : given;
      if (!axes) {
        const rest = shape.filter((n) => n !== 1);
        return reshaped(node, value, rest);
      }
      const drop = axesOf(axes, shape.length, node.place);
      if (drop.some((axis) => shape[axis] !== 1)) {
        const expected = `axes of size 1 in ${shapeText(shape)}`;
        throw new RangeError(message(node.place, expected, shapeText(axes)));
      }
      const rest = shape.filter((_, axis) => !drop.includes(axis));
      return reshaped(node, value, rest);
    },
  };
};

/** Axes are counted in the result. */
const unsqueeze: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.ints("axes");
  if (!given && !node.has(1)) throw node.error("expected axes, got none");
  return {
    reads: [1],
    prepare([x, input]) {
      const value = x as Value;
      const axes = input ? integerList(input, node.place) : (given ?? []);
      const rank = value.shape.length + axes.length;
      const ones = Array.from({ length: rank }, () => 1);
      countOf(ones, node.place);
      const added = axesOf(axes, rank, node.place);
      const old = value.shape.values();
      const shape = Array.from({ length: rank }, (_, axis) =>
        added.includes(axis) ? 1 : (old.next().value as number),
      );
      return reshaped(node, value, shape);
    },
  };
};

/** Of the axes from start to end, both attributes of opset 15. */
const shape: Compile = (node) => {
  node.expectInputs(1);
  const [start, end] = [node.int("start", 0), node.int("end", Infinity)];
  return {
    prepare: ([x]) => ({
      outputs: [integers((x as Value).shape.slice(start, end))],
      run: null,
    }),
  };
};

const size: Compile = (node) => {
  node.expectInputs(1);
  return {
    prepare([x]) {
      const data = Float64Array.of((x as Value).data.length);
      return { outputs: [{ dtype: "int64", shape: [], data }], run: null };
    },
  };
};

const identity: Compile = (node) => {
  node.expectInputs(1);
  return { prepare: ([x]) => aliased({ ...(x as Value) }) };
};

/** As at inference: the input, and a mask of truth values that keeps everything. */
const dropout: Compile = (node) => {
  node.expectInputs(1, 3);
  node.float("ratio", 0.5);
  node.int("seed", 0);
  // what older exporters write and runtimes give: a mask of the input's type, or one of zeros
  const typed = node.flag("typed_mask");
  const kept = node.int("kept", 1);
  return {
    reads: [2],
    prepare([x, , training]) {
      if (training?.data[0])
        throw new RangeError(
          message(node.place, "training_mode false", "true"),
        );
      const value = { ...(x as Value) };
      if (!node.makes(1)) return aliased(value);
      const mask = node.value(typed ? value.dtype : "bool", value.shape);
      mask.data.fill(kept);
      return aliased(value, mask);
    },
  };
};

export const shapes = (): Family => ({
  foldable: true,
  moves: true,
  operations: {
    Reshape: reshape,
    Flatten: flatten,
    Squeeze: squeeze,
    Unsqueeze: unsqueeze,
    Shape: shape,
    Size: size,
    Identity: identity,
    Dropout: dropout,
  },
  outputs: { Dropout: 2 },
  lists: ["Identity"],
});
