/*
 * Transposed convolutions as products: each place of X gives a row of (M / group, k…), which are added where they
 * overlap.
 *
 *     X [N, C, D…]  W [C, M / group, k…]   rows (places, C / group) → (places, M / group · k…)   Y [N, M, E…]
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { joined, movedBy, valueOf } from "../scaled.js";
import type { Numbers, Value } from "../value.js";
import { SMALL } from "./convolution.js";
import { checkFloats } from "./linear.js";
import { transposedPlan } from "./plane-plan.js";
import { byPlanes, productsTime } from "./plane-sums.js";
import { Product } from "./product.js";
import { planeOf, Sums, tapsOver, windowsOf } from "./taps.js";
import {
  type Axis,
  checkRank,
  planeOffsets,
  type WindowAttributes,
  windowAttributes,
} from "./windows.js";

/** What a transposed convolution says beside the attributes of windows. */
interface Outside {
  readonly padding: readonly number[] | null;
  readonly shape: readonly number[] | null;
}

const convTranspose: Compile = (node) => {
  node.expectInputs(2, 3);
  const attributes = windowAttributes(node);
  const groups = node.int("group", 1);
  if (!(groups >= 1))
    throw node.error(`expected group of at least 1, got ${groups}`);
  const outside = {
    padding: node.ints("output_padding"),
    shape: node.ints("output_shape"),
  };
  const [W, B] = [node.constant(1), node.constant(2)];
  const own = W ? absorbed(node, W, groups) : null;
  const known =
    W && (B || !node.has(2))
      ? own
        ? ofProducts(own, W.shape, B)
        : ofValues(W, B)
      : null;
  const constant = W?.shape ?? null;
  return {
    prepare([x, w, b]) {
      checkFloats(node, x, w, b);
      const shape = constant ?? (w as Value).shape;
      return prepared(
        node,
        x as Value,
        shape,
        groups,
        attributes,
        outside,
        own,
        known,
      );
    },
  };
};

/** What is known at load, bias or none too. */
interface Known {
  weight(): Numbers; // as W
  bias(): Numbers | null;
}

// functions of their own: what one holds, the other need not

const ofProducts = (
  list: readonly Product[],
  shape: readonly number[],
  B: Value | null,
): Known | null =>
  list.some(({ isRounded }) => isRounded)
    ? null
    : {
        weight: () => restored(list, shape).data,
        bias: () => B?.data ?? null,
      };

const ofValues = (W: Value, B: Value | null): Known => ({
  weight: () => W.data,
  bias: () => B?.data ?? null,
});

function absorbed(node: Node, W: Value, groups: number): Product[] | null {
  const { shape } = W;
  checkFloats(node, W);
  const [C = 0] = shape;
  const width = sizeOf(shape.slice(1));
  if (shape.length < 3 || !C || !width || C % groups) return null;
  if (!node.setting.work.take(W.data.length)) return null;
  const each = C / groups;
  if (groups > 1 && each * width < SMALL) return null;
  const list = Array.from({ length: groups }, (_, g) => {
    // [C, width] → [width, C]
    const weight = movedBy(W, [width, each], (numbers) => {
      const own = new Float32Array(each * width);
      for (let c = 0; c < each; c++)
        for (let i = 0; i < width; i++)
          own[i * each + c] = numbers[(g * each + c) * width + i] as number;
      return own;
    });
    return new Product(node, each, width, weight, null);
  });
  node.setting.notes.layers.push({
    name: node.name,
    type: node.type,
    sizes: {
      inputSize: C,
      outputSize: (shape[1] as number) * groups,
      kernel: sizeOf(shape.slice(2)),
    },
    convention: `W ${shapeText(shape)}, ${groups} groups`,
  });
  node.absorb(1, () => restored(list, shape));
  return list;
}

/** W out of the products: [width, C / group] of each → [C, width], in `shape`. */
function restored(list: readonly Product[], shape: readonly number[]): Value {
  const parts = list.map(({ layer }) =>
    valueOf(layer.stateDict()["weight"] as Tensor),
  );
  const [width, each] = (parts[0] as Value).shape as [number, number];
  return joined(parts, shape, (numbers) => {
    const all = new Float32Array(list.length * each * width);
    numbers.forEach((own, g) => {
      for (let c = 0; c < each; c++)
        for (let i = 0; i < width; i++)
          all[(g * each + c) * width + i] = own[i * each + c] as number;
    });
    return all;
  });
}

/** Over each axis: of Y, with a window for each place of X. */
function axesOf(
  node: Node,
  sizes: readonly number[],
  kernels: readonly number[],
  { strides, dilations, pads, autoPad }: WindowAttributes,
  outside: Outside,
): Axis[] {
  const rank = sizes.length;
  checkRank(node, "kernel_shape", kernels, rank);
  if (strides) checkRank(node, "strides", strides, rank);
  if (dilations) checkRank(node, "dilations", dilations, rank);
  if (pads) checkRank(node, "pads", pads, 2 * rank);
  if (outside.padding) checkRank(node, "output_padding", outside.padding, rank);
  // the first opset has N and C in front
  const shape = outside.shape?.slice(-rank) ?? null;
  if (shape) checkRank(node, "output_shape", shape, rank);
  const same = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
  return sizes.map((count, i) => {
    const kernel = kernels[i] as number;
    const stride = strides?.[i] ?? 1;
    const dilation = dilations?.[i] ?? 1;
    const whole =
      (count - 1) * stride +
      (kernel - 1) * dilation +
      1 +
      (outside.padding?.[i] ?? 0);
    const common = { kernel, stride, dilation, count };
    if (shape || same) {
      const size = shape ? (shape[i] as number) : count * stride;
      const total = Math.max(0, whole - size);
      const less = Math.floor(total / 2);
      const before = autoPad === "SAME_UPPER" ? less : total - less;
      return { ...common, size, before, behind: total - before };
    }
    const given = autoPad === "VALID" ? null : pads;
    const before = given?.[i] ?? 0;
    const behind = given?.[i + rank] ?? 0;
    return { ...common, size: whole - before - behind, before, behind };
  });
}

