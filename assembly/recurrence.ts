import { Layer } from "./layer";
import { clearPadding } from "./linear";

/*
 * What the three time loops share. A chunk holds `rows` sequences of `steps` steps each, longest first:
 *
 *      x, z, y   [rows, steps, width]         h, c   [rows, width]: the state before, and in the end after
 *
 * With `lengths` (steps of each row in this chunk) the rows that are still running are always the first ones.
 */

/** How many rows have a step t, given how many had the step before (or after, when running backwards). */
export function running(lengths: usize, rows: i32, before: i32, t: i32): i32 {
  if (!lengths) return rows;
  let active = before;
  while (active > 0 && load<i32>(lengths + ((active - 1) << 2)) <= t) active--;
  while (active < rows && load<i32>(lengths + (active << 2)) > t) active++;
  return active;
}

/** The step's outputs are complete: clear their padding and make them the state, h ← y. */
export function carry(
  layer: Layer,
  y: usize,
  yRow: i32,
  h: usize,
  rows: i32,
): void {
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  for (; rows > 0; rows--) {
    clearPadding(y, quads, layer.outputTail);
    for (let i = 0; i < bytes; i += 16) v128.store(h + i, v128.load(y + i));
    y += yRow;
    h += bytes;
  }
}
