/** Keras's files: .keras, and .h5 with the model or its weights only, of Keras 2 and 3. @module */

import { toBytes } from "../../bytes.js";
import { record } from "../../checks.js";
import type { Graph } from "../../graph/index.js";
import type { Sequential } from "../../index.js";
import { readKerasModel } from "../keras-layers/model.js";
import { producerOf } from "../keras-layers/producer.js";
import { makeReport, type Report } from "../report.js";
import { openWeights, readContents } from "./read-file.js";
import { checkOptions, type KerasOptions } from "./options.js";
import type { ParsedTensors } from "../parsed.js";
import { parseHdf5 } from "./parse.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { KerasOptions } from "./options.js";
export type { ParsedTensors } from "../parsed.js";

/**
 * The weights of a .keras or .h5 file by their paths in it, "model_weights/lstm/lstm/kernel:0" or
 * "layers/lstm/cell/vars/0", whatever the model; any HDF5 file's arrays of floats. `metadata` has keras_version, backend
 * and model_config where the file does.
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
 * The model of a .keras or .h5 file: a Sequential where its layers are one chain that a Sequential has, else a Graph,
 * whose inputs and outputs have the names of Keras's layers.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for a file that is damaged, or
 *   a layer that is not known: then `report` and the layers that are known are on it. Nothing in a file is ever run
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: KerasOptions = {},
): { model: Sequential | Graph; report: Report } {
  const file = toBytes(bytes);
  const { backend, budget, ...how } = checkOptions(options, file.length);
  const contents = readContents(file, how, budget);
  const producer = producerOf(contents.version, false);
  const { model, layers, ...lines } = readKerasModel(
    contents.model,
    contents.weights,
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
    ignored: [...lines.ignored, ...contents.ignored],
    warnings: lines.warnings,
  });
  return { model, report };
}
