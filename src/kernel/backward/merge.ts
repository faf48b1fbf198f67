import type { MergeMode } from "../merge.js";
import { type Arena, lanesOf, type Rows } from "./arena.js";

/* How the outputs of two directions become one, and how the gradient of that is theirs again. */

/** One output of one or two, `count` rows each. */
export function merged(
  arena: Arena,
  merge: MergeMode,
  outputs: readonly Rows[],
  count: number,
): Rows {
  const [a, b] = outputs as [Rows, Rows | undefined];
  if (!b) return a;
  const size = merge === "concat" ? a.size + b.size : a.size;
  const y = arena.rows(count, size, lanesOf(size));
  const { f32 } = arena.memory;
  for (let i = 0; i < count; i++) {
    const to = (y.at + i * y.stride) >> 2;
    const fa = (a.at + i * a.stride) >> 2;
    const fb = (b.at + i * b.stride) >> 2;
    for (let j = 0; j < a.size; j++) {
      const left = f32[fa + j] as number;
      const right = f32[fb + j] as number;
      if (merge === "concat") {
        f32[to + j] = left;
        f32[to + a.size + j] = right;
      } else if (merge === "mul") f32[to + j] = left * right;
      else f32[to + j] = merge === "sum" ? left + right : (left + right) / 2;
    }
  }
  return y;
}

/** The gradient of each of `outputs`, from that of what they were merged to. */
export function unmerged(
  arena: Arena,
  merge: MergeMode,
  dy: Rows,
  outputs: readonly Rows[],
  count: number,
): Rows[] {
  if (outputs.length === 1) return [dy];
  return outputs.map((own, direction) => {
    const other = outputs[1 - direction] as Rows;
    const part = arena.rows(count, own.size, lanesOf(own.size));
    const { f32 } = arena.memory;
    const shift = merge === "concat" ? direction * own.size : 0;
    for (let i = 0; i < count; i++) {
      const from = ((dy.at + i * dy.stride) >> 2) + shift;
      const to = (part.at + i * part.stride) >> 2;
      const by = (other.at + i * other.stride) >> 2;
      for (let j = 0; j < own.size; j++) {
        const value = f32[from + j] as number;
        if (merge === "mul") f32[to + j] = value * (f32[by + j] as number);
        else f32[to + j] = merge === "ave" ? value / 2 : value;
      }
    }
    return part;
  });
}
