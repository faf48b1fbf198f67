import { around } from "../indexing.js";

/** Lines of numbers in data: line l begins at starts(l) and has `size` numbers, `stride` apart. */
export interface Lines {
  readonly count: number;
  readonly size: number;
  readonly stride: number;
  readonly start: (line: number) => number;
}

export function linesOf(shape: readonly number[], axis: number): Lines {
  const { outer, size, inner } = around(shape, axis);
  return {
    count: outer * inner,
    size,
    stride: inner,
    start: (line) => Math.floor(line / inner) * size * inner + (line % inner),
  };
}
