/*
 * A layer's record, which its panels follow: int32 and float32 fields, four bytes each. assembly/layer.ts explains them;
 * test/kernel/records.test.ts compares its classes with these lists.
 */

/** The fields that every layer's record begins with: class Layer of assembly/layer.ts. */
export const LAYER = [
  "input",
  "format",
  "inputWidth",
  "inputPanels",
  "outputQuads",
  "outputTail",
  "outputStride",
  "activation",
  "general",
  "f",
  "fa",
  "fb",
  "g",
  "ga",
  "gb",
  "h",
  "ha",
  "hb",
  "clip",
] as const;

/** Of RNN, LSTM and GRU: class Recurrent there. */
export const RECURRENT = [
  ...LAYER,
  "kind",
  "recurrent",
  "projection",
  "candidate",
  "hiddenQuads",
  "hiddenTail",
  "reverse",
  "peepholes",
  "coupled",
  "cellClip",
  "resetAfter",
  "replace",
] as const;

export type LayerField = (typeof LAYER)[number];
export type RecurrentField = (typeof RECURRENT)[number];

/** Bytes of a record with these fields: what follows it begins at a multiple of 16. */
export const recordBytes = (fields: readonly string[]): number =>
  Math.ceil(fields.length / 4) * 16;

/** The values of `kind`: the numbers of the kinds in assembly/layer.ts. */
export const NUMBERS = { RNN: 1, LSTM: 2, GRU: 3 } as const;
export type RecurrentType = keyof typeof NUMBERS;
