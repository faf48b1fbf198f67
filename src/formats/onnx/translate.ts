/*
 * Translates the messages of an ONNX file into the description of a graph: constants become values, attributes and bodies
 * are converted, and calls of the file's own functions are inlined.
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

/** Types of nodes that only our own readers create; a file must not use them. */
const INTERNAL: ReadonlySet<string> = new Set(["CellLoop", "Requantize"]);

/** From this IR version on, an initializer of an input's name is the input's default; before, it is a constant. */
const DEFAULTS_IR = 4;

/** Functions may call functions, so a small file could expand without end. */
const MAX_NODES = 2 ** 20;

/** The limit for nested function calls. */
const MAX_DEPTH = 64;

/** Maps the name of a value in a function to its name in the graph. */
type Rename = (name: string) => string;

const same: Rename = (name) => name;

/** The context of a node: its opset and, in a function, the attributes of the call. */
interface Context {
  readonly rename: Rename;
  readonly opset: number;
  readonly given: ReadonlyMap<string, AttributeProto>;
  /** The prefix for names of nodes. */
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
      functions.map((proto) => [keyOf(proto.domain, proto.name), proto]),
    );
  }

  /** Names of the functions that no node calls. */
  get unused(): string[] {
    return [...this.#functions.values()]
      .filter((proto) => !this.#called.has(proto))
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
    const context = { rename: same, opset, given: NOTHING, scope: "" };
    return {
      inputs,
      outputs: graph.outputs.map((info) => portOf(info, "output")),
      constants: values,
      nodes: this.#all(graph.nodes, context),
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
        throw new FormatError(`expected a unique name, got ${got}`, place);
      }
      values.set(name, valueOf(tensor, place, this.#files));
    }
    return values;
  }

  #all(nodes: readonly NodeProto[], context: Context): NodeDescription[] {
    return nodes.flatMap((node) => this.#node(node, context));
  }

  #node(proto: NodeProto, context: Context): NodeDescription[] {
    const { domain, type, inputs, outputs, attributes } = proto;
    const name = context.scope + proto.name;
    const at = `node ${JSON.stringify(name)} (${type})`;
    if (++this.#nodes > MAX_NODES)
      throw new FormatError(
        `expected at most ${MAX_NODES} nodes, with those of functions counted at every call, got more`,
        at,
      );
    const called = this.#functions.get(keyOf(domain, type));
    if (called) return this.#call(called, proto, context);
    const node: Draft = {
      type:
        isStandard(domain) && !INTERNAL.has(type)
          ? type
          : `${domain || "ai.onnx"}.${type}`,
      name,
      inputs: inputs.map(context.rename),
      outputs: outputs.map(context.rename),
      attributes: new Map(),
      place: at,
    };
    for (const attribute of attributes) {
      const value = this.#attribute(attribute, at, context);
      if (value !== null) node.attributes.set(attribute.name, value);
    }
    if (node.type === DYNAMIC_LSTM) return this.#dynamicLstm(node);
    normalise(node, { ...this.#circumstances, opset: context.opset });
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

  /** The nodes of a function, whose values get names that are unique to the call. */
  #call(
    called: FunctionProto,
    { name, type, inputs, outputs, attributes }: NodeProto,
    context: Context,
  ): NodeDescription[] {
    const scope = `${context.scope}${name || type}/`;
    this.#called.add(called);
    const prefix = `${scope}${this.#calls++}/`;
    if (++this.#depth > MAX_DEPTH)
      throw new FormatError(
        `expected at most ${MAX_DEPTH} nested functions, got more`,
        `node ${JSON.stringify(name)} (${type})`,
      );
    const names = new Map<string, string>();
    called.inputs.forEach((formal, i) =>
      names.set(formal, context.rename(inputs[i] ?? "")),
    );
    called.outputs.forEach((formal, i) => {
      const actual = outputs[i];
      if (actual) names.set(formal, context.rename(actual));
    });
    const given = new Map(called.defaults.map((item) => [item.name, item]));
    for (const item of attributes)
      given.set(item.name, this.#resolved(item, context) ?? item);
    const found = called.opsets.find(({ domain }) => isStandard(domain));
    const nodes = this.#all(called.nodes, {
      rename: (inner) =>
        inner === "" ? "" : (names.get(inner) ?? prefix + inner),
      opset: found?.version ?? context.opset,
      given,
      scope,
    });
    this.#depth--;
    return nodes;
  }

  /** The attribute that a function's attribute refers to; null if the call does not have it. */
  #resolved(proto: AttributeProto, { given }: Context): AttributeProto | null {
    return proto.reference ? (given.get(proto.reference) ?? null) : proto;
  }

  #attribute(
    proto: AttributeProto,
    at: string,
    context: Context,
  ): AttributeValue | null {
    const found = this.#resolved(proto, context);
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
      return this.#body(found.graph, context);
    throw new FormatError(
      `expected a number, a string, a tensor, a graph or a list, got type ${type}`,
      where,
    );
  }

  #body(graph: GraphProto, context: Context): BodyDescription {
    const names = (list: readonly ValueInfoProto[]) =>
      list.map(({ name }) => context.rename(name));
    return {
      inputs: names(graph.inputs),
      outputs: names(graph.outputs),
      constants: this.#constants(graph, context.rename),
      nodes: this.#all(graph.nodes, context),
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

/** An output may have an unknown type. */
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
