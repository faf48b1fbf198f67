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

/** Options for reading a TensorFlow Lite file. */
export interface TfliteOptions {
  /** The kernel of recurrent layers and constant matrices; 'auto' by default. */
  backend?: BackendChoice;
  /**
   * The precision of recurrent layers and constant matrices; 'float32' by default. With 'int8' and 'int8-fast', integers
   * in the file are kept, and other matrices are rounded; `dequantize` is then true.
   */
  precision?: Precision;
  /**
   * Runs an integer model in floats, with dequantised inputs and outputs. false by default: inputs and outputs are
   * integers, the same as TensorFlow Lite's.
   */
  dequantize?: boolean;
  /** The signature to read, whose names inputs and outputs get; by default the first function and the tensors' names. */
  signature?: string;
  /** The limit in bytes for the file's numbers in memory, 16 times the file by default, and for the values of one run. */
  maxBytes?: number;
  /** The limit for the steps of one run, see `GraphOptions`; 2^27 by default. */
  maxSteps?: number;
}

/**
 * Reads a .tflite file.
 *
 * @throws TypeError, RangeError naming the argument; FormatError, naming the place, if the file is damaged or needs an
 *   operator that is not supported
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
