/*
 * What convolutions and poolings share: windows over the spatial axes of [N, C, D1, D2, …].
 */
import { message, shapeText } from "../../checks.js";
import type { Node } from "../node.js";

const AUTO_PADS = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"] as const;
export type AutoPad = (typeof AUTO_PADS)[number];

/** The attributes of a node; null where it leaves them to the rank. */
export interface WindowAttributes {
  readonly kernel: readonly number[] | null;
  readonly strides: readonly number[] | null;
  readonly dilations: readonly number[] | null;
  readonly pads: readonly number[] | null;
  readonly autoPad: AutoPad;
  readonly ceil: boolean;
}

export function windowAttributes(node: Node): WindowAttributes {
  const positive = (name: string) => {
    const list = node.ints(name);
    if (!list || list.every((n) => n >= 1 && n < 2 ** 31)) return list;
    throw node.error(
      `attribute ${name}: expected numbers of at least 1, got ${shapeText(list)}`,
    );
  };
  return {
    kernel: positive("kernel_shape"),
    strides: positive("strides"),
    dilations: positive("dilations"),
    pads: node.ints("pads"),
    autoPad: node.word("auto_pad", AUTO_PADS, "NOTSET"),
    ceil: node.flag("ceil_mode"),
  };
}

/** Windows over one axis. */
export interface Axis {
  /** Of the input. */
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before and behind. */
  readonly before: number;
  readonly behind: number;
  /** How many windows. */
  readonly count: number;
}

/** The windows over each of `sizes`. */
export function windowsOver(
  node: Node,
  sizes: readonly number[],
  kernels: readonly number[],
  { strides, dilations, pads, autoPad, ceil }: WindowAttributes,
): Axis[] {
  const rank = sizes.length;
  checkRank(node, "kernel_shape", kernels, rank);
  if (strides) checkRank(node, "strides", strides, rank);
  if (dilations) checkRank(node, "dilations", dilations, rank);
  if (pads) checkRank(node, "pads", pads, 2 * rank);
  return sizes.map((size, i) => {
    const kernel = kernels[i] as number;
    const stride = strides?.[i] ?? 1;
    const dilation = dilations?.[i] ?? 1;
    const extent = (kernel - 1) * dilation + 1;
    const common = { size, kernel, stride, dilation };
    if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
      const count = Math.ceil(size / stride);
      const total = Math.max(0, (count - 1) * stride + extent - size);
      const less = Math.floor(total / 2);
      const before = autoPad === "SAME_UPPER" ? less : total - less;
      return { ...common, before, behind: total - before, count };
    }
    const given = autoPad === "VALID" ? null : pads;
    const before = given?.[i] ?? 0;
    const behind = given?.[i + rank] ?? 0;
    const room = size + before + behind - extent;
    let count = room < 0 ? 0 : Math.floor(room / stride) + 1;
    // a window that is not whole counts as long as it begins within the input or the padding before it
    if (ceil && room >= 0) {
      count = Math.ceil(room / stride) + 1;
      if ((count - 1) * stride >= size + before) count--;
    }
    return { ...common, before, behind, count };
  });
}

export function checkRank(
  node: Node,
  name: string,
  list: readonly number[],
  rank: number,
): void {
  if (list.length === rank) return;
  const expected = `${rank} numbers`;
  throw new RangeError(
    message(`${node.place}, ${name}`, expected, `${list.length}`),
  );
}

/**
 * For each window and each place in it, in order, where that is in one channel's plane; -1 in the padding.
 */
export function planeOffsets(axes: readonly Axis[]): Int32Array {
  // axis by axis: (windows so far, places so far) → each with the next axis behind
  let windows = 1;
  let places = 1;
  let table = Int32Array.of(0);
  for (const { size, kernel, stride, dilation, before, count } of axes) {
    const next = new Int32Array(windows * count * places * kernel);
    let to = 0;
    for (let w = 0; w < windows; w++)
      for (let o = 0; o < count; o++)
        for (let p = 0; p < places; p++) {
          const base = table[w * places + p] as number;
          for (let k = 0; k < kernel; k++) {
            const at = o * stride - before + k * dilation;
            const inside = base >= 0 && at >= 0 && at < size;
            next[to++] = inside ? base * size + at : -1;
          }
        }
    table = next;
    windows *= count;
    places *= kernel;
  }
  return table;
}
