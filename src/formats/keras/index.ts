/** Keras files: .keras, and .h5 with the model or only its weights, of Keras 2 and 3. @module */

import { toBytes } from "../../bytes.js";
import { record } from "../../checks.js";
import type { Graph } from "../../graph/index.js";
import type { Sequential } from "../../index.js";
import { readKerasModel } from "../keras-layers/model.js";
import { producerOf } from "../keras-layers/producer.js";
import { makeReport, type Report } from "../report.js";
import { openWeights, readKerasFile } from "./read-file.js";
import { checkOptions, type KerasOptions } from "./options.js";
import type { ParsedTensors } from "../parsed.js";
import { parseHdf5 } from "./parse.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { KerasOptions } from "./options.js";
export type { ParsedTensors } from "../parsed.js";

/**
 * The weights of a .keras or .h5 file by their paths in it, such as "model_weights/lstm/lstm/kernel:0" or
 * "layers/lstm/cell/vars/0", whatever the model; also the arrays of floats of any other HDF5 file. `metadata` has
 * keras_version, backend and model_config if the file does.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a file that is damaged
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: Pick<KerasOptions, "maxBytes" | "checksums"> = {},
): ParsedTensors {
  const file = toBytes(bytes);
  record(options, "options", { maxBytes: 0, checksums: 0 });
  const { budget, checksums } = checkOptions(options, file.length);
  return parseHdf5(openWeights(file, checksums, budget));
}

/**
 * The model of a .keras or .h5 file: a Sequential if its layers are a chain that a Sequential can have, otherwise a
 * Graph, whose inputs and outputs have the names of the Keras layers. Code in a file is never run.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a damaged file or an
 *   unsupported layer (the error then has the report and the supported layers)
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: KerasOptions = {},
): { model: Sequential | Graph; report: Report } {
  const file = toBytes(bytes);
  const { backend, budget, ...rest } = checkOptions(options, file.length);
  const keras = readKerasFile(file, rest, budget);
  const producer = producerOf(keras.version, false);
  const { model, layers, ...lines } = readKerasModel(
    keras.model,
    keras.weights,
    { format: "keras", producer: producer.name, version: null },
    producer,
    budget,
    backend,
  );
  const report = makeReport({
    format: "keras",
    producer: producer.name,
    version: null,
    layers,
    converted: lines.converted,
    ignored: [...lines.ignored, ...keras.ignored],
    warnings: lines.warnings,
  });
  return { model, report };
}
