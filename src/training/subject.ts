import { wrong } from "../checks.js";
import type { CellStates, OperationSpec } from "../kernel/backward.js";
import { Network } from "../kernel/backward.js";
import { Layer } from "../layers/layer.js";
import type { BackendChoice } from "../layers/options.js";
import { Sequential } from "../models/sequential.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { type Dropout, operationsOf } from "./plan.js";
import { cellsOfLayer, type LayerCells } from "./states.js";

/** What is trained: a Sequential, or one layer, which counts as a Sequential of one. */
export type Model = Sequential | Layer;

export interface NetworkChoice {
  readonly backend: BackendChoice;
  readonly deterministic: boolean;
  readonly freeze: readonly string[];
  readonly dropout: Readonly<Record<number, Dropout>>;
}

/** A model as training sees it: its layers, their weights by name, what goes in and comes out. */
export class Subject {
  readonly model: Model;
  readonly layers: readonly Layer[];
  /** The cells of each layer, whose states they are. */
  readonly cells: readonly LayerCells[];
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
      throw wrong(false, "model", "a Sequential or a layer", model);
    this.#bare = !sequential;
    this.layers = sequential ? model.layers : [model];
    this.skip = sequential ? model.skip : 0;
    this.cells = this.layers.map((layer, index) => ({
      cells: cellsOfLayer(operationsOf([layer], () => this.prefix(index), {})),
    }));
    const specs = this.operations({});
    this.#specs = specs;
    const [first] = specs;
    this.tokens = first?.type === "embedding";
    this.inputSize = sizesOf(specs).input;
    this.outputSize = sizesOf(specs).output;
    this.lastOnly = specs.some(
      (spec) => spec.type === "recurrent" && spec.lastOnly,
    );
    this.stepwise =
      !this.lastOnly &&
      specs.every(
        (spec) =>
          spec.type !== "masking" &&
          !(spec.type === "embedding" && spec.maskZero) &&
          !(
            spec.type === "recurrent" && spec.cells.some((cell) => cell.reverse)
          ),
      );
    const last = specs.at(-1);
    const ending = last?.type === "linear" ? last.activation : null;
    this.ending = ending === "softmax" || ending === "sigmoid" ? ending : null;
    this.names = Object.keys(model.stateDict());
  }

  /** What the names of a layer's parameters begin with. */
  prefix(index: number): string {
    return this.#bare ? "" : `${index}.`;
  }

  /** The index of the layer that has a parameter. */
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

  /** What initial weights of a parameter go by: its operation's kind and sizes. */
  specOf(name: string): {
    type: string;
    inputSize: number;
    hiddenSize: number;
    lstm: boolean;
  } {
    for (const spec of this.#specs) {
      if (spec.type === "recurrent") {
        for (const {
          prefix,
          suffix,
          inputSize,
          hiddenSize,
          kind,
        } of spec.cells)
          if (name.startsWith(prefix) && name.endsWith(suffix))
            return {
              type: spec.type,
              inputSize,
              hiddenSize,
              lstm: kind === "lstm",
            };
      } else if ("prefix" in spec && name.startsWith(spec.prefix)) {
        const linear = spec.type === "linear";
        const inputSize = linear ? spec.inputSize : spec.vocabSize;
        const hiddenSize = linear ? spec.outputSize : spec.size;
        return { type: spec.type, inputSize, hiddenSize, lstm: false };
      }
    }
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
      trained: (name) => !this.begins(name, choice.freeze),
    });
  }

  /** How many states a run has, one a cell. */
  get stateCount(): number {
    return this.cells.reduce((sum, { cells }) => sum + cells.length, 0);
  }

  noStates(): null[] {
    return Array.from({ length: this.stateCount }, () => null);
  }

  get specs(): readonly OperationSpec[] {
    return this.#specs;
  }
}

export type { CellStates };

function sizesOf(specs: readonly OperationSpec[]): {
  input: number;
  output: number;
} {
  let input = 0;
  let output = 0;
  for (const spec of specs) {
    const sizes =
      spec.type === "recurrent"
        ? recurrentSizes(spec)
        : spec.type === "linear"
          ? { input: spec.inputSize, output: spec.outputSize }
          : spec.type === "embedding"
            ? { input: spec.vocabSize, output: spec.size }
            : null;
    if (!sizes) continue;
    input ||= sizes.input;
    output = sizes.output;
  }
  return { input, output };
}

function recurrentSizes({
  cells,
  merge,
}: Extract<OperationSpec, { type: "recurrent" }>) {
  const [first] = cells;
  const size = first?.outputSize ?? 0;
  const both = cells.length > 1 && merge === "concat";
  return { input: first?.inputSize ?? 0, output: both ? 2 * size : size };
}
