/*
 * The subgraphs of a file as one graph: the model's own, and those of WHILE and IF as bodies inside of it.
 */
import { FormatError } from "../../../errors.js";
import {
  compile,
  DescriptionBuilder,
  Graph,
  type LayerNote,
  type Value,
} from "../../../graph/index.js";
import type { BackendChoice, Precision } from "../../../layers/options.js";
import type { Constants } from "../constants.js";
import { dtypeOf } from "../constants.js";
import { tfliteOperations } from "../graph-operations.js";
import type { Model } from "../model.js";
import { Call } from "./call.js";
import { OPERATORS } from "./operations.js";
import { Scope, type Surroundings } from "./scope.js";
import { States } from "./states.js";

/** Operators translated, those of a subgraph at each use: bodies in bodies could ask for years. */
const MAX_OPERATORS = 2 ** 16;
/** Subgraphs in each other. */
const MAX_DEPTH = 32;

export interface TranslationOptions {
  readonly backend: BackendChoice;
  /** Of layers that are made of recurrent operators. */
  readonly precision: Precision;
  /** Whether quantised models are computed in integers. */
  readonly exact: boolean;
  /** What one initialisation of variables may do. */
  readonly limits: { readonly maxBytes?: number; readonly maxSteps?: number };
}

export class Translation implements Surroundings {
  readonly model: Model;
  readonly constants: Constants;
  readonly options: TranslationOptions;
  readonly #builder = new DescriptionBuilder();
  /** Recurrent layers as the file has them, for the report. */
  readonly layers: LayerNote[] = [];
  /** Operators on integers that were computed in floats, and how many. */
  readonly rounded = new Map<string, number>();
  #states: States;
  #operators = 0;
  readonly #running: number[] = [];

  constructor(model: Model, constants: Constants, options: TranslationOptions) {
    this.model = model;
    this.constants = constants;
    this.options = options;
    this.#states = new States(this.#builder);
  }

  get builder(): DescriptionBuilder {
    return this.#builder;
  }

  get backend(): BackendChoice {
    return this.options.backend;
  }

  get precision(): Precision {
    return this.options.precision;
  }

  get exact(): boolean {
    return this.options.exact;
  }

  noteRounded(operator: string): void {
    this.rounded.set(operator, (this.rounded.get(operator) ?? 0) + 1);
  }

  get states(): States {
    return this.#states;
  }

  /** Checks the number of a subgraph that an operator names. */
  subgraph(index: number, place: string): number {
    const { length } = this.model.subgraphs;
    if (index >= 0 && index < length) return index;
    throw new FormatError(
      `expected one of ${length} subgraphs, got ${index}`,
      place,
    );
  }

  expectCounts(
    index: number,
    inputs: number,
    outputs: number,
    place: string,
  ): void {
    const found = this.model.subgraphs[index];
    const got = [found?.inputs.length ?? 0, found?.outputs.length ?? 0];
    if (got[0] === inputs && got[1] === outputs) return;
    throw new FormatError(
      `expected a subgraph of ${inputs} inputs and ${outputs} outputs, got ${got.join(" and ")}`,
      place,
    );
  }

  /** Makes nodes of a subgraph's operators; `give` says what its inputs are. */
  run(
    index: number,
    builder: DescriptionBuilder,
    isBody: boolean,
    give: (scope: Scope) => void,
  ): Scope {
    const subgraph = this.model.subgraphs[index] as Model["subgraphs"][number];
    const { length } = this.#running;
    if (this.#running.includes(index) || length > MAX_DEPTH)
      throw new FormatError(
        `expected subgraphs that do not run themselves, at most ${MAX_DEPTH} in each other, got ${this.#running.includes(index) ? "one that does" : "more"}`,
        subgraph.place,
      );
    this.#running.push(index);
    const scope = new Scope(subgraph, builder, this, isBody);
    give(scope);
    for (const operator of subgraph.operators) {
      if (++this.#operators > MAX_OPERATORS)
        throw new FormatError(
          `expected at most ${MAX_OPERATORS} operators, those of a subgraph counted at every use, got more`,
          operator.place,
        );
      const call = new Call(operator, scope);
      const translate = OPERATORS.get(operator.name);
      if (operator.isCustom || !translate)
        throw call.refuse(
          `expected a known operator, got ${operator.name.slice(0, 100)}`,
        );
      placed(operator.place, () => translate(call));
    }
    this.#running.pop();
    return scope;
  }

  /** Runs a subgraph whose assignments are the first values of variables. */
  initialize(index: number, place: string): void {
    const outer = this.#states;
    const builder = new DescriptionBuilder();
    this.#states = new States(builder);
    const scope = this.run(index, builder, false, () => {});
    const assigned = this.#states.all;
    this.#states = outer;
    if (scope.subgraph.inputs.length || !assigned.length) return;
    for (const { name, value } of assigned) builder.output(value, { name });
    const graph = new Graph(
      compile(builder.description(), tfliteOperations(), this.options.limits),
    );
    let results: ReturnType<typeof graph.run>;
    try {
      results = graph.run({});
    } catch (error) {
      throw new FormatError((error as Error).message, place);
    }
    for (const { variable, name, dtype } of assigned) {
      const { shape, data } = results[name] as {
        shape: number[];
        data: Float32Array;
      };
      const value: Value = {
        dtype,
        shape,
        data: dtype === "float32" ? data : Float64Array.from(data),
      };
      outer.setInitial(variable, value);
    }
  }

  /** Makes inputs and outputs of the model's own subgraph, and translates it. */
  graph(index: number, names: PortNames): void {
    const builder = this.#builder;
    const scope = this.run(index, builder, false, (own) => {
      for (const input of own.subgraph.inputs) {
        const tensor = own.tensor(input);
        const type =
          own.isQuantized(tensor) || !tensor.quantization
            ? dtypeOf(tensor.type)
            : "float32";
        if (!type)
          throw new FormatError(
            `expected numbers as input, got ${tensor.type}`,
            tensor.place,
          );
        const name = this.#states.free(
          names.inputs.get(input) ?? (tensor.name || "input"),
        );
        const sizes = tensor.signature ?? tensor.shape;
        builder.input(
          name,
          sizes.map((n) => (n < 0 ? "?" : n)),
          type,
        );
        own.giveStored(input, name);
      }
    });
    const taken = new Set<string>();
    for (const output of scope.subgraph.outputs) {
      const tensor = scope.tensor(output);
      const value = scope.stored(output);
      const type =
        scope.isQuantized(tensor) || !tensor.quantization
          ? dtypeOf(tensor.type)
          : "float32";
      const given = names.outputs.get(output) ?? (tensor.name || "output");
      let name = given;
      for (let i = 1; taken.has(name); i++) name = `${given}_${i}`;
      taken.add(name);
      const sizes = tensor.signature ?? tensor.shape;
      builder.output(value, {
        name,
        type: type ?? "float32",
        shape: sizes.map((n) => (n < 0 ? "?" : n)),
      });
    }
    this.#states.giveOutputs(taken);
  }
}

/** What the model's inputs and outputs are called, by their tensors. */
export interface PortNames {
  readonly inputs: ReadonlyMap<number, string>;
  readonly outputs: ReadonlyMap<number, string>;
}

/** What the layers and the builder say of values in the file is said of the file. */
function placed(place: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError)
      throw new FormatError(error.message, place);
    throw error;
  }
}
