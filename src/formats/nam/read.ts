import { boolean, record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import type { AudioModel } from "../audio.js";
import { field, type Place, placeOf } from "../json.js";
import { readModel } from "../rtneural/model.js";
import { readGuitarMl } from "./guitarml.js";
import { readNam } from "./nam.js";

/** Options for reading an amplifier's file. */
export interface NamOptions {
  /** For .nam files: compute tanh and σ by NAM's approximations, as its plug-ins do; false by default. */
  fastTanh?: boolean;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

const OPTIONS: Record<keyof NamOptions, 0> = { fastTanh: 0, backend: 0 };

/** @param file the file, or its parsed JSON */
export function readAmp(
  file: Uint8Array | ArrayBuffer | Place,
  options: NamOptions,
): AudioModel {
  const given = record(options, "options", OPTIONS);
  const backend = checkBackend(given["backend"]);
  const fastTanh = boolean(given["fastTanh"] ?? false, "fastTanh");
  const content = placeOf(file);
  if (field(content, "architecture") !== undefined)
    return readNam(content, fastTanh, backend);
  if (field(content, "model_data") !== undefined)
    return readGuitarMl(content, backend);
  if (field(content, "layers") !== undefined)
    return readModel(content, backend);
  const names = Object.keys(content.fields).slice(0, 5).join(", ");
  throw new FormatError(
    `file: expected architecture (.nam), model_data (GuitarML) or layers (AIDA-X), got ${names || "nothing"}`,
  );
}
