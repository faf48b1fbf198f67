/** RTNeural's JSON: as its Python scripts write it from Keras, as AIDA-X extends it, and PyTorch state dicts as JSON. @module */

import { toBytes } from "../../bytes.js";
import type { AudioModel } from "../audio.js";
import type { ModelOptions } from "../state-dict.js";
import { placeOf } from "../json.js";
import type { ParsedTensors } from "../parsed.js";
import { parseLists } from "./parse.js";
import { readRTNeural } from "./read.js";

export { FormatError } from "../../errors.js";
export type { AudioCase, AudioModel } from "../audio.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";

export type { LayerChoice, ModelOptions } from "../state-dict.js";
export type { ParsedTensors } from "../parsed.js";
export { toRTNeural } from "./write.js";

/**
 * Reads an RTNeural JSON file.
 *
 * Layers: lstm, gru, dense, time-distributed-dense, conv1d, batchnorm, prelu and activation. AIDA-X's in_skip, in_gain
 * and out_gain become part of the model. A PyTorch state dict as JSON is read as well; all options but `backend` are
 * for such a file.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, naming the place, for a file that is damaged or has
 *   another layer
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: ModelOptions = {},
): AudioModel {
  return readRTNeural(toBytes(bytes), options);
}

/**
 * The numbers in an RTNeural JSON file with any layers: `layers[0].weights[0]` and so on, in Keras's layout, or a state
 * dict's parameters by name.
 *
 * @throws TypeError for the argument; FormatError, naming the place, for a damaged file
 */
export function parse(bytes: Uint8Array | ArrayBuffer): ParsedTensors {
  return parseLists(placeOf(toBytes(bytes)));
}
