/** Models with int8 weights: smaller files, faster products, and what that costs on the user's own data. @module */

export type { Precision } from "../layers/options.js";
export type { GraphFrame, QuantizeOptions } from "./options.js";
export { type GraphData, quantize } from "./quantize.js";
export { saveCompact, type Storage } from "./storage.js";
export type {
  Deviation,
  LayerReport,
  QuantizeReport,
  Timing,
} from "./report.js";
