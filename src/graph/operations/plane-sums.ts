/*
 * Convolutions on the kernel with places along the last axis in its lanes: neither what comes in nor what comes out is
 * transposed, and of small groups too a sum is some instructions of four lanes.
 */
import {
  Planes,
  type PlanesFill,
  type PlanesPass,
  type PlanesResult,
} from "../../layers/arrays.js";
import type { Node, Prepared } from "../node.js";
import type { Numbers, Value } from "../value.js";
import { foldsOf } from "./folds.js";
import { arraysOf } from "./on-kernel.js";
import type { Fill, PlanePass, PlanePlan } from "./plane-plan.js";

/** The kernel's memory never shrinks: larger planes go by products, block by block. */
const MOST = 2 ** 18;

export interface PlaneSizes {
  readonly N: number;
  readonly C: number;
  readonly M: number;
  readonly groups: number;
  /** Numbers of a channel of x, and of y. */
  readonly plane: number;
  readonly output: number;
}

/** The weight of a place in the kernel, of output m for channel c of its group. */
export type WeightAt = (m: number, c: number, place: number) => number;

/** Nanoseconds of a run: of a quad's multiplication and addition, of a number copied, of a row of sums begun. */
const QUAD = 0.17;
const COPY = 0.6;
const ROW = 4;

/** About how long a run takes, in nanoseconds. */
function planesTime(
  { C, groups }: PlaneSizes,
  { fills }: PlanePlan,
  passes: readonly PlanesPass[],
): number {
  let time = 200;
  for (const { count } of fills) time += C * (0.2 * count * COPY + 5);
  for (const { outputs, taps, starts, count } of passes) {
    // two outputs at once, but a chain of additions for each
    const busy = Math.max(Math.ceil(count / 4), outputs > 1 ? 2 : 4);
    const sums = busy * taps.length * QUAD + ROW;
    time += groups * outputs * starts.length * (sums + count * COPY);
  }
  return time;
}

/** Of products: rows gathered, [places, width] × [width, outputs] for each group, what comes put in its place. */
export const productsTime = (
  places: number,
  width: number,
  outputs: number,
  groups: number,
): number =>
  groups *
  (places * (1.5 * width + outputs + Math.ceil(outputs / 16) * width * 0.7) +
    250);

/** Y [N, M, …] of X [N, C, …] by sums over the plan; null where that takes longer than `otherwise`, or too much memory. */
export function byPlanes(
  node: Node,
  y: Value,
  sizes: PlaneSizes,
  plan: PlanePlan,
  weightAt: WeightAt,
  bias: Numbers | null,
  otherwise: number,
): Prepared | null {
  const { N, C, M, groups, plane, output } = sizes;
  const { size, fills, passes } = plan;
  if (C * Math.max(plane, size) > MOST || M * output > MOST) return null;
  const perGroup = C / groups;
  const [only] = fills;
  const whole =
    fills.length === 1 &&
    only?.own === size &&
    only.step === 1 &&
    size === plane;
  const biases = Float32Array.from({ length: M }, (_, m) => bias?.[m] ?? 0);
  const full = passes.map((pass) =>
    passOf(pass, sizes, size, weightAt, biases),
  );
  const [one] = full as [PlanesPass];
  const folded =
    C === 1 && full.length === 1 && one.starts.length === 1 && !bias
      ? foldsOf(one.weights, M, one.taps, one.count)
      : null;
  const time = planesTime(sizes, plan, folded?.passes ?? full);
  if (!(time < otherwise)) return null;
  const planes = new Planes(arraysOf(node), {
    groups,
    inputSize: perGroup * size,
    channels: perGroup,
    givenSize: plane,
    fills: whole ? null : fills.map(fillOf),
    passes: full,
    ...folded,
  });
  const width = Math.ceil(one.count / 4) * 4;
  const results = folded
    ? [{ at: 0, width, count: one.count, rows: 1 }]
    : planes.results;
  const [first] = results as [PlanesResult];
  const compact =
    passes.length === 1 &&
    passes[0]?.step === 1 &&
    first.width === first.count &&
    first.rows * first.count === output;
  return {
    outputs: [y],
    work: 0.1 * y.data.length * perGroup * (passes[0]?.taps.length ?? 0),
    run([x]) {
      const { data } = x as Value;
      for (let n = 0; n < N; n++) {
        const { input } = planes;
        if (N === 1) input.set(data);
        else
          for (let i = 0, from = n * C * plane; i < input.length; i++)
            input[i] = data[from + i] as number;
        const sums = planes.run();
        if (compact && N === 1) y.data.set(sums);
        else
          for (let i = 0; i < passes.length; i++)
            take(
              sums,
              results[i] as PlanesResult,
              passes[i] as PlanePass,
              y.data,
              n * M * output,
              M,
              output,
            );
      }
    },
    release: () => planes.release(),
  };
}

const fillOf = (fill: Fill): PlanesFill => {
  const { at, count, row, from, step } = fill;
  const [before, own] = row < 0 ? [count, 0] : [fill.before, fill.own];
  const behind = count - before - own;
  return { at, before, from: row + from, own, behind, step };
};

function passOf(
  { taps, starts, count }: PlanePass,
  { C, M, groups }: PlaneSizes,
  size: number,
  weightAt: WeightAt,
  bias: Float32Array,
): PlanesPass {
  const perGroup = C / groups;
  const weights = new Float32Array(M * perGroup * taps.length);
  let to = 0;
  for (let m = 0; m < M; m++)
    for (let c = 0; c < perGroup; c++)
      for (const { kernel } of taps) weights[to++] = weightAt(m, c, kernel);
  return {
    outputs: M / groups,
    bias,
    taps: Array.from({ length: perGroup }, (_, c) =>
      taps.map(({ at }) => c * size + at),
    ).flat(),
    weights,
    starts,
    count,
  };
}

/** The sums of a pass to where they belong. */
function take(
  sums: Float32Array,
  { at, width, rows, count }: PlanesResult,
  { targets, step }: PlanePass,
  y: Numbers,
  start: number,
  M: number,
  output: number,
): void {
  let from = at;
  for (let m = 0; m < M; m++)
    for (let row = 0; row < rows; row++, from += width) {
      const to = start + m * output + (targets[row] as number);
      for (let i = 0; i < count; i++)
        y[to + i * step] = sums[from + i] as number;
    }
}
