import { type Arena, lanesOf, panelsOf, type Rows } from "./arena.js";
import type { Packing, Steps } from "./packing.js";

/* Between the caller's (B, T, features) and packed rows. */

/** (B, T, size) → packed rows of whole quads, or with `panels` of whole panels; null: zeros. */
export function packed(
  arena: Arena,
  packing: Packing,
  data: ArrayLike<number> | null,
  steps: number,
  size: number,
  panels: boolean,
): Rows {
  const lanes = panels ? panelsOf(size) : lanesOf(size);
  const at = arena.zeros(packing.count * lanes);
  const { f32 } = arena.memory;
  if (data)
    packing.each((place, row, time) => {
      const from = (row * steps + time) * size;
      const to = (at >> 2) + place * lanes;
      for (let j = 0; j < size; j++) f32[to + j] = data[from + j] as number;
    });
  return { at, stride: lanes * 4, size };
}

/** And back; 0 where a row has no step. */
export function unpacked(
  { memory: { f32 } }: Arena,
  packing: Packing,
  rows: Rows,
  batch: number,
  steps: number,
): Float32Array {
  const { size } = rows;
  const data = new Float32Array(batch * steps * size);
  packing.each((place, row, time) => {
    const from = (rows.at + place * rows.stride) >> 2;
    const to = (row * steps + time) * size;
    for (let j = 0; j < size; j++) data[to + j] = f32[from + j] as number;
  });
  return data;
}

/** Adds the first `count` features of `from` to those of `to`, at steps that are not masked: a model's skip. */
export function addSkipped(
  to: Float32Array,
  from: ArrayLike<number>,
  count: number,
  { packing, mask, steps, batch }: Steps,
): void {
  if (!count) return;
  const own = to.length / (batch * steps);
  const other = from.length / (batch * steps);
  packing.each((_, row, time) => {
    const index = row * steps + time;
    if (mask?.[index] === 0) return;
    for (let j = 0; j < count; j++)
      to[index * own + j] =
        (to[index * own + j] as number) + (from[index * other + j] as number);
  });
}
