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
  const { count } = packing;
  const full = data && size === lanes;
  const at = full ? arena.floats(count * lanes) : arena.zeros(count * lanes);
  const { f32 } = arena.memory;
  if (data) {
    const indices = packing.indices(steps);
    let to = at >> 2;
    for (let place = 0; place < count; place++, to += lanes) {
      const from = (indices[place] as number) * size;
      for (let j = 0; j < size; j++) f32[to + j] = data[from + j] as number;
    }
  }
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
  const { size, stride } = rows;
  const data = new Float32Array(batch * steps * size);
  const indices = packing.indices(steps);
  for (let place = 0; place < packing.count; place++) {
    const from = (rows.at + place * stride) >> 2;
    const to = (indices[place] as number) * size;
    for (let j = 0; j < size; j++) data[to + j] = f32[from + j] as number;
  }
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
  for (const index of packing.indices(steps)) {
    if (mask?.[index] === 0) continue;
    for (let j = 0; j < count; j++)
      to[index * own + j] =
        (to[index * own + j] as number) + (from[index * other + j] as number);
  }
}
