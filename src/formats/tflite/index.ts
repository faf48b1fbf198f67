/** TensorFlow Lite models: .tflite. @module */

export { FormatError } from "../../errors.js";
export {
  Graph,
  type GraphInput,
  type GraphStates,
  GraphStream,
  type GraphStreamOptions,
} from "../../graph/index.js";
export type { Port } from "../../index.js";
export type { Report, ReportLayer } from "../report.js";
export type { ParsedTensors } from "../parsed.js";
export { load, type TfliteOptions } from "./load.js";
export { parse } from "./parse.js";