function prepared(
  node: Node,
  { shape }: Value,
  w: readonly number[],
  groups: number,
  attributes: WindowAttributes,
  outside: Outside,
  products: readonly Product[] | null,
  known: Known | null,
): Prepared {
  const [N = 0, C = 0, ...sizes] = shape;
  const [channels = 0, each = 0, ...kernels] = w;
  const fits =
    shape.length >= 3 &&
    w.length === shape.length &&
    channels === C &&
    C % groups === 0;
  if (!fits) {
    const expected = "X [N, C, ..] and W [C, M / group, ..]";
    const got = `${shapeText(shape)} and ${shapeText(w)}`;
    throw new RangeError(message(node.place, expected, got));
  }
  const axes = axesOf(node, sizes, kernels, attributes, outside);
  const M = each * groups;
  const y = node.value("float32", [N, M, ...axes.map(({ size }) => size)]);
  if (!y.data.length) return { outputs: [y], run: null };
  const window = sizeOf(kernels);
  const sizesOf = { N, C, M, groups, window };
  const plan = known && transposedPlan(axes);
  const [places, output] = [windowsOf(axes), planeOf(axes)];
  const planes = { N, C, M, groups, plane: places, output };
  const perGroup = C / groups;
  const otherwise = products
    ? productsTime(places, perGroup, each * window, groups)
    : Infinity;
  if (plan) {
    const data = known.weight();
    const at = (m: number, c: number, place: number) => {
      const channel = Math.floor(m / each) * perGroup + c;
      return data[(channel * each + (m % each)) * window + place] as number;
    };
    const bias = known.bias();
    const found = byPlanes(node, y, planes, plan, at, bias, otherwise);
    if (found) return found;
  }
  return products
    ? byProducts(node, y, axes, sizesOf, products)
    : byTaps(node, y, axes, sizesOf);
}

interface Sizes {
  readonly N: number;
  readonly C: number;
  readonly M: number;
  readonly groups: number;
  /** Places of a window. */
  readonly window: number;
}

function byProducts(
  node: Node,
  y: Value,
  axes: readonly Axis[],
  { N, C, M, groups, window }: Sizes,
  products: readonly Product[],
): Prepared {
  const places = windowsOf(axes);
  const plane = planeOf(axes);
  const each = M / groups;
  const width = each * window;
  const perGroup = C / groups;
  node.room("float32", [places, width]);
  const table = planeOffsets(axes);
  const rows = new Float32Array(places * perGroup);
  const result = new Float32Array(places * width);
  return {
    outputs: [y],
    work: 0.1 * N * places * width * C + N * groups * places * width,
    run(inputs) {
      const { data } = inputs[0] as Value;
      const bias = inputs[2]?.data;
      const to = y.data;
      for (let n = 0; n < N; n++)
        for (let m = 0; m < M; m++)
          to.fill(
            bias ? (bias[m] as number) : 0,
            (n * M + m) * plane,
            (n * M + m + 1) * plane,
          );
      for (let n = 0; n < N; n++)
        for (let g = 0; g < groups; g++) {
          const from = (n * C + g * perGroup) * places;
          for (let c = 0; c < perGroup; c++)
            for (let p = 0; p < places; p++)
              rows[p * perGroup + c] = data[from + c * places + p] as number;
          (products[g] as Product).run(rows, result);
          const base = (n * M + g * each) * plane;
          for (let p = 0; p < places; p++)
            for (let m = 0; m < each; m++) {
              const first = base + m * plane;
              let row = p * width + m * window;
              for (let k = p * window; k < (p + 1) * window; k++, row++) {
                const offset = table[k] as number;
                if (offset < 0) continue;
                const at = first + offset;
                to[at] = (to[at] as number) + (result[row] as number);
              }
            }
        }
    },
  };
}

/** With few channels a group, or with W that another node made. */
function byTaps(
  node: Node,
  y: Value,
  axes: readonly Axis[],
  { N, C, M, groups, window }: Sizes,
): Prepared {
  const places = windowsOf(axes);
  const plane = planeOf(axes);
  const each = M / groups;
  const perGroup = C / groups;
  const sums = new Sums(tapsOver(node, axes), plane);
  return {
    outputs: [y],
    work: 0.5 * N * M * perGroup * places * window,
    run([x, w, b]) {
      const { data } = x as Value;
      const weights = (w as Value).data;
      for (let n = 0; n < N; n++)
        for (let m = 0; m < M; m++) {
          const first = Math.floor(m / each) * perGroup;
          sums.start(b ? (b.data[m] as number) : 0);
          for (let c = first; c < first + perGroup; c++)
            sums.scatter(
              data,
              (n * C + c) * places,
              weights,
              (c * each + (m % each)) * window,
            );
          sums.write(y.data, (n * M + m) * plane);
        }
    },
  };
}

export const transposed = (): Family => ({
  operations: {
    ConvTranspose: convTranspose,
  },
});
