/** Models of guitar amplifiers and pedals: .nam files, and the JSON of GuitarML and AIDA-X. @module */

import { toBytes } from "../../bytes.js";
import type { AudioModel } from "../audio.js";
import { type NamOptions, readAmp } from "./read.js";

export { FormatError } from "../../errors.js";
export type { AudioCase, AudioModel } from "../audio.js";
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
