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
 * The model of a .nam file (LSTM), of GuitarML's JSON (SimpleRNN) or of AIDA-X's (RTNeural's layers).
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a file that is damaged or
 *   of another architecture
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: NamOptions = {},
): AudioModel {
  return readAmp(toBytes(bytes), options);
}

/**
 * The numbers of an amplifier's file, whatever its architecture: of a .nam file the one list `weights`, of GuitarML's
 * the parameters by PyTorch's names, of AIDA-X's `layers[0].weights[0]` and so on.
 *
 * @throws TypeError for the argument; FormatError, which names the place, for a file that is damaged
 */
export function parse(bytes: Uint8Array | ArrayBuffer): ParsedTensors {
  return parseAmp(toBytes(bytes));
}
