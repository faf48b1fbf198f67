/** ONNX graphs of recurrent networks. @module */

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { toOnnx, type ToOnnxOptions } from "./export/to-onnx.js";
export type { OnnxInput, OnnxValueInfo } from "./input.js";
export { load, type OnnxOptions } from "./load.js";
export { OnnxModel } from "./model.js";
export { OnnxStream, type OnnxStreamOptions } from "./stream.js";
