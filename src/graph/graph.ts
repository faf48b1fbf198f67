import type { Bytes } from "../bytes.js";
import { boolean, message, record, shapeText } from "../checks.js";
import type { Layer } from "../index.js";
import { Inspected } from "../inspected.js";
import type { Model, Port } from "../models/model.js";
import { oneLine } from "../one-line.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { type Compiled, compile, type GraphOptions } from "./compile.js";
import { described, withLayers } from "./described.js";
import { type GraphInput, portOf } from "./ports.js";
import { Runner } from "./runner.js";
import { saveGraph } from "./saved.js";
import { pairs } from "./states.js";
import { GraphStream, type GraphStreamOptions } from "./stream.js";
import type { Value } from "./value.js";

/** The states of a graph: its state inputs by name. */
export type GraphStates = Readonly<Record<string, GraphInput>>;

/** What comes out of a graph that runs as a model of one input and one output. */
export interface GraphOutput {
  /** The first output that is no state. */
  output: Tensor;
  /** The state inputs of the next run, by name. */
  state: Record<string, Tensor>;
  /** With `trace: true`, all values that were computed, by their names in the file. */
  trace?: Record<string, Tensor>;
}

/** Collects what nodes compute; copies. */
class Traces {
  readonly #entries: [string, Tensor][] = [];

  /** Lists of tensors are left out: what is appended to them is there by its own name. */
  readonly add = (name: string, { shape, data, items }: Value): void => {
    if (items) return;
    const copy = { shape: [...shape], data: Float32Array.from(data) };
    this.#entries.push([name, copy]);
  };

  all(): Record<string, Tensor> {
    return Object.fromEntries(this.#entries);
  }
}

/**
 * A network that is no chain: operations on named values, with named inputs and outputs. Readers of files make it
 * (`gatewise/load`, `gatewise/onnx`), or a `GraphBuilder`.
 */
export class Graph extends Inspected implements Model {
  /** What `run` takes; all of it is needed but for `optionalInputs`. */
  readonly inputs: readonly Port[];
  /** The names of inputs that have a value when nothing is given. */
  readonly optionalInputs: readonly string[];
  /** What `run` gives. */
  readonly outputs: readonly Port[];
  /** @internal */
  readonly runner: Runner;
  /** @internal */
  readonly compiled: Compiled;

  /** @internal */
  constructor(compiled: Compiled) {
    super();
    const { inputs, description } = compiled;
    const ports = inputs.map(({ port }) => port);
    const states = pairs(ports, description.outputs);
    this.inputs = ports.map((port) => portOf(port, states.get(port.name)));
    this.optionalInputs = inputs
      .filter(({ initial }) => initial)
      .map(({ port }) => port.name);
    this.outputs = description.outputs.map((port) => portOf(port));
    this.compiled = compiled;
    this.runner = new Runner(compiled);
    // not enumerable: consoles show what users want to see
    for (const own of ["compiled", "runner"])
      Object.defineProperty(this, own, { enumerable: false });
  }

  /**
   * Runs the graph once.
   *
   * @param options `trace`: all values that were computed on the way too, by their names in the file
   * @returns a tensor an output, all of them copies; integers and truth values (0 and 1) as float32 numbers
   * @throws TypeError, RangeError that name the input, or the node that its shape does not suit
   */
  run(
    inputs: Readonly<Record<string, GraphInput>>,
    options: { trace?: boolean } = {},
  ): Record<string, Tensor> {
    const { trace } = record(options, "options", { trace: 0 });
    const { runner } = this;
    const values = runner.check(inputs);
    const traces = boolean(trace ?? false, "trace") ? new Traces() : null;
    const outputs = runner.tensors(runner.compute(values, traces?.add));
    return traces ? { ...traces.all(), ...outputs } : outputs;
  }

  /**
   * Runs the graph once as a model of one input and one output: the first of each that is no state. States that are
   * not given are zeros, or what the file has for them.
   *
   * @param options `trace`: also returns all values that were computed on the way, by their names in the file
   * @throws as `run`; RangeError when the graph has other inputs that need a value
   */
  forward(
    input: TensorLike,
    options: { state?: GraphStates; trace?: boolean } = {},
  ): GraphOutput {
    const known = { state: 0, trace: 0 };
    const { state, trace } = record(options, "options", known);
    const traces = boolean(trace ?? false, "trace") ? new Traces() : null;
    const states = this.#pairs();
    const given = state as GraphStates | undefined;
    const stream = new GraphStream(this.runner, {
      states,
      ...(given && { state: given }),
    });
    const main = first(
      this.inputs,
      Object.keys(states),
      "inputs",
      this.optionalInputs,
    );
    const output = first(this.outputs, Object.values(states), "outputs");
    const outputs = stream.trace({ [main.name]: input }, traces?.add ?? null);
    return {
      output: outputs[output.name] as Tensor,
      state: stream.state,
      ...(traces && { trace: traces.all() }),
    };
  }

