/** TensorFlow.js layers models: model.json and its weight files, quantised or not. @module */

import { record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Graph } from "../../graph/index.js";
import type { Sequential } from "../../index.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { budgetFor } from "../budget.js";
import { field, object, parseObject, type Place } from "../json.js";
import { readKerasModel } from "../keras-layers/model.js";
import { producerOf } from "../keras-layers/producer.js";
import { makeReport, type Report } from "../report.js";
import { Files } from "./files.js";
import { type Entry, readManifest } from "./manifest.js";
import { namedWeights } from "./named-weights.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { ParsedTensors } from "../parsed.js";
export { parse } from "./parse.js";

/** Options for reading TensorFlow.js models. */
export interface TfjsOptions {
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
  /** The maximum number of bytes for weights; by default 16 times the size of the files and at least 64 MiB. */
  maxBytes?: number;
}

const OPTIONS: Record<keyof TfjsOptions, 0> = { backend: 0, maxBytes: 0 };

/**
 * The model of a model.json and its weight files, { "model.json": bytes, "group1-shard1of1.bin": bytes }: a Sequential
 * if its layers are a chain that a Sequential can have, otherwise a Graph.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for damaged files, a graph model,
 *   or an unsupported layer
 */
export function load(
  files: Readonly<Record<string, Uint8Array | ArrayBuffer>>,
  options: TfjsOptions = {},
): { model: Sequential | Graph; report: Report } {
  const given = new Files(files);
  const { backend, maxBytes } = record(options, "options", OPTIONS);
  const checked = checkBackend(backend);
  const budget = budgetFor(maxBytes, given.size);

  const [name, bytes] = given.model;
  const file = parseObject(bytes, name);
  const topology = topologyOf(file);
  const entries = readManifest(
    file,
    (path, at) => given.find(path, at),
    budget,
  );
  const source = namedWeights(entries);
  const producer = producerOf(versionOf(file, topology), true);
  const by = ownText(file, "convertedBy");
  const writer = producer.name ?? ownText(file, "generatedBy");
  const facts = {
    format: "tfjs",
    producer: writer && by ? `${writer}, ${by}` : (writer ?? by),
    version: ownText(file, "format"),
  };
  const model = readKerasModel(
    modelOf(topology),
    source,
    facts,
    producer,
    budget,
    checked,
  );
  const report = makeReport({
    ...facts,
    layers: model.layers,
    converted: [...model.converted, ...widened(entries)],
    ignored: [...model.ignored, ...source.rest().map((weight) => weight.name)],
    warnings: model.warnings,
  });
  return { model: model.model, report };
}

function topologyOf(file: Place): Place {
  const graph = field(file, "format") === "graph-model";
  const given = field(file, "modelTopology") ?? null;
  const topology =
    given === null && graph ? null : object(file, "modelTopology");
  if (!graph && topology && field(topology, "node") === undefined)
    return topology;
  throw new FormatError(
    "expected a layers model, got a graph model, which has operations instead of layers; convert the Keras model itself, with --output_format=tfjs_layers_model",
    file.at,
  );
}

/** { class_name, config }: TensorFlow.js saves it directly, its converter in model_config. */
function modelOf(topology: Place): Place {
  return field(topology, "model_config") === undefined
    ? topology
    : object(topology, "model_config");
}

function versionOf(file: Place, topology: Place): string | null {
  const by = ownText(file, "generatedBy");
  const version = ownText(topology, "keras_version");
  return version ?? /^keras v(.+)/i.exec(by ?? "")?.[1] ?? null;
}

/** A line for each type that was converted to float32. */
function widened(entries: readonly Entry[]): string[] {
  const counts = new Map<string, number>();
  for (const { dtype, stored } of entries)
    if (dtype === "float32" && stored !== "float32")
      counts.set(stored, (counts.get(stored) ?? 0) + 1);
  return [...counts].map(
    ([stored, count]) =>
      `${count} weights: quantised to ${stored}, converted to float32`,
  );
}

function ownText(place: Place, name: string): string | null {
  const value = field(place, name);
  return typeof value === "string" ? value : null;
}
