/** The model of a file, whatever of the formats it has. @module */

import { toBytes } from "../../bytes.js";
import { isRecord, message, record, wrong } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Layer, Sequential } from "../../index.js";
import type { AudioCase } from "../audio.js";
import type { OnnxModel } from "../onnx/index.js";
import { load as loadOnnx, loadSaved, type OnnxOptions } from "../onnx/load.js";
import { isSaved } from "../onnx/saved.js";
import type { Report } from "../report.js";
import { load as loadNam, type NamOptions } from "../nam/index.js";
import { load as loadRTNeural } from "../rtneural/index.js";
import { load as loadSafetensors } from "../safetensors/index.js";
import type { ModelOptions } from "../state-dict.js";
import { load as loadTorch, type TorchOptions } from "../torch/index.js";
import { type Format, recognise } from "./recognise.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export {
  type Case,
  verify,
  type Verified,
  type VerifiedOutput,
  type VerifyOptions,
} from "../verify.js";

/** The options of all formats; those of others than the file's are not looked at. */
export type LoadOptions = TorchOptions &
  ModelOptions &
  NamOptions &
  OnnxOptions;

export interface Loaded {
  /**
   * A chain of layers, or an ONNX graph; null when a state dict does not tell how its layers follow each other, which
   * the report's warnings explain.
   */
  readonly model: Sequential | OnnxModel | null;
  readonly report: Report;
  /** Of state dicts: all layers by their names. */
  readonly layers?: Record<string, Layer>;
  /** Of audio models: hertz that the model was trained at, null where the file does not say. */
  readonly sampleRate?: number | null;
  /** Of audio models: what the file carries to test itself with, for `verify`. */
  readonly cases?: readonly AudioCase[];
}

export type Files = Readonly<Record<string, Uint8Array | ArrayBuffer>>;

/** @param files all that were given, for formats that have several */
type Reader = (bytes: Uint8Array, options: LoadOptions, files: Files) => Loaded;

const READERS: Readonly<Record<Format, Reader | null>> = {
  safetensors: (bytes, options) =>
    isSaved(bytes)
      ? loadSaved(bytes, options)
      : loadSafetensors(bytes, options),
  torch: loadTorch,
  nam: loadNam,
  rtneural: loadRTNeural,
  keras: null,
  // its external data are among the files
  onnx: (bytes, options, files) => loadOnnx(bytes, { files, ...options }),
  tfjs: null,
};

/** @throws FormatError for formats that are known but not read */
function read(
  format: Format,
  bytes: Uint8Array,
  options: LoadOptions,
  files: Files,
): Loaded {
  const reader = READERS[format];
  if (reader) return reader(bytes, options, files);
  throw new FormatError(`${format} is not read`);
}

/**
 * The model of a file, or of files by their names for the formats that have several: TensorFlow.js's model.json and
 * its weights.
 *
 * @throws FormatError, which names the place, for a file that is damaged, of no known format, or holds what cannot be
 *   computed; TypeError, RangeError for the arguments
 */
export function load(
  file: Uint8Array | ArrayBuffer | Files,
  options: LoadOptions = {},
): Loaded {
  record(options, "options");
  if (isRecord(file)) return loadOneOf(file as Files, options);
  const bytes = toBytes(file, "file");
  return read(recognise(bytes), bytes, options, { file: bytes });
}

/** The model among the files. */
function loadOneOf(files: Files, options: LoadOptions): Loaded {
  const models: { name: string; bytes: Uint8Array; format: Format }[] = [];
  const others: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    const place = JSON.stringify(name.slice(0, 100));
    const bytes = toBytes(file, `files[${place}]`);
    try {
      models.push({ name, bytes, format: recognise(bytes) });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      others.push(`${place}: ${error.message}`);
    }
  }
  const [first, second] = models;
  if (second) {
    const got = models.map(({ name, format }) => `${name} (${format})`);
    const some = got.slice(0, 4).join(", ");
    throw new RangeError(message("files", "one model and its weights", some));
  }
  if (first) return read(first.format, first.bytes, options, files);
  if (others.length) throw new FormatError(others.slice(0, 4).join("; "));
  throw wrong(true, "files", "at least one file", files);
}
