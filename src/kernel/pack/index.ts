import { F32 } from "./f32.js";
import type { WeightFormat } from "./format.js";
import { INT8, INT8_FAST } from "./int8.js";

/** The formats in which weights may lie, by the names that tests and options give them. */
export const FORMATS = {
  f32: F32,
  int8: INT8,
  "int8-fast": INT8_FAST,
} satisfies Record<string, WeightFormat>;

/** How a layer's matrices are multiplied: as float32, or as int8 with activations of 16 or of seven bits. */
export type Precision = "float32" | "int8" | "int8-fast";

export const PRECISIONS: readonly Precision[] = [
  "float32",
  "int8",
  "int8-fast",
];

export const formatOf = (precision: Precision): WeightFormat =>
  precision === "float32" ? F32 : FORMATS[precision];
