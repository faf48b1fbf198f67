import { type AttributeValue, makeNode, makeTensor } from "../make-messages.js";
import type { GraphProto, ValueInfoProto } from "../messages.js";
import { integers, type Value } from "../../../graph/index.js";

/** As ToOnnxOptions, all of them. */
export interface Writing {
  readonly states: boolean;
  readonly dynamic: boolean;
}

/** What a layer became. */
export interface Added {
  /** [T, B, O], or [B, O] of a layer that gives its last step alone. */
  readonly output: string;
  /** Outputs of the graph. */
  readonly states: readonly (readonly [made: string, info: ValueInfoProto])[];
}

/** A graph in the making: nodes in the order in which they are added, each with a name of its own. */
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
  /** Whose operations it has. */
  readonly domains = new Set([""]);
  /** In front of the names of nodes and their outputs: the layer that they are part of. */
  scope = "";

  input(info: ValueInfoProto): string {
    this.#graph.inputs.push(info);
    return info.name;
  }

  /** A node of one output, whose name it returns. */
  add(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const [output] = this.addWide(type, inputs, [type], attributes);
    return output as string;
  }

  /** A node of several outputs, whose names it returns; "" for those that it does not make. */
  addWide(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = "",
  ): string[] {
    const name = `${this.scope}/${type}_${this.#graph.nodes.length}`;
    const made = outputs.map((output) => output && `${name}:${output}`);
    const node = makeNode(type, name, inputs, made, attributes, domain);
    this.#graph.nodes.push(node);
    this.domains.add(domain);
    return made;
  }

  /** Weights, by a name that is not in use. */
  weight(name: string, value: Value): string {
    this.#graph.initializers.push(makeTensor(name, value));
    return name;
  }

  /** A float on its own, which broadcasts to any shape. */
  number(number: number): string {
    const data = Float32Array.of(number);
    return this.#constant({ dtype: "float32", shape: [], data });
  }

  /** An int64 vector: a shape, axes, sizes. */
  integers(...list: number[]): string {
    return this.#constant(integers(list));
  }

  /** Each is there once, however often it is used. */
  #constant(value: Value): string {
    const kind = value.dtype === "int64" ? "ints" : "float";
    const name = `${kind}:${value.data.join(",")}`;
    if (!this.#constants.has(name)) this.weight(name, value);
    this.#constants.add(name);
    return name;
  }

  /** Makes what a node gave an output of the graph, under the name of `info`. */
  output(made: string, info: ValueInfoProto): void {
    const rename = (name: string) => (name === made ? info.name : name);
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
