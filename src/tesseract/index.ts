/** Tesseract's line recogniser: the LSTM of a .traineddata file, from an image of a line to its text. @module */

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

/** Options of `load`. */
export interface TesseractOptions {
  /**
   * How matrices are multiplied. By default as the file has them: 'int8' for "fast" and "best_int" files, whose integers
   * are used as they are, 'float32' for "best" ones. 'int8-fast' is faster still where the processor multiplies bytes.
   */
  precision?: Precision;
}

/**
 * The recogniser of a .traineddata file of Tesseract 4 or 5: "best", "fast", or one that includes the legacy engine.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the part and the byte, for a file that is
 *   damaged or has no LSTM
 */
export function load(
  traineddata: Uint8Array | ArrayBuffer,
  options: TesseractOptions = {},
): {
  recognizer: Recognizer;
  report: Report;
} {
  const given = record(options, "options", { precision: 0 });
  const precision =
    given["precision"] === undefined
      ? null
      : checkPrecision(given["precision"]);
  const file = readTraineddata(toBytes(traineddata, "traineddata"), precision);
  return { recognizer: new Recognizer(file), report: file.report };
}
