import { toBytes } from "../../bytes.js";
import { boolean, message, positiveInteger, record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { compile, emptyNotes, Graph } from "../../graph/index.js";
import {
  type BackendChoice,
  checkBackend,
  checkPrecision,
  type Precision,
} from "../../layers/options.js";
import { budgetFor } from "../budget.js";
import { makeReport, type Report } from "../report.js";
import { Constants } from "./constants.js";
import { tfliteOperations } from "./graph-operations.js";
import { isTflite } from "./identifier.js";
import { type Model, readModel } from "./model.js";
import { namesOf } from "./signatures.js";
import { refuseUnknown } from "./refusal.js";
import { linesOf } from "./lines.js";
import { Translation } from "./translate/translation.js";

/** What a TensorFlow Lite file does not say, and limits. */
export interface TfliteOptions {
  /** The kernel of recurrent layers and constant matrices; 'auto' by default. */
  backend?: BackendChoice;
  /**
   * Of recurrent layers and constant matrices: 'float32' by default. In 'int8' and 'int8-fast' those that the file has as
   * integers keep these, and others are rounded; `dequantize` is then true.
   */
  precision?: Precision;
  /**
   * Computes a model of integers in floats: what its integers stand for comes in and goes out. false by default: its
   * inputs and outputs are integers, and it gives those that TensorFlow Lite gives.
   */
  dequantize?: boolean;
  /** The signature whose function is read, and by whose names inputs and outputs go; by default the tensors' names. */
  signature?: string;
  /** How many bytes the file's numbers may take in memory, 16 times the file's by default, and the values of one run. */
  maxBytes?: number;
  /** How many steps one run may take, see `GraphOptions`; 2^27 by default. */
  maxSteps?: number;
}

/**
 * Reads a .tflite file.
 *
 * @throws TypeError, RangeError that name the argument; FormatError, which names the place, when the file is damaged
 *   or needs an operator that is not supported
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: TfliteOptions = {},
): { model: Graph; report: Report } {
  const given = record(options, "options", {
    backend: 0,
    precision: 0,
    dequantize: 0,
    signature: 0,
    maxBytes: 0,
    maxSteps: 0,
  });
  const { backend, signature, maxBytes, maxSteps } = given;
  const precision = checkPrecision(given["precision"]);
  const file = toBytes(bytes);
  const checked = checkBackend(backend);
  const rounds = precision !== "float32";
  const dequantize = boolean(given["dequantize"] ?? rounds, "dequantize");
  if (rounds && !dequantize) {
    const expected = `true with precision "${precision}"`;
    throw new RangeError(message("dequantize", expected, "false"));
  }
  const budget = budgetFor(maxBytes, file.length);
  const limits = {
    ...(maxBytes !== undefined && { maxBytes: maxBytes as number }),
    ...(maxSteps !== undefined && {
      maxSteps: positiveInteger(maxSteps, "maxSteps"),
    }),
  };
  if (!isTflite(file))
    throw new FormatError(
      "expected a TensorFlow Lite model (TFL3), got other bytes",
      4,
    );
  const model = readModel(file);
  const { subgraph, ...names } = namesOf(model, signature);
  refuseUnknown(model, subgraph);
  return graphOf(model, subgraph, names, new Constants(model, budget, rounds), {
    backend: checked,
    precision,
    exact: !dequantize,
    limits,
  });
}

function graphOf(
  model: Model,
  subgraph: number,
  names: Parameters<Translation["graph"]>[1],
  constants: Constants,
  options: ConstructorParameters<typeof Translation>[2],
): { model: Graph; report: Report } {
  const translation = new Translation(model, constants, options);
  translation.graph(subgraph, names);
  const notes = emptyNotes();
  const { backend, precision, limits } = options;
  const compiled = compile(
    translation.builder.description(),
    tfliteOperations(),
    { backend, precision, ...limits },
    notes,
  );
  const report = makeReport({
    format: "tflite",
    producer: model.description || null,
    version: "3",
    ...linesOf(model, translation, notes),
  });
  return { model: new Graph(compiled), report };
}
