/** The model of a file, whatever of the formats it has. @module */

import { toBytes } from "../../bytes.js";
import { isRecord, record } from "../../checks.js";
import { modelAmong } from "./model-among.js";
import {
  type Files,
  type Loaded,
  type LoadOptions,
  OPTIONS,
  readAs,
} from "./readers.js";
import { recognise } from "./recognise.js";

export { FormatError } from "../../errors.js";
export {
  Graph,
  type GraphInput,
  type GraphStates,
  GraphStream,
  type GraphStreamOptions,
  loadGraph,
} from "../../graph/index.js";
export type { Port } from "../../index.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export {
  type Case,
  verify,
  type Verified,
  type VerifiedOutput,
  type VerifyOptions,
} from "../verify.js";
export type { ParsedTensors } from "../parsed.js";
export { parse, type ParseOptions } from "./parse.js";
export type { Files, Loaded, LoadOptions } from "./readers.js";

/**
 * The model of a file, or of files by their names for the formats that have several: TensorFlow.js's model.json and
 * its weights, ONNX with external data.
 *
 * @param options those of all formats; the file's own count, but a name that none of them has is an error
 * @returns always with a model
 * @throws FormatError, which names the place, for a file that is damaged, of no known format, or holds what cannot be
 *   computed; with `report` and `layers` where layers were found that make no model. TypeError, RangeError for the
 *   arguments
 */
export function load(
  file: Uint8Array | ArrayBuffer | Files,
  options: LoadOptions = {},
): Loaded {
  record(options, "options", OPTIONS);
  if (isRecord(file)) {
    const { bytes, ...found } = modelAmong(file as Files);
    return readAs(found, bytes, options, file as Files);
  }
  const bytes = toBytes(file, "file");
  return readAs(recognise(bytes), bytes, options, {});
}
