import type { ActivationCode } from "../activations.js";
import { activation, held } from "./all-activations.js";
import type { LayerRecord } from "./layer.js";

/** f of `count` sums in place, after the clip. */
export function gate(
  { clip }: LayerRecord,
  code: ActivationCode,
  values: Float32Array,
  at: number,
  count: number,
): void {
  for (let i = at; i < at + count; i++) held(values, i, clip);
  activation(code, values, at, count);
}
