/*
 * Convolutions of integers, exact: ConvInteger's sums, and QLinearConv, which quantises them again.
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Numbers, Value } from "../value.js";
import { centred, requantized } from "./quantisation.js";
import {
  planeOffsets,
  type WindowAttributes,
  windowAttributes,
  windowsOver,
} from "./windows.js";

interface Sums {
  readonly value: Value;
  readonly work: number;
  /** How many numbers of a channel there are. */
  readonly plane: number;
  run(x: Numbers, w: Numbers, bias: Numbers | null): void;
}

function sumsOf(
  node: Node,
  x: Value,
  w: Value,
  groups: number,
  attributes: WindowAttributes,
): Sums {
  const [N = 0, C = 0, ...sizes] = x.shape;
  const [M = 0, each = 0, ...kernels] = w.shape;
  const fits =
    x.shape.length >= 3 &&
    w.shape.length === x.shape.length &&
    each * groups === C &&
    M % groups === 0;
  if (!fits) {
    const expected = `X [N, C, ..] and W [M, C / ${groups}, ..]`;
    const got = `${shapeText(x.shape)} and ${shapeText(w.shape)}`;
    throw new RangeError(message(node.place, expected, got));
  }
  const axes = windowsOver(node, sizes, kernels, attributes);
  const value = node.value("int32", [N, M, ...axes.map(({ count }) => count)]);
  const windows = sizeOf(axes.map(({ count }) => count));
  const places = sizeOf(kernels);
  node.room("float32", [windows, places]);
  const table = value.data.length ? planeOffsets(axes) : new Int32Array(0);
  const inner = sizeOf(sizes);
  return {
    value,
    work: value.data.length * each * places,
    plane: windows,
    run(data, weights, bias) {
      let to = 0;
      for (let n = 0; n < N && value.data.length; n++)
        for (let m = 0; m < M; m++) {
          const first = n * C + Math.floor(m / (M / groups)) * each;
          for (let o = 0; o < windows; o++) {
            let sum = bias ? (bias[m] as number) : 0;
            for (let c = 0; c < each; c++)
              for (let p = 0; p < places; p++) {
                const at = table[o * places + p] as number;
                if (at < 0) continue;
                sum +=
                  (data[(first + c) * inner + at] as number) *
                  (weights[(m * each + c) * places + p] as number);
              }
            value.data[to++] = sum;
          }
        }
    },
  };
}

const groupsOf = (node: Node): number => {
  const groups = node.int("group", 1);
  if (groups >= 1) return groups;
  throw node.error(`expected group of at least 1, got ${groups}`);
};

/** (x, w, x zero, w zero) */
const convInteger: Compile = (node) => {
  node.expectInputs(2, 4);
  const attributes = windowAttributes(node);
  const groups = groupsOf(node);
  return {
    prepare([x, w, zeroX, zeroW]) {
      const left = centred(node, x as Value, zeroX, 1);
      const right = centred(node, w as Value, zeroW, 0);
      const sums = sumsOf(node, x as Value, w as Value, groups, attributes);
      return {
        outputs: [sums.value],
        work: sums.work,
        run([a, b, za, zb]) {
          left.run(a as Value, za);
          right.run(b as Value, zb);
          sums.run(left.value.data, right.value.data, null);
        },
      };
    },
  };
};

/** (x, x scale, x zero, w, w scale, w zero, y scale, y zero, bias) */
const qLinearConv: Compile = (node) => {
  node.expectInputs(8, 9);
  const attributes = windowAttributes(node);
  const groups = groupsOf(node);
  return {
    prepare([x, , zeroX, w, , zeroW, , zeroY]) {
      const left = centred(node, x as Value, zeroX, 1);
      const right = centred(node, w as Value, zeroW, 0);
      const sums = sumsOf(node, x as Value, w as Value, groups, attributes);
      const y = node.value((zeroY as Value).dtype, sums.value.shape);
      const M = (w as Value).shape[0] as number;
      return {
        outputs: [y],
        work: sums.work,
        run([a, sa, za, b, sb, zb, sy, zy, bias]) {
          left.run(a as Value, za);
          right.run(b as Value, zb);
          sums.run(left.value.data, right.value.data, bias?.data ?? null);
          const scales = (sb as Value).data;
          const one = (sa as Value).data[0] as number;
          const by = (sy as Value).data[0] as number;
          requantized(
            y,
            sums.value,
            (i) => {
              const m = Math.floor(i / sums.plane) % M;
              return (one * (scales[scales.length > 1 ? m : 0] as number)) / by;
            },
            (zy as Value).data[0] as number,
          );
        },
      };
    },
  };
};

export const integerConvolutions = (): Family => ({
  operations: {
    ConvInteger: convInteger,
    QLinearConv: qLinearConv,
  },
});
