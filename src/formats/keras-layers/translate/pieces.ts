/*
 * Layers that the readers of chains read: one node a piece, whatever comes and goes.
 */
import { FormatError } from "../../../errors.js";
import { type LayerConfig, placeOf } from "../config.js";
import type { Reading } from "../context.js";
import type { Piece } from "../make.js";
import type { LayerWeights } from "../weights.js";
import type { Flow } from "./flow.js";
import type { Translation } from "./translation.js";

type Read = (
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
) => void;

/** What a reader of chains makes of one layer by itself. Kernels tell what it takes: `checkFeatures` compares. */
export function piecesOf(
  layer: LayerConfig,
  weights: LayerWeights,
  translation: Translation,
  read: Read,
): readonly Piece[] {
  const { producer, budget, converted, ignored, warnings } = translation;
  const reading: Reading = {
    producer,
    budget,
    converted,
    ignored,
    warnings,
    pieces: [],
    size: null,
    lastOnly: false,
    inputRank: null,
  };
  read(layer, weights, reading);
  for (const { described } of reading.pieces)
    translation.layers.push(described);
  return reading.pieces;
}

/** @throws FormatError where the features that come are known to be others than those that the weights take */
export function checkFeatures(
  x: Flow,
  expected: number,
  { className, name }: LayerConfig,
): void {
  const got = x.sizes.at(-1);
  if (got === expected || got === null || got === undefined) return;
  throw new FormatError(
    `expected ${expected} features, got ${got}`,
    placeOf(className, name),
  );
}
