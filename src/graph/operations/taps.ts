/*
 * Convolutions of few channels a group, number by number: what comes of one place of the kernel is a row of numbers
 * that lie evenly apart, and so is what it reads.
 *
 *     y[to + i · toStep] += w[tap] · x[from + i · fromStep]     i < count, a run of the list
 */
import { sizeOf } from "../../tensor.js";
import type { Node } from "../node.js";
import { countOf, type Numbers } from "../value.js";
import type { Axis } from "./windows.js";

/** Numbers of a run: tap, window, place in the plane, count. */
const RUN = 4;

/** Which places of one channel's plane each window reads. */
export interface Taps {
  readonly list: Int32Array; // (runs, RUN)
  /** How far apart the places of a run lie in the plane; its windows are neighbours. */
  readonly step: number;
}

/** The runs along the last axis. */
export function tapsOver(node: Node, axes: readonly Axis[]): Taps {
  const last = axes.at(-1) as Axis;
  const outer = outerPlaces(node, axes.slice(0, -1));
  countOf([outer.length, last.kernel, RUN], node.place, node.most);
  const list: number[] = [];
  for (const { window, tap, place } of outer)
    for (let k = 0; k < last.kernel; k++) {
      const shift = k * last.dilation - last.before;
      const first = Math.max(0, Math.ceil(-shift / last.stride));
      const end = Math.floor((last.size - 1 - shift) / last.stride) + 1;
      const count = Math.min(last.count, end) - first;
      if (count <= 0) continue;
      list.push(
        tap * last.kernel + k,
        window * last.count + first,
        place * last.size + first * last.stride + shift,
        count,
      );
    }
  return { list: Int32Array.from(list), step: last.stride };
}

interface Place {
  readonly window: number;
  readonly tap: number;
  readonly place: number;
}

/** Over the axes before the last: each window with each of its places that is no padding. */
function outerPlaces(node: Node, axes: readonly Axis[]): Place[] {
  const all = axes.flatMap(({ count, kernel }) => [count, kernel]);
  countOf([...all, RUN], node.place, node.most);
  let list: Place[] = [{ window: 0, tap: 0, place: 0 }];
  for (const { size, kernel, stride, dilation, before, count } of axes)
    list = list.flatMap(({ window, tap, place }) => {
      const next: Place[] = [];
      for (let o = 0; o < count; o++)
        for (let k = 0; k < kernel; k++) {
          const at = o * stride - before + k * dilation;
          if (at < 0 || at >= size) continue;
          next.push({
            window: window * count + o,
            tap: tap * kernel + k,
            place: place * size + at,
          });
        }
      return next;
    });
  return list;
}

/** The sums of one output channel, in float64. */
export class Sums {
  readonly #taps: Taps;
  readonly #sums: Float64Array;

  /** @param size numbers of an output channel */
  constructor(taps: Taps, size: number) {
    this.#taps = taps;
    this.#sums = new Float64Array(size);
  }

  start(bias: number): void {
    this.#sums.fill(bias);
  }

  /** Adds the windows over the plane of x from `from` on, times the kernel of w from `weights` on. */
  gather(x: Numbers, from: number, w: Numbers, weights: number): void {
    const { list, step } = this.#taps;
    const sums = this.#sums;
    for (let run = 0; run < list.length; run += RUN) {
      const weight = w[weights + (list[run] as number)] as number;
      let to = list[run + 1] as number;
      let at = from + (list[run + 2] as number);
      for (const end = to + (list[run + 3] as number); to < end; to++) {
        sums[to] = (sums[to] as number) + weight * (x[at] as number);
        at += step;
      }
    }
  }

  /** The other way round: adds each number of x, times the kernel, to the places of its window. */
  scatter(x: Numbers, from: number, w: Numbers, weights: number): void {
    const { list, step } = this.#taps;
    const sums = this.#sums;
    for (let run = 0; run < list.length; run += RUN) {
      const weight = w[weights + (list[run] as number)] as number;
      let at = from + (list[run + 1] as number);
      let to = list[run + 2] as number;
      for (const end = at + (list[run + 3] as number); at < end; at++) {
        sums[to] = (sums[to] as number) + weight * (x[at] as number);
        to += step;
      }
    }
  }

  write(y: Numbers, at: number): void {
    const sums = this.#sums;
    for (let i = 0; i < sums.length; i++) y[at + i] = sums[i] as number;
  }
}

/** How many windows and planes the axes have: the numbers of one channel. */
export const windowsOf = (axes: readonly Axis[]): number =>
  sizeOf(axes.map(({ count }) => count));
export const planeOf = (axes: readonly Axis[]): number =>
  sizeOf(axes.map(({ size }) => size));
