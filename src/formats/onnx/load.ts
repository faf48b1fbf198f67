import { toBytes } from "../../bytes.js";
import { boolean, positiveInteger, record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import {
  allOperations,
  compile,
  emptyNotes,
  Graph,
  type GraphOptions,
  loadGraph,
} from "../../graph/index.js";
import {
  type BackendChoice,
  checkBackend,
  checkPrecision,
  type Precision,
} from "../../layers/options.js";
import { makeReport, type Report } from "../report.js";
import { DTYPES } from "./dtypes.js";
import { ExternalFiles } from "./external.js";
import { Fields } from "./fields.js";
import type { GraphProto, ModelProto } from "./messages.js";
import { readModel } from "./read.js";
import { isStandard, Translator } from "./translate.js";

/** The opsets whose nodes can be read. */
const OLDEST = 6;
const NEWEST = 23;

/** Options for reading an ONNX file. */
export interface OnnxOptions {
  /** The kernel of the recurrent layers and constant matrices; 'auto' by default. */
  backend?: BackendChoice;
  /** The precision of the recurrent layers' and constant matrices' weights, rounded when loading; 'float32' by default. */
  precision?: Precision;
  /**
   * Reads GRU nodes without linear_before_reset as if it were 1. PyTorch computes so, but its torch.export leaves the
   * attribute out. false by default; the report warns of nodes that may need it.
   */
  forceLinearBeforeReset?: boolean;
  /**
   * The files beside the model that hold its larger tensors (external data), by their locations in the model:
   * `{ "model.onnx.data": bytes }`.
   */
  files?: Readonly<Record<string, Uint8Array | ArrayBuffer>>;
  /** The limit in bytes for the tensors in `files`, and for the values of one run; 2^30 each by default. */
  maxBytes?: number;
  /** The limit for the steps of one run, see `GraphOptions`; 2^27 by default. */
  maxSteps?: number;
}

/**
 * Reads an ONNX file.
 *
 * @throws TypeError, RangeError naming the argument; FormatError, naming the place, if the file is damaged, has weights
 *   in a file that was not given, or needs an operation that is not supported
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: OnnxOptions = {},
): { model: Graph; report: Report } {
  const {
    backend,
    precision,
    forceLinearBeforeReset,
    files,
    maxBytes,
    maxSteps,
  } = record(options, "options", {
    backend: 0,
    precision: 0,
    forceLinearBeforeReset: 0,
    files: 0,
    maxBytes: 0,
    maxSteps: 0,
  });
  return read(
    toBytes(bytes),
    new ExternalFiles(files, maxBytes),
    boolean(forceLinearBeforeReset ?? false, "forceLinearBeforeReset"),
    {
      backend: checkBackend(backend),
      precision: checkPrecision(precision),
      ...(maxBytes !== undefined && { maxBytes: maxBytes as number }),
      ...(maxSteps !== undefined && {
        maxSteps: positiveInteger(maxSteps, "maxSteps"),
      }),
    },
  );
}

function read(
  bytes: Uint8Array,
  files: ExternalFiles,
  forceLinearBeforeReset: boolean,
  options: GraphOptions,
): { model: Graph; report: Report } {
  const proto = readModel(new Fields(bytes));
  const { graph, producerName, producerVersion, irVersion } = proto;
  if (!graph) throw new FormatError("expected a model, got none", "graph");
  const opset = opsetOf(proto);
  const notes = emptyNotes();
  const { warnings, converted, ignored } = notes;
  converted.push(...conversions(graph));
  if (opset > NEWEST)
    warnings.push(`opset ${opset} is read as ${NEWEST}, the newest known`);
  const translator = new Translator(proto, files, {
    opset,
    producer: producerName,
    forceLinearBeforeReset,
    converted,
    warnings,
  });
  const description = translator.graph(graph, irVersion);
  ignored.push(...leftOut(proto, graph, translator.unused));
  const model = new Graph(
    compile(description, allOperations(), options, notes),
  );
  const report = makeReport({
    format: "onnx",
    producer: [producerName, producerVersion].filter(Boolean).join(" ") || null,
    version: `IR ${irVersion}, opset ${opset}`,
    ...notes,
  });
  return { model, report };
}

/**
 * Reads a file that Graph.save wrote, and reports on it as on any other file.
 *
 * @throws as `load`
 */
export function loadSaved(
  bytes: Uint8Array | ArrayBuffer,
  options: Pick<OnnxOptions, "backend"> = {},
): { model: Graph; report: Report } {
  const notes = emptyNotes();
  const model = loadGraph(bytes, options, notes);
  const report = makeReport({
    format: "safetensors",
    producer: "gatewise",
    version: null,
    ...notes,
  });
  return { model, report };
}

function opsetOf({ opsets }: ModelProto): number {
  const found = opsets.find(({ domain }) => isStandard(domain));
  const version = found?.version ?? 0;
  if (version >= OLDEST) return version;
  const got = found ? `${version}` : "none";
  throw new FormatError(
    `expected opset ${OLDEST} to ${NEWEST}, got ${got}`,
    "opset_import",
  );
}

/** Lines for the report: how many tensors of each other float type there are. */
function conversions({ initializers }: GraphProto): string[] {
  const counts = new Map<string, number>();
  for (const { type } of initializers) {
    const found = DTYPES.get(type);
    if (found?.dtype === "float32" && found.name !== "float32")
      counts.set(found.name, (counts.get(found.name) ?? 0) + 1);
  }
  return Array.from(
    counts,
    ([name, count]) =>
      `${count} ${count === 1 ? "tensor" : "tensors"} of ${name}, read as float32`,
  );
}

function leftOut(
  { metadata, training }: ModelProto,
  { nodes, initializers, outputs }: GraphProto,
  functions: readonly string[],
): string[] {
  const list: string[] = [];
  if (metadata.length)
    list.push(
      `metadata ${metadata.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  if (functions.length)
    list.push(`${functions.length} functions, which no node calls`);
  if (training) list.push("training information");
  const used = new Set(outputs.map(({ name }) => name));
  const use = (list: GraphProto["nodes"]): void => {
    for (const { inputs, attributes } of list) {
      for (const name of inputs) used.add(name);
      for (const { graph } of attributes) {
        if (!graph) continue;
        for (const { name } of graph.outputs) used.add(name);
        use(graph.nodes);
      }
    }
  };
  use(nodes);
  const unused = initializers.filter(({ name }) => !used.has(name));
  if (unused.length)
    list.push(`${unused.length} initializers that no node reads`);
  return list;
}
