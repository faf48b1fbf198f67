/*
 * How windows over planes become sums of rows (src/layers/arrays.ts). Each axis says which of its places are read, in a
 * padded order of its own, and which outputs are sums over which of them:
 *
 *     an outer axis     [ 0 0 | x x x x | 0 ]                  as it lies, padding and all
 *     the last axis     [ 0 x x ][ 0 x x ][ x x 0 ]            stride 3: every third place in a row, so that the outputs'
 *                                                              neighbours read neighbours
 *
 * A transposed convolution of stride s is s convolutions of stride 1, one for each remainder of an output's place.
 */
import type { Axis } from "./windows.js";

/** Outputs of one axis that are sums over the same taps: the first, how far apart, how many. */
interface AxisPass {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Places of the kernel, and where the first output has each, in the padded order. */
  readonly taps: readonly { readonly kernel: number; readonly at: number }[];
}

/** One axis, in its padded order. */
interface AxisPlan {
  readonly passes: readonly AxisPass[];
  /** From an output's taps to the next one's. */
  readonly stride: number;
  /** Of the padded order. */
  readonly size: number;
  /** Runs of what is read: places of the axis from `from` on, `step` apart, with zeros around them. */
  readonly runs: readonly Run[];
}

/** Places `at` … `at + count` of the padded order: zeros, then the axis's own from `from` on, then zeros. */
interface Run {
  readonly at: number;
  readonly count: number;
  readonly before: number;
  readonly from: number;
  readonly own: number;
  readonly step: number;
}

/** A row of the padded planes: from where in a channel's plane it is filled, to where. */
export interface Fill extends Run {
  /** Where the plane's row begins; -1: all zeros. */
  readonly row: number;
}

/** Outputs that are sums over the same taps. */
export interface PlanePass {
  /** Place in the kernel and offset in a channel's padded plane. */
  readonly taps: readonly { readonly kernel: number; readonly at: number }[];
  /** Where each row of outputs begins in the padded plane, and in the output's plane. */
  readonly starts: readonly number[];
  readonly targets: readonly number[];
  readonly count: number;
  /** From output to output of a row. */
  readonly step: number;
}

export interface PlanePlan {
  /** Numbers of a channel's padded plane. */
  readonly size: number;
  readonly fills: readonly Fill[];
  readonly passes: readonly PlanePass[];
}

/** Places of all rows and taps that a plan may be made of: there are large ones in hostile files alone. */
const MOST = 2 ** 18;

const isSmall = (axes: readonly Axis[]): boolean => {
  let [places, windows, taps] = [1, 1, 1];
  for (const { size, count, kernel, stride } of axes) {
    places *= size;
    windows *= count;
    taps *= kernel * stride;
  }
  return places <= MOST && windows <= MOST && taps <= MOST;
};

/** Of a convolution: windows over the axes; null where there are too many. */
export const windowPlan = (axes: readonly Axis[]): PlanePlan | null =>
  isSmall(axes)
    ? planOf(
        axes.map((axis, i) => windows(axis, i === axes.length - 1)),
        axes.map(({ size }) => size),
        axes.map(({ count }) => count),
        axes.map(({ kernel }) => kernel),
      )
    : null;

/** Of a transposed one: each axis is of the outputs, with a window for each place of x. */
export const transposedPlan = (axes: readonly Axis[]): PlanePlan | null =>
  isSmall(axes)
    ? planOf(
        axes.map(scattered),
        axes.map(({ count }) => count),
        axes.map(({ size }) => size),
        axes.map(({ kernel }) => kernel),
      )
    : null;

function windows(
  { size, kernel, stride, dilation, before, count }: Axis,
  last: boolean,
): AxisPlan {
  const taps = Array.from({ length: kernel }, (_, k) => ({
    kernel: k,
    at: k * dilation,
  }));
  const pass = { first: 0, step: 1, count };
  if (!last) {
    const padded = (count - 1) * stride + (kernel - 1) * dilation + 1;
    const read = new Set<number>();
    for (let o = 0; o < count; o++)
      for (const { at } of taps) read.add(o * stride + at);
    const sorted = [...read].sort((a, b) => a - b);
    const runs = sorted.map((at) => {
      const from = at - before;
      const own = from >= 0 && from < size ? 1 : 0;
      return { at, count: 1, before: 0, from, own, step: 1 };
    });
    return { passes: [{ ...pass, taps }], stride, size: padded, runs };
  }
  // one row for each remainder of a tap's place
  const length = count + Math.floor(((kernel - 1) * dilation) / stride);
  const phases = [...new Set(taps.map(({ at }) => at % stride))];
  return {
    passes: [
      {
        ...pass,
        taps: taps.map((tap) => ({
          kernel: tap.kernel,
          at:
            phases.indexOf(tap.at % stride) * length +
            Math.floor(tap.at / stride),
        })),
      },
    ],
    stride: 1,
    size: phases.length * length,
    runs: phases.map((phase, i) =>
      runOf(i * length, length, phase - before, stride, size),
    ),
  };
}

