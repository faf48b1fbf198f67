/** Tesseract's line recogniser: the LSTM of a .traineddata file, a grey line → text. @module */

import { toBytes } from "../bytes.js";
import { readTraineddata } from "../formats/tesseract/read.js";
import type { Report } from "../formats/report.js";
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

/**
 * The recogniser of a .traineddata file of Tesseract 4 or 5: "best", "fast" or with the old engine's parts beside it.
 *
 * @throws TypeError for what is no bytes; FormatError, which names the part and the byte, for a file that is damaged or
 *   has no LSTM
 */
export function load(traineddata: Uint8Array | ArrayBuffer): {
  recognizer: Recognizer;
  report: Report;
} {
  const file = readTraineddata(toBytes(traineddata, "traineddata"));
  return { recognizer: new Recognizer(file), report: file.report };
}
