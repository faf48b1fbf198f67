/*
 * Normalisations: numbers less their mean, over their deviation.
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { copier } from "../copying.js";
import { around, axesOf, axisOf, broadcastOffsets } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Numbers, Value } from "../value.js";
import { checkFloats } from "./linear.js";
import { batchNormalization } from "./batch-normalisation.js";
import { channels, checkChannels } from "./channels.js";

/** The mean of a run of numbers, and one over its deviation. */
function moments(
  data: Numbers,
  from: number,
  count: number,
  epsilon: number,
): [mean: number, inverse: number] {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += data[i] as number;
  const mean = sum / count;
  let squares = 0;
  for (let i = from; i < from + count; i++)
    squares += ((data[i] as number) - mean) ** 2;
  return [mean, 1 / Math.sqrt(squares / count + epsilon)];
}

/** Over the axes from `axis` on; also gives the means and one over the deviations. */
const layer: Compile = (node) => {
  node.expectInputs(2, 3);
  const given = node.int("axis", -1);
  const epsilon = node.float("epsilon", 1e-5);
  node.int("stash_type", 1);
  return {
    prepare([x, s, b]) {
      checkFloats(node, x, s, b);
      const { shape } = x as Value;
      const axis = axisOf(given, shape.length, node.place);
      const y = node.value("float32", shape);
      const size = sizeOf(shape.slice(axis));
      const count = sizeOf(shape.slice(0, axis));
      const lead = shape.map((n, i) => (i < axis ? n : 1));
      const means = node.value("float32", lead);
      const inverses = node.value("float32", lead);
      const row = shape.slice(axis);
      const [atS, atB] = [s, b].map((value) =>
        value ? offsetsIn(node, value, row, size) : null,
      );
      return {
        outputs: [y, means, inverses],
        work: 2 * y.data.length,
        run([own, scale, shift]) {
          const { data } = own as Value;
          for (let i = 0; i < count && size; i++) {
            const from = i * size;
            const [mean, inverse] = moments(data, from, size, epsilon);
            means.data[i] = mean;
            inverses.data[i] = inverse;
            for (let k = 0; k < size; k++) {
              const at = atS ? (atS[k] as number) : k;
              const plus = shift
                ? (shift.data[atB ? (atB[k] as number) : k] as number)
                : 0;
              y.data[from + k] =
                ((data[from + k] as number) - mean) *
                  inverse *
                  ((scale as Value).data[at] as number) +
                plus;
            }
          }
        },
      };
    },
  };
};

function offsetsIn(
  node: Node,
  value: Value,
  row: readonly number[],
  size: number,
): Int32Array | null {
  if (value.shape.length <= row.length)
    return broadcastOffsets(value, row, size);
  const extra = value.shape.length - row.length;
  if (value.shape.slice(0, extra).some((n) => n !== 1)) {
    const got = shapeText(value.shape);
    throw new RangeError(
      message(node.place, `a scale for ${shapeText(row)}`, got),
    );
  }
  return broadcastOffsets(
    { ...value, shape: value.shape.slice(extra) },
    row,
    size,
  );
}

/** Over its root mean square, from `axis` on. */
const rootMeanSquare: Compile = (node) => {
  node.expectInputs(2);
  const given = node.int("axis", -1);
  const epsilon = node.float("epsilon", 1e-5);
  node.int("stash_type", 1);
  return {
    prepare([x, s]) {
      checkFloats(node, x, s);
      const { shape } = x as Value;
      const axis = axisOf(given, shape.length, node.place);
      const y = node.value("float32", shape);
      const size = sizeOf(shape.slice(axis));
      const at = offsetsIn(node, s as Value, shape.slice(axis), size);
      return {
        outputs: [y],
        work: y.data.length,
        run([own, scale]) {
          const { data } = own as Value;
          for (let from = 0; from < data.length; from += size) {
            let squares = 0;
            for (let k = 0; k < size; k++)
              squares += (data[from + k] as number) ** 2;
            const inverse = 1 / Math.sqrt(squares / size + epsilon);
            for (let k = 0; k < size; k++)
              y.data[from + k] =
                (data[from + k] as number) *
                inverse *
                ((scale as Value).data[at ? (at[k] as number) : k] as number);
          }
        },
      };
    },
  };
};

