/** RTNeural's JSON, as its Python scripts write it from Keras, AIDA-X's included; and its state dicts as JSON. @module */

import { type AudioModel, type Backend, checkBackend } from "../audio.js";
import { parseObject } from "../json.js";
import { readModel } from "./model.js";

export { FormatError } from "../../errors.js";
export type { AudioCase, AudioModel } from "../audio.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";

export interface RTNeuralOptions {
  /** The kernel; 'auto' by default. */
  backend?: Backend;
}

/**
 * The model of an RTNeural JSON file.
 *
 * Layers: lstm, gru, dense, time-distributed-dense and activation. AIDA-X's in_skip, in_gain and out_gain are part of
 * the model.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a file that is damaged or
 *   holds a layer that is not among these
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: RTNeuralOptions = {},
): AudioModel {
  const backend = checkBackend(options);
  return readModel(parseObject(bytes), backend);
}
