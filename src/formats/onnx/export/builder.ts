import { type AttributeValue, makeNode, makeTensor } from "../make-messages.js";
import type { GraphProto, ValueInfoProto } from "../messages.js";
import { integers, type Value } from "../../../graph/index.js";

/** ToOnnxOptions, with the defaults filled in. */
export interface Writing {
  readonly states: boolean;
  readonly dynamic: boolean;
}

/** The outputs of a layer's nodes. */
export interface Added {
  /** The name of the layer's output: [T, B, O], or [B, O] if the layer only returns its last step. */
  readonly output: string;
  /** The states that become outputs of the graph: their names, and what the outputs are to be. */
  readonly states: readonly (readonly [name: string, info: ValueInfoProto])[];
}

/** Builds a graph: nodes are in the order in which they are added, each with a unique name. */
export class GraphBuilder {
  readonly #graph: GraphProto = {
    name: "gatewise",
    nodes: [],
    initializers: [],
    sparseInitializers: 0,
    inputs: [],
    outputs: [],
  };
  readonly #constants = new Set<string>();
  /** The domains of the operations used. */
  readonly domains = new Set([""]);
  /** The prefix for names of nodes and their outputs: the layer that they are part of. */
  scope = "";

  input(info: ValueInfoProto): string {
    this.#graph.inputs.push(info);
    return info.name;
  }

  /** Adds a node of one output, and returns the output's name. */
  add(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const [output] = this.addWide(type, inputs, [type], attributes);
    return output as string;
  }

  /** Adds a node of several outputs, and returns their names; "" in `outputs` stands for an unused one. */
  addWide(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = "",
  ): string[] {
    const name = `${this.scope}/${type}_${this.#graph.nodes.length}`;
    const names = outputs.map((output) => output && `${name}:${output}`);
    const node = makeNode(type, name, inputs, names, attributes, domain);
    this.#graph.nodes.push(node);
    this.domains.add(domain);
    return names;
  }

  /** Adds weights under a name that is not in use yet. */
  weight(name: string, value: Value): string {
    this.#graph.initializers.push(makeTensor(name, value));
    return name;
  }

  /** A scalar float32, which broadcasts to any shape. */
  number(number: number): string {
    const data = Float32Array.of(number);
    return this.#constant({ dtype: "float32", shape: [], data });
  }

  /** An int64 vector: a shape, axes, sizes. */
  integers(...list: number[]): string {
    return this.#constant(integers(list));
  }

  /** A constant is written once, however often it is used. */
  #constant(value: Value): string {
    const kind = value.dtype === "int64" ? "ints" : "float";
    const name = `${kind}:${value.data.join(",")}`;
    if (!this.#constants.has(name)) this.weight(name, value);
    this.#constants.add(name);
    return name;
  }

  /** Makes a node's output an output of the graph, under the name of `info`. */
  output(output: string, info: ValueInfoProto): void {
    const rename = (name: string) => (name === output ? info.name : name);
    for (const node of this.#graph.nodes) {
      node.inputs = node.inputs.map(rename);
      node.outputs = node.outputs.map(rename);
    }
    this.#graph.outputs.push(info);
  }

  finish(): GraphProto {
    return this.#graph;
  }
}