  /** Whether `stream` knows by itself which outputs are fed back into which inputs. */
  get streamable(): boolean {
    return this.inputs.some(({ state }) => state !== undefined);
  }

  /**
   * Runs the graph again and again, inputs of one run being outputs of the run before: with
   * `{ states: { h0: "hn", c0: "cn" } }` the input h0 is what hn was. Without `states`, those that `inputs` say.
   *
   * @throws TypeError, RangeError for names that the model does not have, and when there are no states
   */
  stream(options: GraphStreamOptions = {}): GraphStream {
    const known = { states: 0, state: 0, inputs: 0 };
    const given = record(options, "options", known);
    const states = given["states"] ?? this.#pairs();
    if (!Object.keys(record(states, "states")).length)
      throw new RangeError(
        message(
          "states",
          `inputs among ${this.#needed().join(", ")}, each with the output that is fed back into it`,
          "none",
        ),
      );
    return new GraphStream(this.runner, {
      ...options,
      states: states as Readonly<Record<string, string>>,
    });
  }

  /**
   * The model as a safetensors file: its floats as tensors, the graph, which has the rest, as JSON in
   * metadata.gatewise. What was computed at load is not computed again. `loadGraph` of gatewise/onnx, gatewise/load, pools
   * and worklets read it.
   *
   * @throws TypeError when the metadata are not strings
   */
  save(metadata: Record<string, string> = {}): Bytes {
    return saveGraph(this.compiled, metadata);
  }

  /**
   * The graph compiled again, of what it is made of; its layers and constants are its own.
   *
   * @param layerOf what takes the place of a layer that a node of this name was given: a new one
   * @internal
   */
  recompiled(
    options: Pick<GraphOptions, "precision" | "keep">,
    layerOf: (layer: Layer, name: string) => Layer,
  ): Graph {
    const { plan, description, operations, backend, limits } = this.compiled;
    const whole = withLayers(described(plan, description), layerOf);
    const how = { ...options, ...limits, backend };
    return make(compile(whole, operations, how));
  }

  /** A line of what it is, a line an input and output. */
  toString(): string {
    const { length } = this.compiled.plan.steps;
    const line = (kind: string, { name, type, state, ...port }: Port) =>
      oneLine(
        `  ${kind} ${name}: ${type} ${shapeText(port.shape)}${state === undefined ? "" : `, state: ${state}`}`,
      );
    return [
      `Graph of ${length} nodes`,
      ...this.inputs.map((port) => line("input", port)),
      ...this.outputs.map((port) => line("output", port)),
    ].join("\n");
  }

  /**
   * Gives the kernel's memory back now; optional: an unreachable graph does so by itself. It and its streams run no
   * more, but it can be saved; layers that a GraphBuilder was given stay usable.
   */
  dispose(): void {
    this.runner.dispose();
  }

  /** The names of inputs that need a value; all, where the file has one for each. Older files list weights too. */
  #needed(): string[] {
    const names = this.inputs.map(({ name }) => name);
    const needed = names.filter((name) => !this.optionalInputs.includes(name));
    return needed.length ? needed : names;
  }

  #pairs(): Record<string, string> {
    return Object.fromEntries(
      this.inputs
        .filter(({ state }) => state !== undefined)
        .map(({ name, state }) => [name, state as string]),
    );
  }
}

// outside the class: esbuild renames a class that refers to itself, which consoles would show
const make = (compiled: Compiled): Graph => new Graph(compiled);

/** The first port that is no state, and not optional unless all are. */
function first(
  ports: readonly Port[],
  states: readonly string[],
  place: string,
  optional: readonly string[] = [],
): Port {
  const open = ports.filter(({ name }) => !states.includes(name));
  const found = open.find(({ name }) => !optional.includes(name)) ?? open[0];
  if (found) return found;
  throw new RangeError(message(place, "one that is no state", "none"));
}
