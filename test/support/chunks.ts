import fc from "fast-check";
import type { Tensor } from "../../src/index.js";
import { at, join } from "./tensors.js";

/** Chunk sizes to go through again and again; some are 1. */
export function cuts(): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 11 }), {
    minLength: 1,
    maxLength: 6,
  });
}

/** The spans [from, to) of a time axis cut so. */
export function chunks(
  time: number,
  sizes: readonly number[],
): [from: number, to: number][] {
  const spans: [number, number][] = [];
  for (let from = 0; from < time;) {
    const to = Math.min(time, from + sizes[spans.length % sizes.length]!);
    spans.push([from, to]);
    from = to;
  }
  return spans;
}

/** Of one sequence's output [T, D·O]: each direction's part of the step that it computed last, [D·O]. */
export function lastSteps(
  output: Tensor,
  length: number,
  direction: string,
): Float32Array {
  const [end, start] = [at(output, 0, length - 1).data, at(output, 0, 0).data];
  if (direction === "forward") return end;
  if (direction === "reverse") return start;
  const half = output.shape[1]! / 2;
  return join([end.subarray(0, half), start.subarray(half)]);
}
