/*
 * What a model is made of, for pictures and tables: ports, parameters, nodes. A graph says so in what it saves.
 */
import type { StateDict } from "gatewise";
import type { Port } from "gatewise/load";
import { parse } from "gatewise/safetensors";
import { isChain, type Model } from "./opened";

export interface DrawnNode {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  /** Of the values that it takes and gives. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface Described {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly parameters: StateDict;
  readonly count: number;
  readonly nodes: readonly DrawnNode[];
}

export function describe(model: Model): Described {
  const found = isChain(model) ? ofChain(model) : ofGraph(model);
  const count = Object.values(found.parameters).reduce(
    (sum, { data }) => sum + data.length,
    0,
  );
  return { ...found, count };
}

function ofChain(model: Extract<Model, { layers: unknown }>) {
  const shape = (size: number, last: boolean) =>
    last ? ["B", size] : ["B", "T", size];
  const input: Port = {
    name: "input",
    type: "float32",
    shape: model.takesTokens ? ["B", "T"] : shape(model.inputSize, false),
  };
  const output: Port = {
    name: "output",
    type: "float32",
    shape: shape(model.outputSize, model.lastOnly),
  };
  const nodes = model.layers.map((layer, i) => ({
    id: `${i}`,
    type: layer.type,
    text: layer.toString().slice(layer.type.length),
    inputs: [i ? `${i - 1}` : "input"],
    outputs: [i === model.layers.length - 1 ? "output" : `${i}`],
  }));
  const parameters = model.stateDict();
  return { inputs: [input], outputs: [output], parameters, nodes };
}

interface SavedNode {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

function ofGraph(model: Extract<Model, { run: unknown }>) {
  const { tensors, metadata } = parse(model.save());
  const { graph } = JSON.parse(metadata["gatewise"] as string) as {
    graph: {
      nodes: readonly SavedNode[];
      outputs: readonly { name: string; value?: string }[];
    };
  };
  const renamed = new Map(
    graph.outputs.map(({ name, value }) => [value ?? name, name]),
  );
  const nodes = graph.nodes.map((node, i) => ({
    id: `${i}`,
    type: typeOf(node),
    text: node.name,
    inputs: node.inputs,
    outputs: node.outputs.map((name) => renamed.get(name) ?? name),
  }));
  const { inputs, outputs } = model;
  return { inputs, outputs, parameters: tensors, nodes };
}

/** A layer of ours says which it is. */
function typeOf({ type, attributes }: SavedNode): string {
  const { layer } = Object(attributes["layer"]) as {
    layer?: { type?: string };
  };
  return layer?.type ?? type;
}