/** Places from `from` on, `step` apart, of an axis of this size: those outside are zeros. */
function runOf(
  at: number,
  count: number,
  from: number,
  step: number,
  size: number,
): Run {
  const before = Math.min(count, Math.max(0, Math.ceil(-from / step)));
  const end = Math.floor((size - 1 - from) / step) + 1;
  const own = Math.max(0, Math.min(count, end) - before);
  return { at, count, before, from: from + before * step, own, step };
}

function scattered({
  size,
  kernel,
  stride,
  dilation,
  before,
  count,
}: Axis): AxisPlan {
  const passes = Array.from({ length: Math.min(stride, size) }, (_, first) => {
    const taps: { kernel: number; at: number }[] = [];
    for (let k = 0; k < kernel; k++) {
      const place = first + before - k * dilation;
      if (place % stride === 0) taps.push({ kernel: k, at: place / stride });
    }
    const outputs = Math.ceil((size - first) / stride);
    return { first, step: stride, count: outputs, taps };
  });
  const all = passes.flatMap(({ taps, count: outputs }) =>
    taps.flatMap(({ at }) => [at, at + outputs - 1]),
  );
  const least = all.length ? Math.min(...all) : 0;
  const length = all.length ? Math.max(...all) - least + 1 : 1;
  return {
    passes: passes.map((pass) => ({
      ...pass,
      taps: pass.taps.map((tap) => ({ ...tap, at: tap.at - least })),
    })),
    stride: 1,
    size: length,
    runs: [runOf(0, length, least, 1, count)],
  };
}

/** All axes together: sizes of the input's plane, the output's and the kernel's. */
function planOf(
  plans: readonly AxisPlan[],
  sizes: readonly number[],
  outputs: readonly number[],
  kernels: readonly number[],
): PlanePlan {
  let passes: PlanePass[] = [
    {
      taps: [{ kernel: 0, at: 0 }],
      starts: [0],
      targets: [0],
      count: 1,
      step: 1,
    },
  ];
  /** Rows so far: where in the padded planes, and in the input's, which is -1 where there are zeros. */
  let rows = [{ at: 0, row: 0 }];
  let fills: Fill[] = [];
  plans.forEach((plan, i) => {
    const last = i === plans.length - 1;
    const [size, output, kernel] = [sizes, outputs, kernels].map(
      (list) => list[i] as number,
    ) as [number, number, number];
    passes = passes.flatMap((outer) =>
      plan.passes.map((own) => joined(outer, own, plan, output, kernel, last)),
    );
    if (last)
      fills = rows.flatMap(({ at, row }) =>
        plan.runs.map((run) => ({
          ...run,
          at: at * plan.size + run.at,
          row: row < 0 ? -1 : row * size,
        })),
      );
    else
      rows = rows.flatMap(({ at, row }) =>
        plan.runs.flatMap((run) =>
          Array.from({ length: run.count }, (_, k) => {
            const own = k - run.before;
            const inside = row >= 0 && own >= 0 && own < run.own;
            return {
              at: at * plan.size + run.at + k,
              row: inside ? row * size + run.from + own * run.step : -1,
            };
          }),
        ),
      );
  });
  const size = plans.reduce((all, plan) => all * plan.size, 1);
  return { size, fills: merged(fills), passes };
}

/** Rows that follow each other in both planes as one. */
function merged(fills: readonly Fill[]): Fill[] {
  const list: Fill[] = [];
  for (const fill of fills) {
    const last = list.at(-1);
    const whole = ({ own, count, step, row }: Fill) =>
      row >= 0 && own === count && step === 1;
    const follows =
      last &&
      whole(last) &&
      whole(fill) &&
      last.at + last.count === fill.at &&
      last.row + last.from + last.count === fill.row + fill.from;
    if (!follows) list.push(fill);
    else
      list[list.length - 1] = {
        ...last,
        count: last.count + fill.count,
        own: last.own + fill.own,
      };
  }
  return list;
}

function joined(
  outer: PlanePass,
  { first, step, count, taps }: AxisPass,
  { size, stride }: AxisPlan,
  output: number,
  kernel: number,
  last: boolean,
): PlanePass {
  const list = outer.taps.flatMap((a) =>
    taps.map((b) => ({
      kernel: a.kernel * kernel + b.kernel,
      at: a.at * size + b.at,
    })),
  );
  const places = last ? [0] : Array.from({ length: count }, (_, i) => i);
  return {
    taps: list,
    starts: outer.starts.flatMap((start) =>
      places.map((i) => start * size + i * stride),
    ),
    targets: outer.targets.flatMap((target) =>
      places.map((i) => target * output + first + i * step),
    ),
    count,
    step,
  };
}
