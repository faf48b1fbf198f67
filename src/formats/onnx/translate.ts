/*
 * The messages of an ONNX file as the description of a graph: constants as values, attributes by their names, bodies,
 * and calls of the file's own functions replaced by what they do.
 */
import { FormatError } from "../../errors.js";
import type {
  AttributeValue,
  BodyDescription,
  GraphDescription,
  InputDescription,
  NodeDescription,
  PortDescription,
  Value,
} from "../../graph/index.js";
import { decodeUtf8 } from "../../utf8.js";
import { DYNAMIC_LSTM, dynamicLstm } from "./dynamic-lstm.js";
import type { ExternalFiles } from "./external.js";
import {
  ATTRIBUTE,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from "./messages.js";
import { type Circumstances, type Draft, normalise } from "./normalise.js";
import { dtypeOf, valueOf } from "./tensors.js";

/** Nodes that only our own readers write; ONNX has none of these names. */
const OURS: ReadonlySet<string> = new Set(["CellLoop", "Requantize"]);

/** From this version of the IR on, an initializer that is an input too is that input's default; before, a constant. */
const DEFAULTS_IR = 4;

/** Functions may call functions: a small file could ask for years. */
const MOST_NODES = 2 ** 20;

/** Functions in functions. */
const DEEPEST = 64;

/** What the names inside are outside; inside a function they are its own. */
type Rename = (name: string) => string;

const same: Rename = (name) => name;

/** Where a node stands: the opset that it is in, and, in a function, what was given where it is called. */
interface Place {
  readonly rename: Rename;
  readonly opset: number;
  readonly given: ReadonlyMap<string, AttributeProto>;
  /** In front of names of nodes. */
  readonly scope: string;
}

export class Translator {
  readonly #circumstances: Circumstances;
  readonly #files: ExternalFiles;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #called = new Set<FunctionProto>();
  #nodes = 0;
  #calls = 0;
  #depth = 0;

  constructor(
    { functions }: ModelProto,
    files: ExternalFiles,
    circumstances: Circumstances,
  ) {
    this.#files = files;
    this.#circumstances = circumstances;
    this.#functions = new Map(
      functions.map((own) => [keyOf(own.domain, own.name), own]),
    );
  }

  /** Names of the functions that no node calls. */
  get unused(): string[] {
    return [...this.#functions.values()]
      .filter((own) => !this.#called.has(own))
      .map(({ name }) => name);
  }

  graph(graph: GraphProto, irVersion: number): GraphDescription {
    const values = this.#constants(graph, same);
    const known = irVersion < DEFAULTS_IR ? values : new Map<string, Value>();
    const inputs = graph.inputs
      .filter(({ name }) => !known.has(name))
      .map((proto): InputDescription => {
        const port = portOf(proto, "input");
        const initial = values.get(proto.name);
        values.delete(proto.name);
        return initial ? { ...port, initial } : port;
      });
    const { opset } = this.#circumstances;
    const place = { rename: same, opset, given: NOTHING, scope: "" };
    return {
      inputs,
      outputs: graph.outputs.map((info) => portOf(info, "output")),
      constants: values,
      nodes: this.#all(graph.nodes, place),
    };
  }

  #constants(
    { initializers, sparseInitializers }: GraphProto,
    rename: Rename,
  ): Map<string, Value> {
    if (sparseInitializers)
      throw new FormatError(
        "expected dense initializers, got sparse ones",
        "graph",
      );
    const values = new Map<string, Value>();
    for (const tensor of initializers) {
      const place = `initializer ${JSON.stringify(tensor.name)}`;
      const name = rename(tensor.name);
      if (name === "" || values.has(name)) {
        const got = name ? `${JSON.stringify(name)} again` : "none";
        throw new FormatError(`expected a name of its own, got ${got}`, place);
      }
      values.set(name, valueOf(tensor, place, this.#files));
    }
    return values;
  }

  #all(nodes: readonly NodeProto[], place: Place): NodeDescription[] {
    return nodes.flatMap((node) => this.#node(node, place));
  }

  #node(proto: NodeProto, place: Place): NodeDescription[] {
    const { domain, type, inputs, outputs, attributes } = proto;
    const name = place.scope + proto.name;
    const at = `node ${JSON.stringify(name)} (${type})`;
    if (++this.#nodes > MOST_NODES)
      throw new FormatError(
        `expected at most ${MOST_NODES} nodes, those of functions counted at every call, got more`,
        at,
      );
    const called = this.#functions.get(keyOf(domain, type));
    if (called) return this.#call(called, proto, place);
    const node: Draft = {
      type:
        isStandard(domain) && !OURS.has(type)
          ? type
          : `${domain || "ai.onnx"}.${type}`,
      name,
      inputs: inputs.map(place.rename),
      outputs: outputs.map(place.rename),
      attributes: new Map(),
      place: at,
    };
    for (const attribute of attributes) {
      const value = this.#attribute(attribute, at, place);
      if (value !== null) node.attributes.set(attribute.name, value);
    }
    if (node.type === DYNAMIC_LSTM) return this.#dynamicLstm(node);
    normalise(node, { ...this.#circumstances, opset: place.opset });
    return [node];
  }

  #dynamicLstm(node: Draft): NodeDescription[] {
    const { place, inputs } = node;
    if (inputs.length < 11 || !inputs[8] || !inputs[10])
      throw new FormatError(
        "expected scales of W and R as inputs 8 and 10, got none",
        place,
      );
    this.#circumstances.converted.push(
      `${place}: an LSTM of the same weights, whose inputs and states are not rounded to 8 bits`,
    );
    return dynamicLstm(node, `${node.name}/${this.#calls++}/`);
  }

  /** What the function does, its values under names of the call's own. */
  #call(
    own: FunctionProto,
    { name, type, inputs, outputs, attributes }: NodeProto,
    place: Place,
  ): NodeDescription[] {
    const scope = `${place.scope}${name || type}/`;
    this.#called.add(own);
    const prefix = `${scope}${this.#calls++}/`;
    if (++this.#depth > DEEPEST)
      throw new FormatError(
        `expected at most ${DEEPEST} nested functions, got more`,
        `node ${JSON.stringify(name)} (${type})`,
      );
    const names = new Map<string, string>();
    own.inputs.forEach((formal, i) =>
      names.set(formal, place.rename(inputs[i] ?? "")),
    );
    own.outputs.forEach((formal, i) => {
      const actual = outputs[i];
      if (actual) names.set(formal, place.rename(actual));
    });
    const given = new Map(own.defaults.map((item) => [item.name, item]));
    for (const item of attributes)
      given.set(item.name, this.#resolved(item, place) ?? item);
    const found = own.opsets.find(({ domain }) => isStandard(domain));
    const nodes = this.#all(own.nodes, {
      rename: (inner) =>
        inner === "" ? "" : (names.get(inner) ?? prefix + inner),
      opset: found?.version ?? place.opset,
      given,
      scope,
    });
    this.#depth--;
    return nodes;
  }

  /** The attribute that one of a function's stands for; null where the call does not give it. */
  #resolved(proto: AttributeProto, { given }: Place): AttributeProto | null {
    return proto.reference ? (given.get(proto.reference) ?? null) : proto;
  }

  #attribute(
    proto: AttributeProto,
    at: string,
    place: Place,
  ): AttributeValue | null {
    const found = this.#resolved(proto, place);
    if (!found) return null;
    const { name } = proto;
    const { type } = found;
    const where = `${at}, attribute ${name}`;
    if (type === ATTRIBUTE.float) return found.float;
    if (type === ATTRIBUTE.int) return found.integer;
    if (type === ATTRIBUTE.string) return text(found.bytes, where);
    if (type === ATTRIBUTE.floats) return found.floats;
    if (type === ATTRIBUTE.ints) return found.integers;
    if (type === ATTRIBUTE.strings)
      return found.strings.map((bytes) => text(bytes, where));
    if (type === ATTRIBUTE.tensor && found.tensor)
      return valueOf(found.tensor, where, this.#files);
    if (type === ATTRIBUTE.graph && found.graph)
      return this.#body(found.graph, place);
    throw new FormatError(
      `expected a number, a string, a tensor, a graph or a list, got type ${type}`,
      where,
    );
  }

  #body(graph: GraphProto, place: Place): BodyDescription {
    const names = (list: readonly ValueInfoProto[]) =>
      list.map(({ name }) => place.rename(name));
    return {
      inputs: names(graph.inputs),
      outputs: names(graph.outputs),
      constants: this.#constants(graph, place.rename),
      nodes: this.#all(graph.nodes, place),
    };
  }
}

const NOTHING: ReadonlyMap<string, AttributeProto> = new Map();

const keyOf = (domain: string, name: string): string =>
  `${isStandard(domain) ? "" : domain}:${name}`;

export function isStandard(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

function text(bytes: Uint8Array, place: string): string {
  try {
    return decodeUtf8(new Uint8Array(bytes));
  } catch {
    throw new FormatError("expected UTF-8", place);
  }
}

/** Outputs may leave their type open. */
function portOf(
  { name, type, shape }: ValueInfoProto,
  kind: "input" | "output",
): PortDescription {
  const dtype =
    type === 0 && kind === "output"
      ? "unknown"
      : dtypeOf(type, `${kind} ${JSON.stringify(name)}`).name;
  return {
    name,
    type: dtype,
    shape: shape && shape.map((size) => size ?? "?"),
  };
}