/** Over each channel of each row, or each of `num_groups` groups of them. */
function grouped(instance: boolean): Compile {
  return (node) => {
    node.expectInputs(3);
    const epsilon = node.float("epsilon", 1e-5);
    const stated = instance ? 0 : node.int("num_groups", 0);
    if (!instance) node.int("stash_type", 1);
    return {
      prepare([x, s, b]) {
        checkFloats(node, x, s, b);
        const value = x as Value;
        const { C, inner } = channels(node, value);
        const groups = instance ? C : stated;
        const each = C / groups;
        if (!(groups >= 1) || !Number.isInteger(each))
          throw new RangeError(
            message(node.place, `num_groups that divide ${C}`, `${groups}`),
          );
        // a number a group in the first version, a number a channel after it
        const perGroup = !instance && (s as Value).data.length === groups;
        checkChannels(node, perGroup ? groups : C, s, b);
        const y = node.value("float32", value.shape);
        const size = each * inner;
        return {
          outputs: [y],
          work: 2 * y.data.length,
          run([own, scale, shift]) {
            const { data } = own as Value;
            for (let i = 0; i * size < data.length; i++) {
              const from = i * size;
              const [mean, inverse] = moments(data, from, size, epsilon);
              for (let k = 0; k < size; k++) {
                const group = i % groups;
                const c = perGroup
                  ? group
                  : group * each + Math.floor(k / inner);
                y.data[from + k] =
                  ((data[from + k] as number) - mean) *
                    inverse *
                    ((scale as Value).data[c] as number) +
                  ((shift as Value).data[c] as number);
              }
            }
          },
        };
      },
    };
  };
}

/** By the squares of the channels around. */
const localResponse: Compile = (node) => {
  node.expectInputs(1);
  const size = node.int("size", 1);
  const alpha = node.float("alpha", 1e-4);
  const beta = node.float("beta", 0.75);
  const bias = node.float("bias", 1);
  return {
    prepare([x]) {
      checkFloats(node, x);
      const value = x as Value;
      const { C, inner } = channels(node, value);
      const y = node.value("float32", value.shape);
      const before = Math.floor((size - 1) / 2);
      const behind = Math.ceil((size - 1) / 2);
      return {
        outputs: [y],
        work: y.data.length * Math.min(size, C),
        run([own]) {
          const { data } = own as Value;
          for (let i = 0; i < data.length; i++) {
            const c = Math.floor(i / inner) % C;
            let squares = 0;
            const last = Math.min(C - 1, c + behind);
            for (let k = Math.max(0, c - before); k <= last; k++)
              squares += (data[i + (k - c) * inner] as number) ** 2;
            y.data[i] =
              (data[i] as number) / (bias + (alpha / size) * squares) ** beta;
          }
        },
      };
    },
  };
};

/** Over the norm along an axis. */
const lpNormalization: Compile = (node) => {
  node.expectInputs(1);
  const given = node.int("axis", -1);
  const p = node.int("p", 2);
  return {
    prepare([x]) {
      checkFloats(node, x);
      const { shape } = x as Value;
      const axis = axisOf(given, shape.length, node.place);
      const { outer, size, inner } = around(shape, axis);
      const y = node.value("float32", shape);
      return {
        outputs: [y],
        work: y.data.length,
        run([own]) {
          const { data } = own as Value;
          for (let line = 0; line < outer * inner; line++) {
            const start =
              Math.floor(line / inner) * size * inner + (line % inner);
            let sum = 0;
            for (let i = 0; i < size; i++)
              sum += Math.abs(data[start + i * inner] as number) ** p;
            const norm = sum ** (1 / p);
            for (let i = 0; i < size; i++) {
              const at = start + i * inner;
              y.data[at] = norm ? (data[at] as number) / norm : 0;
            }
          }
        },
      };
    },
  };
};

/** Over axes, which are made the last ones. */
const meanVariance: Compile = (node) => {
  node.expectInputs(1);
  const given = node.ints("axes") ?? [0, 2, 3];
  return {
    prepare([x]) {
      checkFloats(node, x);
      const { shape } = x as Value;
      const axes = axesOf(given, shape.length, node.place);
      const order = [
        ...shape.flatMap((_, i) => (axes.includes(i) ? [] : [i])),
        ...axes,
      ];
      const strides = stridesOf(shape);
      const sizes = order.map((axis) => shape[axis] as number);
      const steps = order.map((axis) => strides[axis] as number);
      const y = node.value("float32", shape);
      const { length } = y.data;
      const sorted = node.room("float32", sizes);
      const there = copier(sizes, steps, length);
      const own = stridesOf(sizes);
      const back = copier(
        shape,
        shape.map((_, axis) => own[order.indexOf(axis)] as number),
        length,
      );
      const size = sizeOf(axes.map((axis) => shape[axis] as number));
      return {
        outputs: [y],
        work: 2 * length,
        run([given]) {
          there((given as Value).data, sorted);
          for (let from = 0; from < length; from += size) {
            const [mean, inverse] = moments(sorted, from, size, 0);
            // as the standard's function: 1e-9 is added to the deviation
            const by = 1 / (1 / inverse + 1e-9);
            for (let i = from; i < from + size; i++)
              sorted[i] = ((sorted[i] as number) - mean) * by;
          }
          back(sorted, y.data);
        },
      };
    },
  };
};

export const normalisations = (): Family => ({
  foldable: true,
  operations: {
    BatchNormalization: batchNormalization,
    LayerNormalization: layer,
    RMSNormalization: rootMeanSquare,
    InstanceNormalization: grouped(true),
    GroupNormalization: grouped(false),
    LRN: localResponse,
    LpNormalization: lpNormalization,
    MeanVarianceNormalization: meanVariance,
  },
  outputs: { LayerNormalization: 3, BatchNormalization: 5 },
});
