import { FormatError } from "../../../errors.js";
import { type LayerConfig, placeOf } from "../config.js";
import { type Flow, sizesText } from "./flow.js";
import type { Given } from "./translation.js";

/** The single input of a layer. */
export function only(layer: LayerConfig, { inputs }: Given): Flow {
  const [x, ...more] = inputs;
  if (x && !more.length) return x;
  throw placed(layer, `expected one input, got ${inputs.length}`);
}

/** The single input of a layer, which must be a sequence [B, T, features]. */
export function onlySequence(layer: LayerConfig, given: Given): Flow {
  const x = only(layer, given);
  if (x.rank === 3) return x;
  throw placed(
    layer,
    `expected a sequence [B, T, features], got ${sizesText(x.sizes)}`,
  );
}

export function placed({ className, name }: LayerConfig, why: string) {
  return new FormatError(why, placeOf(className, name));
}
