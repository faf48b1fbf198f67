/** safetensors: state dicts, and the models that Sequential.save writes. @module */

export { FormatError } from "../../errors.js";
export { parse, serialize, type StateDict } from "../../safetensors.js";
export { type Report, type ReportLayer, reportText } from "../report.js";
export type { LayerChoice, LoadedLayers, ModelOptions } from "../state-dict.js";
export { load } from "./load.js";
