import { activation, held } from "./all-activations";
import { Layer } from "./layer";

/*
 * Cells that are not standard: free activations, clip, peepholes, coupled gates. They share everything with the
 * standard ones but what they do behind a step's product, and so the order of every sum: general-lstm.ts and
 * general-gru.ts take their gates quad by quad, by functions that the record names (all-activations.ts).
 */

/** f of a sum: the activation whose code lies at `code`, behind the clip. */
export function gate(layer: Layer, code: usize, sum: v128): v128 {
  return activation(code, held(sum, f32x4.splat(layer.clip)));
}
