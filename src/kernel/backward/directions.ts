import type { Arena, Rows } from "./arena.js";
import type { Cell } from "./cell.js";
import type { Ends } from "./cell-backward.js";
import type { CellRun } from "./checkpointed.js";
import type { Route } from "./packing.js";

/* A direction's outputs, from the order in which they were computed to the layer's, and their gradient back. */

/** A direction's outputs in the layer's packing, `count` rows. */
export function inOrder(
  arena: Arena,
  { out }: Route,
  run: CellRun,
  cell: Cell,
  count: number,
): Rows {
  if (!out) return run.y;
  const { output } = cell;
  const { outputSize } = cell.spec;
  const rows = arena.rows(count, outputSize, output);
  const { f32 } = arena.memory;
  const [h0] = run.starts as [Float32Array];
  for (let i = 0; i < out.length; i++) {
    const place = out[i] as number;
    if (place === -1) continue;
    const to = (rows.at >> 2) + i * output;
    if (place >= 0) {
      const from = (run.y.at >> 2) + place * output;
      f32.copyWithin(to, from, from + outputSize);
    } else {
      const from = (-2 - place) * outputSize;
      f32.set(h0.subarray(from, from + outputSize), to);
    }
  }
  return rows;
}

/** The gradient of a direction's outputs as they were computed; what goes to the state at the start is added to it later. */
export function outOfOrder(
  arena: Arena,
  dy: Rows,
  { out, packing }: Route,
  cell: Cell,
  ends: Ends,
): Rows {
  if (!out) return dy;
  const { output } = cell;
  const { outputSize } = cell.spec;
  const rows = arena.rows(packing.count, outputSize, output);
  const { f32 } = arena.memory;
  for (let i = 0; i < out.length; i++) {
    const place = out[i] as number;
    if (place === -1) continue;
    const from = (dy.at + i * dy.stride) >> 2;
    if (place >= 0) {
      const to = (rows.at >> 2) + place * output;
      for (let j = 0; j < outputSize; j++)
        f32[to + j] = (f32[to + j] as number) + (f32[from + j] as number);
    } else {
      const [hidden] = ends.parts as [Float32Array];
      ends.direct ??= new Float32Array(hidden.length);
      const row = -2 - place;
      for (let j = 0; j < outputSize; j++) {
        const to = row * outputSize + j;
        ends.direct[to] =
          (ends.direct[to] as number) + (f32[from + j] as number);
      }
    }
  }
  return rows;
}
