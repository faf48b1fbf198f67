import { F32 } from "./f32.js";
import type { WeightFormat } from "./format.js";

/** The formats in which weights may lie, by the names that tests and options give them. */
export const FORMATS = { f32: F32 } satisfies Record<string, WeightFormat>;
