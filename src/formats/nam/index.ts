/** Models of guitar amplifiers and pedals: .nam files, and the JSON of GuitarML and AIDA-X. @module */

import { boolean } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { type AudioModel, type Backend, checkBackend } from "../audio.js";
import { field, parseObject } from "../json.js";
import { readModel } from "../rtneural/model.js";
import { readGuitarMl } from "./guitarml.js";
import { readNam } from "./nam.js";

export { FormatError } from "../../errors.js";
export type { AudioCase, AudioModel } from "../audio.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";

export interface NamOptions {
  /** Of a .nam file: NAM's own approximations of tanh and σ, which its plug-ins use; false, the default: exact ones. */
  fastTanh?: boolean;
  /** The kernel; 'auto' by default. */
  backend?: Backend;
}

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
  const backend = checkBackend(options);
  const fastTanh = boolean(options.fastTanh ?? false, "fastTanh");
  const file = parseObject(bytes);
  if (field(file, "architecture") !== undefined)
    return readNam(file, fastTanh, backend);
  if (field(file, "model_data") !== undefined)
    return readGuitarMl(file, backend);
  if (field(file, "layers") !== undefined) return readModel(file, backend);
  const names = Object.keys(file.fields).slice(0, 5).join(", ");
  throw new FormatError(
    `file: expected architecture (.nam), model_data (GuitarML) or layers (AIDA-X), got ${names || "nothing"}`,
  );
}
