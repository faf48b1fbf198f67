/** Tesseract's line recogniser: the LSTM of a .traineddata file, a grey line → text. @module */

import { toBytes } from "../bytes.js";
import { readTraineddata } from "../formats/tesseract/read.js";
import { record } from "../checks.js";
import type { Report } from "../formats/report.js";
import { checkPrecision, type Precision } from "../layers/options.js";
import { Recognizer } from "./recognizer.js";

export { FormatError } from "../errors.js";
export type { Report, ReportLayer } from "../formats/report.js";
export { reportText } from "../formats/report.js";
export { type Box, type GreyImage, toGrey } from "./image.js";
export { splitLines } from "./lines.js";
export {
  type Character,
  type Line,
  type Page,
  type Recognition,
  type Recognizer,
  type RecognizeOptions,
} from "./recognizer.js";

/** How a file is read. */
export interface TesseractOptions {
  /**
   * 'float32' by default. 'int8', 'int8-fast': matrices as integers, those of "fast" files as the file has them, which is
   * how Tesseract itself multiplies them.
   */
  precision?: Precision;
}

/**
 * The recogniser of a .traineddata file of Tesseract 4 or 5: "best", "fast" or with the old engine's parts beside it.
 *
 * @throws TypeError, RangeError for what is no bytes or no option; FormatError, which names the part and the byte, for a file that is damaged or
 *   has no LSTM
 */
export function load(
  traineddata: Uint8Array | ArrayBuffer,
  options: TesseractOptions = {},
): {
  recognizer: Recognizer;
  report: Report;
} {
  const given = record(options, "options", { precision: 0 });
  const precision = checkPrecision(given["precision"]);
  const file = readTraineddata(toBytes(traineddata, "traineddata"));
  return { recognizer: new Recognizer(file, precision), report: file.report };
}
