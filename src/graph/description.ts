import type { Layer } from "../index.js";
import type { Value } from "./value.js";

/**
 * What a graph is made of, whatever file it came from: values by name, nodes in the order in which they run. Readers
 * of files and `GraphBuilder` make it, the saved form writes it down, `Planner` compiles it.
 */
export interface GraphDescription {
  readonly inputs: readonly InputDescription[];
  readonly outputs: readonly OutputDescription[];
  /** Values known at load. */
  readonly constants: ReadonlyMap<string, Value>;
  readonly nodes: readonly NodeDescription[];
}

/** What flows in or out, by name. */
export interface PortDescription {
  readonly name: string;
  /** A `Dtype`, or another word for floats that are computed in float32; "unknown" of an output that does not say. */
  readonly type: string;
  /** Sizes, names of sizes that are free, "?" for those without a name; null for any shape. */
  readonly shape: readonly (number | string)[] | null;
}

export interface InputDescription extends PortDescription {
  /** What it is when nothing is given. */
  readonly initial?: Value;
  /** The output that is fed back into it, where the file says so. */
  readonly state?: string;
}

export interface OutputDescription extends PortDescription {
  /** The value that it is, where that has another name. */
  readonly value?: string;
}

/** An operation on values by their names; "" stands for an input that is left out and an output that is not made. */
export interface NodeDescription {
  /** Of `OPERATIONS`: "Conv", "LSTM"; "Layer" for a layer of ours. */
  readonly type: string;
  /** For messages and reports; need not be unique. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/**
 * A number, a text, lists of them, a tensor, a graph of its own that reads the names around it (bodies of If, Loop and
 * Scan), or a layer.
 */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Value
  | BodyDescription
  | Layer;

/** The body of a node: its inputs have names alone. Names that it does not define are those of the graphs around it. */
export interface BodyDescription {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly constants: ReadonlyMap<string, Value>;
  readonly nodes: readonly NodeDescription[];
}

/** What a node is called where one is chosen: by its name in the file, or that of its first output. */
export const calledBy = ({
  name,
  outputs,
}: Pick<NodeDescription, "name" | "outputs">): string =>
  name || (outputs.find((output) => output !== "") ?? "");

export function isBody(value: AttributeValue): value is BodyDescription {
  return typeof value === "object" && "nodes" in value;
}

export function isValue(value: AttributeValue): value is Value {
  return typeof value === "object" && "dtype" in value;
}
