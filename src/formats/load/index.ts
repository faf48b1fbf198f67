/** The model of a file, whatever of the formats it has. @module */

import { toBytes } from "../../bytes.js";
import { isRecord, message, record, wrong } from "../../checks.js";
import { FormatError } from "../../errors.js";
import {
  type Files,
  type Loaded,
  type LoadOptions,
  OPTIONS,
  readAs,
} from "./readers.js";
import { type Recognised, recognise } from "./recognise.js";

export { FormatError } from "../../errors.js";
export {
  Graph,
  type GraphInput,
  type GraphStates,
  GraphStream,
  type GraphStreamOptions,
  loadGraph,
} from "../../graph/index.js";
export type { Port } from "../../index.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export {
  type Case,
  verify,
  type Verified,
  type VerifiedOutput,
  type VerifyOptions,
} from "../verify.js";
export type { Files, Loaded, LoadOptions } from "./readers.js";

/**
 * The model of a file, or of files by their names for the formats that have several: TensorFlow.js's model.json and
 * its weights, ONNX with external data.
 *
 * @param options those of all formats; the file's own count, but a name that none of them has is an error
 * @returns always with a model
 * @throws FormatError, which names the place, for a file that is damaged, of no known format, or holds what cannot be
 *   computed; with `report` and `layers` where layers were found that make no model. TypeError, RangeError for the
 *   arguments
 */
export function load(
  file: Uint8Array | ArrayBuffer | Files,
  options: LoadOptions = {},
): Loaded {
  record(options, "options", OPTIONS);
  if (isRecord(file)) return loadOneOf(file as Files, options);
  const bytes = toBytes(file, "file");
  return readAs(recognise(bytes), bytes, options, {});
}

/** The model among the files. */
function loadOneOf(files: Files, options: LoadOptions): Loaded {
  const models: ({ name: string; bytes: Uint8Array } & Recognised)[] = [];
  const others: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    const place = JSON.stringify(name.slice(0, 100));
    const bytes = toBytes(file, `files[${place}]`);
    try {
      models.push({ name, bytes, ...recognise(bytes) });
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
  if (first) return readAs(first, first.bytes, options, files);
  if (others.length) throw new FormatError(others.slice(0, 4).join("; "));
  throw wrong(true, "files", "at least one file", files);
}
