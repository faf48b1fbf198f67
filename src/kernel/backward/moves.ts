import { type Arena, lanesOf, type Rows } from "./arena.js";

/* Rows moved from one order to another, and their gradients back. An address here is of bytes. */

/** New rows, the i-th being `from` at places[i]. */
export function gather(arena: Arena, from: Rows, places: Int32Array): Rows {
  const lanes = lanesOf(from.size);
  const at = arena.floats(places.length * lanes);
  const { f32 } = arena.memory;
  const stride = from.stride >> 2;
  for (let i = 0, to = at >> 2; i < places.length; i++, to += lanes) {
    const start = (from.at >> 2) + (places[i] as number) * stride;
    for (let j = 0; j < lanes; j++) f32[to + j] = f32[start + j] as number;
  }
  return { at, stride: lanes * 4, size: from.size };
}

/** to[places[i]] += from[i], floats. */
export function scatterAdd(
  f32: Float32Array,
  from: Rows,
  places: Int32Array,
  to: Rows,
): void {
  for (let i = 0; i < places.length; i++) {
    const start = (from.at + i * from.stride) >> 2;
    const target = (to.at + (places[i] as number) * to.stride) >> 2;
    for (let j = 0; j < from.size; j++)
      f32[target + j] =
        (f32[target + j] as number) + (f32[start + j] as number);
  }
}
