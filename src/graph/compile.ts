import { FormatError } from "../errors.js";
import type { BackendChoice, Precision } from "../layers/options.js";
import {
  type AttributeValue,
  type GraphDescription,
  isBody,
  type NodeDescription,
} from "./description.js";
import { type Notes, placeOf, type SharedParts } from "./node.js";
import type { Plan } from "./plan.js";
import { Planner } from "./planner.js";
import { dtypeOf, type Input } from "./ports.js";
import type { Limits } from "./runs.js";
import type { Operations } from "./table.js";
import { MOST_NUMBERS } from "./value.js";
import { Work } from "./work.js";

/** How a graph is run. */
export interface GraphOptions {
  /** The kernel of the recurrent layers and constant matrices; 'auto' by default. */
  readonly backend?: BackendChoice;
  /** Of the recurrent layers and constant matrices, whose weights are then rounded; 'float32' by default. */
  readonly precision?: Precision;
  /** Nodes that stay in float32 whatever the precision, by their names, or their first outputs' where they have none. */
  readonly keep?: Iterable<string>;
  /** How many bytes the values of one run may take; 2^30 by default. */
  readonly maxBytes?: number;
  /**
   * How many steps one run may take: a node counts 1 each time it is run, and 1 more for each 64 numbers that it makes
   * or multiplies; 2^27 by default, some seconds.
   */
  readonly maxSteps?: number;
  /** Whether layers in it are somebody's, who may use them after the graph; false by default: they end with it. */
  readonly givenLayers?: boolean;
}

const MOST_BYTES = 2 ** 30;
const MOST_STEPS = 2 ** 27;
/** 64 MiB of float32. */
const MOST_KEPT = 2 ** 24;

/** A graph ready to run. */
export interface Compiled {
  /** Nodes and constants are in the plan: what of them is taken into layers is not kept twice. */
  readonly description: Pick<GraphDescription, "inputs" | "outputs">;
  readonly plan: Plan;
  readonly inputs: readonly Input[];
  readonly limits: Limits;
  readonly backend: BackendChoice;
  readonly precision: Precision;
  readonly keep: ReadonlySet<string>;
  /** What its nodes may be. */
  readonly operations: Operations;
  readonly shared: SharedParts;
}

/**
 * @param operations what its nodes may be
 * @param notes where to put what is found out on the way
 * @throws FormatError that names the place: all operations that are missing, or what is wrong with one
 */
export function compile(
  description: GraphDescription,
  operations: Operations,
  options: GraphOptions = {},
  notes: Notes = emptyNotes(),
): Compiled {
  refuseUnknown(description.nodes, operations);
  const {
    backend = "auto",
    precision = "float32",
    keep = [],
    maxBytes = MOST_BYTES,
    maxSteps = MOST_STEPS,
    givenLayers = false,
  } = options;
  const work = new Work();
  const kept = new Set(keep);
  const shared: SharedParts = { arrays: null, watch: null };
  countNumbers(description, work);
  const planner = new Planner(operations, {
    backend,
    precision,
    kept,
    givenLayers,
    work,
    notes,
    most: Math.min(MOST_NUMBERS, Math.floor(maxBytes / 4)),
    keep: { numbers: 0, most: MOST_KEPT },
    shared,
  });
  const inputs = description.inputs.map((port): Input => {
    const place = `inputs[${JSON.stringify(port.name)}]`;
    const initial = port.initial ?? null;
    return { port, place, dtype: dtypeOf(port.type), initial };
  });
  const plan = planner.plan(description);
  const limits = { maxBytes, maxSteps };
  const ports = { inputs: description.inputs, outputs: description.outputs };
  return {
    description: ports,
    plan,
    inputs,
    limits,
    backend,
    precision,
    keep: kept,
    operations,
    shared,
  };
}

export const emptyNotes = (): Notes => ({
  layers: [],
  converted: [],
  ignored: [],
  warnings: [],
});

/** Calls `visit` with every attribute of the nodes, and of the nodes in their bodies. */
function eachNode(
  nodes: readonly NodeDescription[],
  visit: (node: NodeDescription) => void,
): void {
  for (const node of nodes) {
    visit(node);
    for (const value of node.attributes.values())
      if (isBody(value)) eachNode(value.nodes, visit);
  }
}

function countNumbers(
  { constants, nodes }: GraphDescription,
  work: Work,
): void {
  for (const { data } of constants.values()) work.found(data.length);
  const count = (value: AttributeValue) => {
    if (typeof value !== "object") return;
    if ("dtype" in value) work.found(value.data.length);
    if (isBody(value))
      for (const { data } of value.constants.values()) work.found(data.length);
  };
  eachNode(nodes, ({ attributes }) => {
    for (const value of attributes.values()) count(value);
  });
}

/** The first node of an operation that is not known is named, and all such operations, those in bodies too. */
function refuseUnknown(
  nodes: readonly NodeDescription[],
  operations: Operations,
): void {
  const counts = new Map<string, number>();
  let first: NodeDescription | null = null;
  eachNode(nodes, (node) => {
    if (operations.has(node.type)) return;
    first ??= node;
    counts.set(node.type, (counts.get(node.type) ?? 0) + 1);
  });
  if (!first) return;
  const { name, type } = first as NodeDescription;
  const missing = [...counts].map(([key, n]) =>
    n > 1 ? `${key} (${n})` : key,
  );
  throw new FormatError(
    `not supported: ${missing.join(", ")}; export the model with ${counts.size > 1 ? "these" : "this"} written as other operations, ` +
      "or leave that part out of it and compute it before or behind the graph",
    placeOf(name, type),
  );
}
