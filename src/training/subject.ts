import { describe, isRecord, message } from "../checks.js";
import {
  Network,
  type OperationSpec,
  TRAINED_KINDS,
} from "../kernel/backward.js";
import { Layer } from "../layers/layer.js";
import type { BackendChoice } from "../layers/options.js";
import { Sequential } from "../models/sequential.js";
import { parse, type StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { type Dropout, operationsOf } from "./plan.js";
import { cellsOf } from "./states.js";

/** What is trained: a Sequential, or one layer, which counts as a Sequential of one. */
export type Model = Sequential | Layer;

/** What initial weights of a parameter go by. */
export interface Initial {
  /** Rows of a gate, or of all. */
  readonly rows: number;
  /** Uniform weights are within 1 / √ of it; 'normal': from N(0, 1); 'one': a weight is 1, a bias 0. */
  readonly fan: number | "normal" | "one";
  /** Which gate forgets; -1: none does. */
  readonly forget: number;
}

type Spec<Type extends OperationSpec["type"]> = Extract<
  OperationSpec,
  { type: Type }
>;
const INITIAL = {
  linear: ({ outputSize, inputSize }: Spec<"linear">): Initial => ({
    rows: outputSize,
    fan: inputSize,
    forget: -1,
  }),
  embedding: ({ size }: Spec<"embedding">): Initial => ({
    rows: size,
    fan: "normal",
    forget: -1,
  }),
  conv1d: ({
    outputSize,
    inputSize,
    groups,
    kernelSize,
  }: Spec<"conv1d">): Initial => ({
    rows: outputSize,
    fan: (inputSize / groups) * kernelSize,
    forget: -1,
  }),
  layerNorm: ({ size }: Spec<"layerNorm">): Initial => ({
    rows: size,
    fan: "one",
    forget: -1,
  }),
} as const;

export interface NetworkChoice {
  readonly backend: BackendChoice;
  readonly deterministic: boolean;
  readonly freeze: readonly string[];
  readonly dropout: Readonly<Record<number, Dropout>>;
  /** Bytes for the tape. */
  readonly memory: number;
}

/** A model as training sees it: its layers, their weights by name, what goes in and comes out. */
export class Subject {
  readonly model: Model;
  readonly layers: readonly Layer[];
  readonly skip: number;
  readonly tokens: boolean;
  /** I; of a model that takes tokens V. */
  readonly inputSize: number;
  readonly outputSize: number;
  /** Whether the last step alone comes out. */
  readonly lastOnly: boolean;
  /** Whether it can be run piece by piece: all forward, no masks, the last step not alone. */
  readonly stepwise: boolean;
  /** The function of a last Linear that a loss takes over: "softmax", "sigmoid" or null. */
  readonly ending: "softmax" | "sigmoid" | null;
  readonly names: readonly string[];
  readonly #bare: boolean;
  readonly #specs: readonly OperationSpec[];

  constructor(model: Model) {
    this.model = model;
    const sequential = model instanceof Sequential;
    if (!sequential && !(model instanceof Layer))
      throw new TypeError(
        message("model", "a Sequential or a layer", describeModel(model)),
      );
    this.#bare = !sequential;
    this.layers = sequential ? model.layers : [model];
    this.skip = sequential ? model.skip : 0;
    const rounded = this.layers.findIndex(
      ({ precision }) => precision !== "float32",
    );
    if (rounded >= 0)
      throw new RangeError(
        message(
          `layer ${rounded}`,
          "float32: train the model first, then quantize it",
          `${this.layers[rounded]}`,
        ),
      );
    this.#specs = this.operations({});
    const [first] = this.layers as [Layer];
    this.tokens = first.takesTokens;
    this.inputSize =
      first.tokenTable?.vocabSize ?? sizeOf(this.layers, "input");
    this.outputSize = sizeOf([...this.layers].reverse(), "output");
    this.lastOnly = this.layers.some((layer) => layer.lastOnly);
    this.stepwise =
      !this.lastOnly && this.layers.every(({ streamable }) => streamable);
    const last = this.#specs.at(-1);
    const ending = last?.type === "activation" ? last.activation : null;
    this.ending = ending === "softmax" || ending === "sigmoid" ? ending : null;
    this.names = Object.keys(model.stateDict());
  }

  /** How many steps come out of so many. */
  stepsOut(steps: number): number {
    return this.layers.reduce((left, layer) => layer.stepsOut(left), steps);
  }

  /** What the names of a layer's parameters begin with. */
  prefix(index: number): string {
    return this.#bare ? "" : `${index}.`;
  }

  operations(dropout: Readonly<Record<number, Dropout>>): OperationSpec[] {
    return operationsOf(this.layers, (index) => this.prefix(index), dropout);
  }

  /** Whether a parameter's name begins with one of these; "0." is the only layer of a bare one. */
  begins(name: string, beginnings: readonly string[]): boolean {
    const full = this.fullName(name);
    return beginnings.some(
      (beginning) => name.startsWith(beginning) || full.startsWith(beginning),
    );
  }

  /** A parameter's name in a Sequential. */
  fullName(name: string): string {
    return this.#bare ? `0.${name}` : name;
  }

  /** A dict of the model's names, from one that may have those of a Sequential of one. */
  ownNames(dict: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    if (!this.#bare) return { ...dict };
    return Object.fromEntries(
      Object.entries(dict).map(([name, value]) => [
        name.startsWith("0.") ? name.slice(2) : name,
        value,
      ]),
    );
  }

  /** Goes up whenever the weights change. */
  get version(): number {
    return this.layers.reduce((sum, layer) => sum + layer.version, 0);
  }

  /** Copies of the weights. */
  weights(): StateDict {
    return this.model.stateDict();
  }

  /** Makes these the model's weights. */
  setWeights(weights: StateDict): void {
    this.model.loadStateDict(weights);
  }

  /** Whether a parameter never changes: it is of a BatchNorm. */
  fixed(name: string): boolean {
    return this.#specs.some(
      (spec) => spec.type === "batchNorm" && name.startsWith(spec.prefix),
    );
  }

  /** What initial weights of a parameter go by: the operation that has it. */
  initialOf(name: string): Initial {
    for (const spec of this.#specs)
      if (spec.type === "recurrent") {
        for (const { prefix, suffix, hiddenSize, kind } of spec.cells)
          if (name.startsWith(prefix) && name.endsWith(suffix)) {
            const { gates } = TRAINED_KINDS[kind].kind;
            const forget = gates.findIndex((gate) => gate.name === "forget");
            return { rows: hiddenSize, fan: hiddenSize, forget };
          }
      } else if (
        "prefix" in spec &&
        spec.type !== "batchNorm" &&
        name.startsWith(spec.prefix)
      )
        return INITIAL[spec.type](spec as never);
    throw new Error(`${name}: expected a parameter of the model, got none`);
  }

  /** Steps that the model's first layers mask by themselves: (B, T), 0 where they do; null: none. */
  ownMask(data: Float32Array, count: number): Uint8Array | null {
    const [first] = this.#specs;
    if (first?.type === "embedding" && first.maskZero)
      return Uint8Array.from(data, (id) => Number(id !== 0));
    if (first?.type !== "masking") return null;
    const value = Math.fround(first.maskValue);
    const size = data.length / count;
    return Uint8Array.from({ length: count }, (_, i) =>
      Number(data.subarray(i * size, (i + 1) * size).some((x) => x !== value)),
    );
  }

  network(choice: NetworkChoice): Network {
    return new Network(this.operations(choice.dropout), {
      backend: choice.backend,
      deterministic: choice.deterministic,
      skip: this.skip,
      memory: choice.memory,
      trained: (name) => !this.begins(name, choice.freeze),
    });
  }

  /** The parts of each cell's state, one by one: a run has a state for each. */
  get eachState(): readonly (readonly { readonly name: string }[])[] {
    return this.layers.flatMap((layer) =>
      cellsOf(layer).map(({ states }) => states),
    );
  }

  noStates(): null[] {
    return this.eachState.map(() => null);
  }

  get specs(): readonly OperationSpec[] {
    return this.#specs;
  }
}

/** The features that go into the first of these layers that says how many, or out of it: a Masking does not. */
const sizeOf = (layers: readonly Layer[], side: "input" | "output"): number =>
  layers.map((layer) => layer[`${side}Size`]).find((size) => size > 0) ?? 0;

/** What is no Sequential: a Graph by its first node, which its file begins with; other things as what they are. */
function describeModel(model: unknown): string {
  const graph = model as { runner?: unknown; save: () => Uint8Array };
  if (!isRecord(model) || !graph.runner) return describe(model);
  const { gatewise = "" } = parse(graph.save()).metadata;
  const first = /"nodes":\[{"type":"([^"]*)","name":"([^"]*)"/.exec(gatewise);
  return `a graph${first ? ` that begins with ${first[1]} "${first[2]}"` : ""}`;
}
