/*
 * What Graph.save wrote, read again: it may have any operation.
 */
import { describe, isRecord, record } from "../checks.js";
import { FormatError } from "../errors.js";
import {
  type BackendChoice,
  checkBackend,
  checkPrecision,
  type Precision,
} from "../layers/options.js";
import { parse } from "../safetensors.js";
import { compile, emptyNotes } from "./compile.js";
import { Graph } from "./graph.js";
import type { Notes } from "./node.js";
import { allOperations } from "./operations/index.js";
import { readDescription } from "./saved-reader.js";

const PLACE = "metadata.gatewise";

/**
 * Reads what `Graph.save` wrote: the same outputs, to the bit.
 *
 * @param notes where to put what is found out on the way
 * @throws TypeError, RangeError that name the argument; FormatError naming the place
 */
export function loadGraph(
  bytes: Uint8Array | ArrayBuffer,
  options: { backend?: BackendChoice; precision?: Precision } = {},
  notes: Notes = emptyNotes(),
): Graph {
  const known = { backend: 0, precision: 0 };
  const { backend, precision } = record(options, "options", known);
  const { tensors, metadata } = parse(bytes);
  const text = metadata["gatewise"];
  if (text === undefined)
    throw new FormatError("expected what Graph.save writes, got none", PLACE);
  const json = parseJson(text);
  const description = readDescription(json, tensors, PLACE);
  const saved = json["graph"] as { precision?: unknown; keep?: unknown };
  const how = {
    backend: checkBackend(backend),
    precision: checkPrecision(precision ?? saved.precision),
    keep: keptIn(saved.keep),
  };
  return new Graph(compile(description, allOperations(), how, notes));
}

/** The names of nodes that stay in float32. */
function keptIn(json: unknown): readonly string[] {
  if (json === undefined) return [];
  const isNames =
    Array.isArray(json) && json.every((name) => typeof name === "string");
  if (isNames) return json as string[];
  throw new FormatError(
    `expected a list of names, got ${describe(json)}`,
    `${PLACE}.graph.keep`,
  );
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`expected JSON, got ${String(error)}`, PLACE);
  }
  if (isRecord(value)) return value;
  throw new FormatError(`expected an object, got ${describe(value)}`, PLACE);
}
