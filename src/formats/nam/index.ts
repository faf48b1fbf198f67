/** Models of guitar amplifiers and pedals: .nam files, and the JSON of GuitarML and AIDA-X. @module */

import { toBytes } from "../../bytes.js";
import type { AudioModel } from "../audio.js";
import type { ParsedTensors } from "../parsed.js";
import { parseAmp } from "./parse.js";
import { type NamOptions, readAmp } from "./read.js";

export { FormatError } from "../../errors.js";
export type { AudioCase, AudioModel } from "../audio.js";
export type { ParsedTensors } from "../parsed.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { NamOptions } from "./read.js";
export { type NamMetadata, toNam } from "./write.js";

/**
 * Reads a .nam file (LSTM), GuitarML's JSON (SimpleRNN) or AIDA-X's JSON (RTNeural's layers).
 *
 * @throws TypeError, RangeError for the arguments; FormatError, naming the place, for a file that is damaged or of
 *   another architecture
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: NamOptions = {},
): AudioModel {
  return readAmp(toBytes(bytes), options);
}

/**
 * The numbers in an amplifier's file of any architecture: in a .nam file the list `weights`, in GuitarML's JSON the
 * parameters by PyTorch's names, in AIDA-X's `layers[0].weights[0]` and so on.
 *
 * @throws TypeError for the argument; FormatError, naming the place, for a damaged file
 */
export function parse(bytes: Uint8Array | ArrayBuffer): ParsedTensors {
  return parseAmp(toBytes(bytes));
}
