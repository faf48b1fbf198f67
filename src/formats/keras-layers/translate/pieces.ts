/*
 * Layers that are read as in chains: each piece becomes one node.
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

/** The pieces that the reader of chains makes of a layer. The kernels determine its inputs, see `checkFeatures`. */
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

/** @throws FormatError if the input's features are known and do not match the weights */
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
