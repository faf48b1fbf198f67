/*
 * A layer in both directions. Unless given the second, Keras derives it from the first.
 */
import { field, object } from "../json.js";
import { type CellWeights, readCell } from "./cells.js";
import { type LayerConfig, readLayer } from "./config.js";
import { type Reading, refuse } from "./context.js";
import { cellsOf, RECURRENT_LAYERS } from "./recurrent.js";
import { pushRecurrent, readRun, requireSequence } from "./runs.js";
import type { LayerWeights, Part } from "./weights.js";

export function readBidirectional(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  requireSequence(layer, reading);
  const mergeMode = mergeModeOf(layer);
  const forward = readLayer(object(layer.config, "layer"));
  const run = readRun(forward, reading, layer);
  if (run.goBackwards)
    refuse(layer, "expected go_backwards false of the forward layer, got true");
  const given = field(layer.config, "backward_layer") ?? null;
  const backward =
    given === null
      ? forward
      : readLayer(object(layer.config, "backward_layer"));
  if (given !== null) {
    const { goBackwards, returnSequences } = readRun(backward, reading, layer);
    if (!goBackwards || returnSequences !== run.returnSequences)
      refuse(
        layer,
        `expected go_backwards true and return_sequences ${run.returnSequences} in backward_layer, got ${goBackwards} and ${returnSequences}`,
      );
  }
  const both = [forward, backward].map((inner, index) =>
    readDirection(inner, index, weights, reading),
  );
  const [ahead, back] = both as [CellWeights, CellWeights];
  for (const key of ["type", "units", "resetAfter"] as const)
    if (ahead[key] !== back[key])
      refuse(
        layer,
        `expected the same in both directions, got ${key} ${ahead[key]} and ${back[key]}`,
      );
  // Keras forces zeros at masked steps where it returns sequences, whatever the inner layers say
  const forced = { ...run, zeros: run.returnSequences };
  pushRecurrent(layer, both, forced, { mergeMode, last: true }, reading);
}

function readDirection(
  inner: LayerConfig,
  index: number,
  weights: LayerWeights,
  reading: Reading,
): CellWeights {
  if (!(RECURRENT_LAYERS as readonly string[]).includes(inner.className))
    refuse(
      inner,
      `expected ${RECURRENT_LAYERS.join(", ")} in a Bidirectional, got ${inner.className.slice(0, 100)}`,
    );
  const [cell, ...more] = cellsOf(inner);
  if (!cell || more.length)
    return refuse(
      inner,
      `expected one cell in a Bidirectional, got ${more.length + 1}`,
    );
  const name = index ? "backward_layer" : "forward_layer";
  const part: Part = { path: [name, ...cell.path], index };
  const { className, config } = cell;
  return readCell(className, config, weights, part, reading.size, reading);
}

function mergeModeOf(layer: LayerConfig): string {
  const mode = field(layer.config, "merge_mode");
  if (mode === undefined) return "concat";
  if (["concat", "sum", "mul", "ave"].includes(mode as string))
    return mode as string;
  return refuse(
    layer,
    "expected merge_mode concat, sum, mul or ave, got null, which has two outputs",
  );
}
