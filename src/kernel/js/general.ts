import type { Curve } from "../curves.js";
import { curve, held } from "./curves.js";
import type { Layer } from "./layer.js";

/** f of `count` sums in place, behind the clip. */
export function gate(
  { clip }: Layer,
  slot: Curve,
  values: Float32Array,
  at: number,
  count: number,
): void {
  for (let i = at; i < at + count; i++) held(values, i, clip);
  curve(slot, values, at, count);
}
