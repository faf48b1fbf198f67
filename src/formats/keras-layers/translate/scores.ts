import { field } from "../../json.js";
import type { LayerConfig } from "../config.js";
import { type Emitter, type Flow, sizesText } from "./flow.js";
import { placed } from "./only.js";
import type { Given } from "./translation.js";

const HIDDEN = -1e9;

/** Adds -1e9 where any of the masks, which broadcast, is true. */
export function hide(
  scores: Flow,
  masks: readonly Flow[],
  emit: Emitter,
): Flow {
  if (!masks.length) return scores;
  const hidden = masks.reduce((a, b) => emit.either(a, b));
  const floats = emit.cast(hidden, "float32");
  return emit.binary(
    "Add",
    scores,
    emit.binary("Mul", floats, emit.scalar(HIDDEN)),
  );
}

export const isCausal = (
  { config }: LayerConfig,
  { keywords }: Given,
): boolean =>
  keywords.get("use_causal_mask") === true || field(config, "causal") === true;

/** [Tq, Tv]: true for steps of the value after that of the query. */
export function later(
  layer: LayerConfig,
  query: Flow,
  value: Flow,
  emit: Emitter,
): Flow {
  const [rows, columns] = [query.sizes[1], value.sizes[1]];
  if (typeof rows !== "number" || typeof columns !== "number")
    throw placed(
      layer,
      `expected known numbers of steps for a causal mask, got ${sizesText(query.sizes)} and ${sizesText(value.sizes)}`,
    );
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    data.fill(
      1,
      row * columns + Math.min(row + 1, columns),
      (row + 1) * columns,
    );
  return emit.truths(data, [rows, columns]);
}
