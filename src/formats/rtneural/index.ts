/** RTNeural's JSON, as its Python scripts write it from Keras, AIDA-X's included; and its state dicts as JSON. @module */

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
 * The model of an RTNeural JSON file.
 *
 * Layers: lstm, gru, dense, time-distributed-dense and activation. AIDA-X's in_skip, in_gain and out_gain are part of
 * the model. A PyTorch state dict as JSON is read as well; of the options all but `backend` are for such a file.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a file that is damaged or
 *   holds a layer that is not among these
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: ModelOptions = {},
): AudioModel {
  return readRTNeural(toBytes(bytes), options);
}

/**
 * The numbers of an RTNeural JSON file, whatever its layers: `layers[0].weights[0]` and so on, in Keras's layout, or a
 * state dict's parameters by name.
 *
 * @throws TypeError for the argument; FormatError, which names the place, for a file that is damaged
 */
export function parse(bytes: Uint8Array | ArrayBuffer): ParsedTensors {
  return parseLists(placeOf(toBytes(bytes)));
}
