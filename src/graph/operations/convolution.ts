/*
 * Convolutions over any number of axes as products: the numbers of each window in a row, times a matrix on the kernel.
 *
 *     X [N, C, D…]  W [M, C / group, k…]   rows (windows, C / group · k…) → (windows, M / group)   Y [N, M, windows…]
 *
 * With few channels a group, as depthwise ones have, they are summed here (taps.ts).
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { joined, movedBy, valueOf } from "../scaled.js";
import type { Numbers, Value } from "../value.js";
import { checkFloats } from "./linear.js";
import { windowPlan } from "./plane-plan.js";
import { byPlanes, productsTime } from "./plane-sums.js";
import { Product } from "./product.js";
import { planeOf, Sums, tapsOver, windowsOf } from "./taps.js";
import {
  type Axis,
  planeOffsets,
  type WindowAttributes,
  windowAttributes,
  windowsOver,
} from "./windows.js";

/** Numbers of rows gathered at a time: 256 kB. */
const ROWS = 2 ** 16;

/** Of many groups, matrices of fewer numbers than this are not worth a call of the kernel, which is some 200 ns. */
export const SMALL = 256;

const conv: Compile = (node) => {
  node.expectInputs(2, 3);
  const attributes = windowAttributes(node);
  const groups = node.int("group", 1);
  if (!(groups >= 1))
    throw node.error(`expected group of at least 1, got ${groups}`);
  const [W, B] = [node.constant(1), node.constant(2)];
  const known = W && (B || !node.has(2));
  const own = known ? absorbed(node, W, B, groups) : null;
  const weights = own ? ofProducts(own) : known ? ofValues(W, B) : null;
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
        own,
        weights,
      );
    },
  };
};

/** Weights that are known at load. */
interface Known {
  weight(): Numbers;
  bias(): Numbers | null;
}

// functions of their own: what one holds, the other need not

const ofProducts = (list: readonly Product[]): Known | null =>
  list.some(({ isRounded }) => isRounded)
    ? null
    : {
        weight: () => partsOf(list, "weight"),
        bias: () =>
          list[0]?.layer.options.bias ? partsOf(list, "bias") : null,
      };

const ofValues = (W: Value, B: Value | null): Known => ({
  weight: () => W.data,
  bias: () => B?.data ?? null,
});

/** The products of each group; null when there is too much of them. */
function absorbed(
  node: Node,
  W: Value,
  B: Value | null,
  groups: number,
): Product[] | null {
  const { shape } = W;
  checkFloats(node, W, B);
  const M = shape[0] ?? 0;
  const width = sizeOf(shape.slice(1));
  if (shape.length < 3 || !M || !width || M % groups) return null;
  if (B && B.data.length !== M)
    throw node.error(`expected a bias of ${M}, got ${B.data.length}`);
  if (!node.setting.work.take(W.data.length)) return null;
  const each = M / groups;
  if (groups > 1 && each * width < SMALL) return null;
  const list = Array.from({ length: groups }, (_, g) => {
    const weight = movedBy(W, [each, width], (data) =>
      data.subarray(g * each * width, (g + 1) * each * width),
    );
    const bias = B?.data.subarray(g * each, (g + 1) * each) ?? null;
    return new Product(node, width, each, weight, bias as Float32Array | null);
  });
  node.setting.notes.layers.push({
    name: node.name,
    type: node.type,
    sizes: {
      inputSize: (shape[1] as number) * groups,
      outputSize: M,
      kernel: sizeOf(shape.slice(2)),
    },
    convention: `W ${shapeText(shape)}, ${groups} groups, ${B ? "a bias" : "no bias"}`,
  });
  node.absorb(1, () => restored(list, "weight", shape));
  if (B) node.absorb(2, () => restored(list, "bias", B.shape));
  return list;
}

function restored(
  list: readonly Product[],
  name: string,
  shape: readonly number[],
): Value {
  const parts = list.map(({ layer }) =>
    valueOf(layer.stateDict()[name] as Tensor),
  );
  return joined(parts, shape, oneAfterAnother);
}

