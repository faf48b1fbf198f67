/*
 * Numbers copied from one array to another in an order that is worked out once.
 */
import { offsets } from "./strides.js";
import type { Numbers } from "./value.js";

export type Copy = (from: Numbers, to: Numbers) => void;

/** `set` of a view that is there takes as long as this many numbers one by one: 12 ns. */
const SHORT = 16;

/** Runs of fewer numbers than this go by a list of all places. */
const LISTED = 8;

/** To make a view, of another array than before, is worth it for so many. */
const LONG = 128;

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
  if (run < LISTED) {
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
  const runs = joinedRuns(starts, targets, counts);
  const length = runs.length / 3;
  const loop: Copy = (from, to) => {
    for (let run = 0; run < runs.length; run += 3) {
      const first = runs[run] as number;
      const at = runs[run + 1] as number;
      const count = runs[run + 2] as number;
      for (let i = 0; i < count; i++) to[at + i] = from[first + i] as number;
    }
  };
  let count = 0;
  for (let run = 0; run < runs.length; run += 3)
    count += runs[run + 2] as number;
  if (count < SHORT * length) return loop;
  // frame after frame it is the same array: its views are kept
  let views: Numbers[] = [];
  let of: Numbers | null = null;
  const viewOf = (from: Numbers, run: number): Numbers => {
    const start = runs[3 * run] as number;
    const size = runs[3 * run + 2] as number;
    return size === from.length ? from : from.subarray(start, start + size);
  };
  return (from, to) => {
    if (from.length > KEPT) {
      for (let run = 0; run < length; run++)
        to.set(viewOf(from, run), runs[3 * run + 1] as number);
      return;
    }
    if (from !== of) {
      if (of && count < LONG * length) return loop(from, to);
      views = Array.from({ length }, (_, run) => viewOf(from, run));
      of = from;
    }
    for (let run = 0; run < length; run++)
      to.set(views[run] as Numbers, runs[3 * run + 1] as number);
  };
}

/** (runs, [start, target, count]); those that follow each other on both sides are one. */
function joinedRuns(
  starts: Int32Array,
  targets: Int32Array,
  counts: Int32Array,
): Int32Array {
  const runs = new Int32Array(3 * starts.length);
  let end = 0;
  for (let i = 0; i < starts.length; i++) {
    const [start, target, count] = [starts, targets, counts].map(
      (list) => list[i] as number,
    ) as [number, number, number];
    const own = end ? (runs[end - 1] as number) : 0;
    const follows =
      end > 0 &&
      (runs[end - 3] as number) + own === start &&
      (runs[end - 2] as number) + own === target;
    if (follows) runs[end - 1] = own + count;
    else {
      runs[end] = start;
      runs[end + 1] = target;
      runs[end + 2] = count;
      end += 3;
    }
  }
  return runs.slice(0, end);
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
