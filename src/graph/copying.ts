/*
 * Numbers copied from one array to another in an order that is worked out once.
 */
import { offsets } from "./strides.js";
import type { Numbers } from "./value.js";

export type Copy = (from: Numbers, to: Numbers) => void;

/** `set` of a view takes as long as this many numbers one by one: 70 ns. */
const SHORT = 32;

/** Views of arrays of more numbers than this (4 MB) would keep these alive: they are made anew. */
const KEPT = 2 ** 20;

/** How a result of this shape takes its numbers from others, by strides. */
export function copier(
  shape: readonly number[],
  strides: readonly number[],
  count: number,
  start = 0,
): Copy {
  if (!count) return () => {};
  const run = runOf(shape, strides);
  if (run < SHORT) {
    const at = offsets(shape, strides, count, start);
    return (from, to) => {
      for (let i = 0; i < count; i++) to[i] = from[at[i] as number] as number;
    };
  }
  const [outer, steps] = outerAxes(shape, strides, run);
  const rows = count / run;
  return copyRuns(
    offsets(outer, steps, rows, start),
    Int32Array.from({ length: rows }, (_, i) => i * run),
    new Int32Array(rows).fill(run),
  );
}

/** Copies `counts[i]` numbers from `starts[i]` on to where `targets[i]` is. */
export function copyRuns(
  starts: Int32Array,
  targets: Int32Array,
  counts: Int32Array,
): Copy {
  const count = counts.reduce((all, n) => all + n, 0);
  if (count < SHORT * counts.length)
    return (from, to) => {
      for (let run = 0; run < starts.length; run++) {
        const first = starts[run] as number;
        const at = targets[run] as number;
        const length = counts[run] as number;
        for (let i = 0; i < length; i++) to[at + i] = from[first + i] as number;
      }
    };
  // frame after frame it is the same array: its views are kept
  let views: Numbers[] = [];
  let of: Numbers | null = null;
  const viewOf = (from: Numbers, run: number): Numbers => {
    const start = starts[run] as number;
    const length = counts[run] as number;
    return length === from.length ? from : from.subarray(start, start + length);
  };
  return (from, to) => {
    if (from.length > KEPT) {
      for (let run = 0; run < starts.length; run++)
        to.set(viewOf(from, run), targets[run]);
      return;
    }
    if (from !== of) {
      views = Array.from(starts, (_, run) => viewOf(from, run));
      of = from;
    }
    for (let run = 0; run < views.length; run++)
      to.set(views[run] as Numbers, targets[run]);
  };
}

/** How many numbers of the result follow each other in the source too. */
function runOf(shape: readonly number[], strides: readonly number[]): number {
  let run = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== run) break;
    run *= size;
  }
  return run;
}

/** The axes before those of a run. */
function outerAxes(
  shape: readonly number[],
  strides: readonly number[],
  run: number,
): [number[], number[]] {
  let left = run;
  let axis = shape.length;
  while (axis > 0 && left > 1) left /= shape[--axis] as number;
  return [shape.slice(0, axis), strides.slice(0, axis)];
}
