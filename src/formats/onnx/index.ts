/** ONNX graphs of recurrent networks. @module */

export { FormatError } from "../../errors.js";
export {
  Graph,
  GraphBuilder,
  type GraphInput,
  type GraphStates,
  GraphStream,
  type GraphStreamOptions,
  loadGraph,
  toSequential,
} from "../../graph/index.js";
export type { Port } from "../../index.js";
export type { Report, ReportLayer } from "../report.js";
export { toOnnx, type ToOnnxOptions } from "./export/to-onnx.js";
export { load, type OnnxOptions } from "./load.js";
export type { ParsedTensors } from "../parsed.js";
export { parse } from "./parse.js";
