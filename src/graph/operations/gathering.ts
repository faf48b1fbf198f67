/*
 * Operations that take numbers from places that are data, or put them there.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { copyRuns, type Copy } from "../copying.js";
import { around, axisOf } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { checkExact, type Numbers, type Value } from "../value.js";
import { checkIndices, rowOf } from "./gather.js";

/** The strides of `shape` over the positions of `part`, whose `axis` is where the index goes. */
function walk(
  shape: readonly number[],
  part: readonly number[],
  axis: number,
): Int32Array {
  const strides = stridesOf(shape).map((n, i) => (i === axis ? 0 : n));
  const at = new Int32Array(sizeOf(part));
  const own = stridesOf(part);
  for (let i = 0; i < at.length; i++) {
    let sum = 0;
    for (let k = 0; k < part.length; k++)
      sum +=
        (Math.floor(i / (own[k] as number)) % (part[k] as number)) *
        (strides[k] as number);
    at[i] = sum;
  }
  return at;
}

function checkPart(
  node: Node,
  shape: readonly number[],
  part: readonly number[],
  axis: number,
): void {
  const fits =
    shape.length === part.length &&
    part.every((n, i) => i === axis || n <= (shape[i] as number));
  if (fits) return;
  const expected = `indices within ${shapeText(shape)} but for axis ${axis}`;
  throw new RangeError(message(node.place, expected, shapeText(part)));
}

const gatherElements: Compile = (node) => {
  node.expectInputs(2);
  const given = node.int("axis", 0);
  return {
    prepare([x, positions]) {
      const [value, indices] = [x as Value, positions as Value];
      checkIndices(node, indices);
      const axis = axisOf(given, value.shape.length, node.place);
      checkPart(node, value.shape, indices.shape, axis);
      const y = node.value(value.dtype, indices.shape);
      const { size, inner } = around(value.shape, axis);
      const base = walk(value.shape, indices.shape, axis);
      return {
        outputs: [y],
        run([own, at]) {
          const { data } = own as Value;
          const rows = (at as Value).data;
          for (let i = 0; i < rows.length; i++) {
            const row = rowOf(rows[i] as number, size, node.place);
            y.data[i] = data[(base[i] as number) + row * inner] as number;
          }
        },
      };
    },
  };
};

/** The last axis of the indices is a place in the first axes of x, behind `batch` ones that both have. */
function places(
  node: Node,
  { shape }: Value,
  indices: Value,
  batch: number,
): {
  depth: number;
  inner: number;
  rows: number;
  at: (data: Numbers, row: number) => number;
  all: (data: Numbers) => Int32Array;
} {
  checkIndices(node, indices);
  const depth = indices.shape.at(-1) ?? 0;
  const lead = indices.shape.slice(0, -1);
  const fits =
    indices.shape.length > batch &&
    batch + depth <= shape.length &&
    equalShapes(lead.slice(0, batch), shape.slice(0, batch));
  if (!fits) {
    const expected = `indices [.., n] into ${shapeText(shape)}`;
    throw new RangeError(
      message(node.place, expected, shapeText(indices.shape)),
    );
  }
  const strides = stridesOf(shape);
  const inner = sizeOf(shape.slice(batch + depth));
  const rows = sizeOf(lead);
  const perBatch = sizeOf(lead.slice(batch));
  const ofBatch = sizeOf(shape.slice(batch));
  const at = (data: Numbers, row: number): number => {
    let sum = Math.floor(row / perBatch) * ofBatch;
    for (let k = 0; k < depth; k++)
      sum +=
        rowOf(
          data[row * depth + k] as number,
          shape[batch + k] as number,
          node.place,
        ) * (strides[batch + k] as number);
    return sum;
  };
  const all = (data: Numbers) =>
    Int32Array.from({ length: rows }, (_, row) => at(data, row));
  return { depth, inner, rows, at, all };
}

const gatherND: Compile = (node) => {
  node.expectInputs(2);
  const batch = node.int("batch_dims", 0);
  return {
    prepare([x, positions]) {
      const [value, indices] = [x as Value, positions as Value];
      const { depth, inner, rows, at } = places(node, value, indices, batch);
      const y = node.value(value.dtype, [
        ...indices.shape.slice(0, -1),
        ...value.shape.slice(batch + depth),
      ]);
      return {
        outputs: [y],
        run([own, where]) {
          const { data } = own as Value;
          for (let row = 0; row < rows; row++) {
            const from = at((where as Value).data, row);
            for (let i = 0; i < inner; i++)
              y.data[row * inner + i] = data[from + i] as number;
          }
        },
      };
    },
  };
};

const REDUCTIONS = ["none", "add", "mul", "max", "min"] as const;
type Combine = (old: number, update: number) => number;
const COMBINE: Record<(typeof REDUCTIONS)[number], Combine> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

