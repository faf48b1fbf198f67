import { boolean, record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import type { AudioModel } from "../audio.js";
import { field, type Place, placeOf } from "../json.js";
import { readModel } from "../rtneural/model.js";
import { readGuitarMl } from "./guitarml.js";
import { readNam } from "./nam.js";

export interface NamOptions {
  /** Of a .nam file: NAM's own approximations of tanh and σ, which its plug-ins use; false, the default: exact ones. */
  fastTanh?: boolean;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/** @param given the file, or what it holds */
export function readAmp(
  given: Uint8Array | ArrayBuffer | Place,
  options: NamOptions,
): AudioModel {
  const backend = checkBackend(record(options, "options")["backend"]);
  const fastTanh = boolean(options.fastTanh ?? false, "fastTanh");
  const file = placeOf(given);
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