function oneAfterAnother(numbers: readonly Numbers[]): Float32Array {
  const size = numbers.reduce((all, { length }) => all + length, 0);
  const data = new Float32Array(size);
  let at = 0;
  for (const part of numbers) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

const partsOf = (list: readonly Product[], name: string): Float32Array =>
  oneAfterAnother(
    list.map(({ layer }) => (layer.stateDict()[name] as Tensor).data),
  );

function prepared(
  node: Node,
  { shape }: Value,
  w: readonly number[],
  groups: number,
  attributes: WindowAttributes,
  products: readonly Product[] | null,
  known: Known | null,
): Prepared {
  const [N = 0, C = 0, ...sizes] = shape;
  const [M = 0, perGroup = 0, ...kernels] = w;
  const fits =
    shape.length >= 3 &&
    w.length === shape.length &&
    perGroup * groups === C &&
    M % groups === 0;
  if (!fits) {
    const expected = `X [N, C, ..] and W [M, C / ${groups}, ..]`;
    const got = `${shapeText(shape)} and ${shapeText(w)}`;
    throw new RangeError(message(node.place, expected, got));
  }
  if (attributes.kernel && String(attributes.kernel) !== String(kernels)) {
    const got = shapeText(attributes.kernel);
    throw new RangeError(
      message(`${node.place}, kernel_shape`, shapeText(kernels), got),
    );
  }
  const axes = windowsOver(node, sizes, kernels, attributes);
  const counts = axes.map(({ count }) => count);
  const y = node.value("float32", [N, M, ...counts]);
  if (!y.data.length) return { outputs: [y], run: null };
  const places = sizeOf(kernels);
  const sizesOf = { N, C, M, groups, perGroup, places };
  const plan = known && windowPlan(axes);
  const [windows, plane] = [windowsOf(axes), planeOf(axes)];
  const planes = { N, C, M, groups, plane, output: windows };
  const width = perGroup * places;
  const otherwise = products
    ? productsTime(windows, width, M / groups, groups)
    : Infinity;
  if (plan) {
    const data = known.weight();
    const at = (m: number, c: number, place: number) =>
      data[(m * perGroup + c) * places + place] as number;
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
  readonly perGroup: number; // C / groups
  /** Of a window in one channel. */
  readonly places: number;
}

function byProducts(
  node: Node,
  y: Value,
  axes: readonly Axis[],
  { N, C, M, groups, perGroup, places }: Sizes,
  products: readonly Product[],
): Prepared {
  const windows = windowsOf(axes);
  const plane = planeOf(axes);
  const width = perGroup * places;
  node.room("float32", [windows, places]); // its table must not be larger than a value may be
  const each = M / groups;
  // all of one size, for which the kernel lays its buffers out once: the last one begins among those of the one before
  const blocks = Math.ceil(windows / Math.max(1, Math.floor(ROWS / width)));
  const block = Math.ceil(windows / blocks);
  const rows = new Float32Array(block * width);
  const result = new Float32Array(block * each);
  const table = planeOffsets(axes);
  const gather =
    block === windows
      ? gathererAtOnce(table, perGroup, places, plane)
      : gatherer(table, perGroup, places, plane);
  return {
    outputs: [y],
    work: 0.1 * y.data.length * width,
    run(inputs) {
      const { data } = inputs[0] as Value;
      const all = y.data;
      for (let n = 0; n < N; n++)
        for (let g = 0; g < groups; g++) {
          const from = (n * C + g * perGroup) * plane;
          for (let at = 0; at < windows; at += block) {
            const start = Math.min(at, windows - block);
            gather(data, from, start, rows);
            (products[g] as Product).run(rows, result);
            const first = (n * M + g * each) * windows + start;
            for (let m = 0; m < each; m++) {
              const to = first + m * windows;
              for (let i = 0, from = m; i < block; i++, from += each)
                all[to + i] = result[from] as number;
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
  { N, C, M, groups, perGroup, places }: Sizes,
): Prepared {
  const windows = windowsOf(axes);
  const plane = planeOf(axes);
  const each = M / groups;
  const sums = new Sums(tapsOver(node, axes), windows);
  return {
    outputs: [y],
    work: 0.5 * y.data.length * perGroup * places,
    run([x, w, b]) {
      const { data } = x as Value;
      const weights = (w as Value).data;
      for (let n = 0; n < N; n++)
        for (let m = 0; m < M; m++) {
          const first = n * C + Math.floor(m / each) * perGroup;
          sums.start(b ? (b.data[m] as number) : 0);
          for (let c = 0; c < perGroup; c++)
            sums.gather(
              data,
              (first + c) * plane,
              weights,
              (m * perGroup + c) * places,
            );
          sums.write(y.data, (n * M + m) * windows);
        }
    },
  };
}

type Gather = (
  data: Numbers,
  from: number,
  start: number,
  rows: Float32Array,
) => void;

/** Windows from `start` on as rows: channel after channel, each with its places. */
function gatherer(
  table: Int32Array,
  channels: number,
  places: number,
  plane: number,
): Gather {
  return (data, from, start, rows) => {
    let to = 0;
    for (let w = start; to < rows.length; w++) {
      const first = w * places;
      for (let c = 0; c < channels; c++) {
        const base = from + c * plane;
        for (let p = 0; p < places; p++) {
          const at = table[first + p] as number;
          rows[to++] = at < 0 ? 0 : (data[base + at] as number);
        }
      }
    }
  };
}

/** All windows by one list, where there are few: a sixth of the time where a window has few places. */
function gathererAtOnce(
  table: Int32Array,
  channels: number,
  places: number,
  plane: number,
): Gather {
  const list = new Int32Array(table.length * channels);
  let to = 0;
  for (let first = 0; first < table.length; first += places)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < places; p++) {
        const at = table[first + p] as number;
        list[to++] = at < 0 ? -1 : c * plane + at;
      }
  return (data, from, _start, rows) => {
    for (let i = 0; i < list.length; i++) {
      const at = list[i] as number;
      rows[i] = at < 0 ? 0 : (data[from + at] as number);
    }
  };
}

export const convolutions = (): Family => ({
  operations: { Conv: conv },
});