const scatterND: Compile = (node) => {
  node.expectInputs(3);
  const reduction = node.word("reduction", REDUCTIONS, "none");
  const combine = COMBINE[reduction];
  // a slice that is set, as exporters write it: where it lies is worked out once
  const known = node.constant(1)?.data ?? null;
  return {
    prepare([x, positions, given]) {
      const [value, indices, updates] = [x, positions, given] as [
        Value,
        Value,
        Value,
      ];
      const { depth, inner, rows, at, all } = places(node, value, indices, 0);
      const wanted = [
        ...indices.shape.slice(0, -1),
        ...value.shape.slice(depth),
      ];
      checkUpdates(node, value, updates, wanted);
      const y = node.value(value.dtype, value.shape);
      if (known && reduction === "none") {
        const put = putter(all(known), inner);
        return {
          outputs: [y],
          run([own, , changes]) {
            y.data.set((own as Value).data);
            put((changes as Value).data, y.data);
          },
        };
      }
      return {
        outputs: [y],
        run([own, where, changes]) {
          const { data } = changes as Value;
          const result = y.data;
          result.set((own as Value).data);
          for (let row = 0, from = 0; row < rows; row++) {
            const to = at((where as Value).data, row);
            for (let i = 0; i < inner; i++, from++)
              result[to + i] = combine(
                result[to + i] as number,
                data[from] as number,
              );
          }
          checkExact(y, node.place);
        },
      };
    },
  };
};

/** Puts rows of `inner` numbers where they belong; rows that belong behind each other as one. */
function putter(rows: Int32Array, inner: number): Copy {
  const targets: number[] = [];
  const counts: number[] = [];
  let end = -1;
  for (const start of rows) {
    if (start === end) counts[counts.length - 1]! += inner;
    else {
      targets.push(start);
      counts.push(inner);
    }
    end = start + inner;
  }
  let next = 0;
  const starts = counts.map((count) => (next += count) - count);
  const list = (numbers: number[]) => Int32Array.from(numbers);
  return copyRuns(list(starts), list(targets), list(counts));
}

function checkUpdates(
  node: Node,
  { dtype }: Value,
  updates: Value,
  shape: readonly number[],
): void {
  if (updates.dtype === dtype && equalShapes(updates.shape, shape)) return;
  const got = `${updates.dtype} ${shapeText(updates.shape)}`;
  const expected = `updates of ${dtype} ${shapeText(shape)}`;
  throw new RangeError(message(node.place, expected, got));
}

const scatterElements: Compile = (node) => {
  node.expectInputs(3);
  const axisGiven = node.int("axis", 0);
  const combine = COMBINE[node.word("reduction", REDUCTIONS, "none")];
  return {
    prepare([x, positions, given]) {
      const [value, indices, updates] = [x, positions, given] as [
        Value,
        Value,
        Value,
      ];
      checkIndices(node, indices);
      const axis = axisOf(axisGiven, value.shape.length, node.place);
      checkPart(node, value.shape, indices.shape, axis);
      checkUpdates(node, value, updates, indices.shape);
      const y = node.value(value.dtype, value.shape);
      const { size, inner } = around(value.shape, axis);
      const base = walk(value.shape, indices.shape, axis);
      return {
        outputs: [y],
        run([own, where, changes]) {
          const rows = (where as Value).data;
          const { data } = changes as Value;
          y.data.set((own as Value).data);
          for (let i = 0; i < rows.length; i++) {
            const row = rowOf(rows[i] as number, size, node.place);
            const to = (base[i] as number) + row * inner;
            y.data[to] = combine(y.data[to] as number, data[i] as number);
          }
          checkExact(y, node.place);
        },
      };
    },
  };
};

/** The rows of an axis, or without one the numbers, where the condition is true. */
const compress: Compile = (node) => {
  node.expectInputs(2);
  const stated = node.states("axis");
  const axisGiven = node.int("axis", 0);
  return {
    reads: [1],
    prepare([x, condition]) {
      const value = x as Value;
      const shape = stated ? value.shape : [value.data.length];
      const axis = axisOf(axisGiven, shape.length, node.place);
      const { outer, size, inner } = around(shape, axis);
      const kept: number[] = [];
      (condition as Value).data.forEach((yes, i) => {
        if (yes && i < size) kept.push(i);
      });
      const y = node.value(
        value.dtype,
        shape.map((n, i) => (i === axis ? kept.length : n)),
      );
      return {
        outputs: [y],
        run([own]) {
          const { data } = own as Value;
          let to = 0;
          for (let row = 0; row < outer; row++)
            for (const index of kept)
              for (let i = 0; i < inner; i++)
                y.data[to++] = data[(row * size + index) * inner + i] as number;
        },
      };
    },
  };
};

/** Where numbers are not 0: [rank, n]. */
const nonZero: Compile = (node) => {
  node.expectInputs(1);
  return {
    reads: [0],
    prepare([x]) {
      const { shape, data } = x as Value;
      const found: number[] = [];
      data.forEach((n, i) => {
        if (n !== 0) found.push(i);
      });
      const rank = shape.length || 1;
      const strides = stridesOf(shape);
      const y = node.value("int64", [rank, found.length]);
      found.forEach((at, i) => {
        for (let k = 0; k < shape.length; k++)
          y.data[k * found.length + i] =
            Math.floor(at / (strides[k] as number)) % (shape[k] as number);
      });
      return { outputs: [y], run: null };
    },
  };
};

export const gathering = (): Family => ({
  foldable: true,
  operations: {
    GatherElements: gatherElements,
    GatherND: gatherND,
    Scatter: scatterElements,
    ScatterElements: scatterElements,
    ScatterND: scatterND,
    Compress: compress,
    NonZero: nonZero,
  },
});
