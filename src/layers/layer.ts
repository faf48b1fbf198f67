import { message, record } from "../checks.js";
import { Inspected } from "../inspected.js";
import {
  type Cell,
  type CellState,
  type ForwardResult,
  type Model,
  type StageSpec,
  stepsOut,
} from "../kernel/model.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import type { Mask } from "./mask.js";
import type { BackendChoice, Precision } from "./options.js";
import type { Parameters } from "./parameters.js";
import type { Trace } from "./traced.js";

/** What a layer passes to the constructor of `Layer`; the defaults are those of a plain layer such as Linear. */
export interface LayerFacts {
  readonly type: string;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly parameters: Parameters;
  /** What the kernel runs; empty for a layer that only looks up or masks. */
  readonly stages?: readonly StageSpec[];
  readonly backend?: BackendChoice;
  readonly causal?: boolean;
  readonly masks?: boolean;
  readonly takesTokens?: boolean;
  readonly lastOnly?: boolean;
  readonly pointwise?: boolean;
  readonly setsSteps?: boolean;
}

/** Sequences on their way from one layer of a model to the next. */
export interface LayerInput {
  readonly data: Float32Array; // (B, T, features), or tokens (B, T)
  readonly batch: number; // B
  readonly steps: number; // T; 1 after a layer that returns only its last step
  /** Which steps count; null: all. */
  readonly mask: Mask | null;
  /** The length of each row; null: T for all. */
  readonly lengths: readonly number[] | null;
  /** Whether recurrent layers record their gates. */
  readonly trace?: boolean;
}

/** The same sequences after a layer. */
export interface LayerOutput extends LayerInput, Pick<ForwardResult, "states"> {
  /** The gates of a recurrent layer, each [B, T, H]. */
  readonly gates?: Trace;
}

/** A vector for each token, for models and streams whose frames are tokens. */
export interface TokenTable {
  readonly vocabSize: number; // V
  readonly size: number;
  /** The vectors, one after another, (V, size). Not a copy. */
  readonly vectors: Float32Array;
  /**
   * The vectors of ids: n ids → (n, size).
   *
   * @throws RangeError, naming `name`, for ids that are not integers from 0 to V - 1
   */
  lookUp(ids: ArrayLike<number>, name: string): Float32Array;
}

/** What a report says about a layer. */
export interface LayerDescription {
  readonly sizes: Readonly<Record<string, number>>;
  readonly convention: string;
}

/**
 * The base class of all layers, RNN, LSTM, GRU, Linear, Embedding and the others. Models, streams, workers and the
 * readers and writers of files know a layer only by what is declared here.
 */
export abstract class Layer extends Inspected {
  /** The name of its class in saved models and reports: 'LSTM'. */
  readonly type: string;
  /** I, the features of an input step; 1 if a step is a token; 0 for a Masking, which accepts any number. */
  readonly inputSize: number;
  /** The features of an output step; 0 for a Masking, which returns as many as it is given. */
  readonly outputSize: number;
  /** Whether no step's output depends on later steps. */
  readonly causal: boolean;
  /** Whether it masks steps for the layers after it. */
  readonly masks: boolean;
  /** Whether its input is tokens, integers from 0, rather than features. */
  readonly takesTokens: boolean;
  /** Whether it returns only the last step, so that its output has no time axis. */
  readonly lastOnly: boolean;
  /** The options it was made with, defaults filled in. */
  abstract readonly options: object;
  /** Whether a step's output depends on that step alone. @internal */
  readonly pointwise: boolean;
  /** Whether it returns a fixed number of steps, so that there is a time axis again after a lastOnly layer. @internal */
  readonly setsSteps: boolean;
  /** What the kernel runs, in order; empty for a layer that only looks up or masks. @internal */
  readonly stages: readonly StageSpec[];
  /** The cells of all stages. @internal */
  readonly cells: readonly Cell[];
  /** The names of its states as users see them: hidden, cell; empty if it has none. @internal */
  readonly stateNames: readonly string[];
  /** The backend it was made for. @internal */
  readonly backend: BackendChoice;
  readonly #parameters: Parameters;

  /** @internal */
  protected constructor(facts: LayerFacts) {
    super();
    this.type = facts.type;
    this.inputSize = facts.inputSize;
    this.outputSize = facts.outputSize;
    this.causal = facts.causal ?? true;
    this.masks = facts.masks ?? false;
    this.takesTokens = facts.takesTokens ?? false;
    this.lastOnly = facts.lastOnly ?? false;
    this.pointwise = facts.pointwise ?? true;
    this.setsSteps = facts.setsSteps ?? false;
    this.stages = facts.stages ?? [];
    this.cells = this.stages.flatMap((stage) => stage.cells);
    this.stateNames = this.cells[0]?.states.map(({ name }) => name) ?? [];
    this.backend = facts.backend ?? "auto";
    this.#parameters = facts.parameters;
  }

  /** The number of output steps for `steps` input steps; 0 or less if they are too few for one. */
  stepsOut(steps: number): number {
    if (this.lastOnly) return 1;
    return this.stages.reduce(
      (left, { cells }) => stepsOut(cells[0]?.window ?? null, left),
      steps,
    );
  }

  /** Whether it can run step by step, as a stream. */
  get streamable(): boolean {
    return this.needsWholeSequences === null;
  }

  /** Why it cannot run as a stream, as [expected, got]; null if it can. @internal */
  get needsWholeSequences(): readonly [expected: string, got: string] | null {
    if (this.masks) return ["a model that masks no steps", `a ${this.type}`];
    if (this.causal) return null;
    return ["causal layers", `a ${this.type} that needs later steps`];
  }

  /** @throws RangeError if it cannot run as a stream @internal */
  checkStreamable(): void {
    if (!this.needsWholeSequences) return;
    const [expected, got] = this.needsWholeSequences;
    throw new RangeError(message("stream", expected, got));
  }

  /** Whether it computes outside the kernel, so that its model has to run layer by layer. @internal */
  get runsOutsideKernel(): boolean {
    return false;
  }

  /** The vectors of its tokens; null if it takes features. @internal */
  get tokenTable(): TokenTable | null {
    return null;
  }

  /** Whether the outputs of a step are probabilities, those of a softmax. @internal */
  get probabilities(): boolean {
    return false;
  }

  /** Increases with every change of the weights. @internal */
  get version(): number {
    return this.#parameters.version;
  }

  /** How many numbers its parameters have. @internal */
  get parameterCount(): number {
    return this.#parameters.count;
  }

  /** How its matrices are multiplied; layers that do not support integers are float32. @internal */
  get precision(): Precision {
    const { precision } = this.options as { precision?: Precision };
    return precision ?? "float32";
  }

  /** Multiplications for one step of one sequence, approximately. @internal */
  get multiplications(): number {
    return this.parameterCount;
  }

  /**
   * Its options in a saved model: without the seed, which only made the initial weights, and the backend, which the host
   * decides. Precision is left out when it is float32, so that older versions can still read the file. @internal
   */
  get savedOptions(): Readonly<Record<string, unknown>> {
    const {
      seed: _,
      backend: __,
      precision,
      ranges,
      ...options
    }: Record<string, unknown> = { ...this.options };
    if (precision === undefined || precision === "float32") return options;
    const calibrated = Object.keys(ranges as object).length > 0;
    return { ...options, precision, ...(calibrated && { ranges }) };
  }

  /** What reports say about it. @internal */
  get description(): LayerDescription {
    const { inputSize, outputSize } = this;
    return { sizes: { inputSize, outputSize }, convention: "" };
  }

  /** What `toString` adds to the sizes: "2 layers". @internal */
  protected get remarks(): readonly string[] {
    return [];
  }

  /** Runs this layer alone, for models that run layer by layer; `model` is a kernel model of just this layer. @internal */
  pass(
    given: LayerInput,
    states: readonly (CellState | null)[],
    model: () => Model,
  ): LayerOutput {
    const { data: input, batch, steps, lengths, mask } = given;
    const left = this.stepsOut(steps);
    this.checkMaskFits(mask, steps);
    const run = { input, batch, steps, lengths, states, trace: null };
    const { output, states: after } = model().forward(run);
    return {
      ...given,
      data: output,
      states: after,
      steps: left,
      lengths: lengths && lengths.map((length) => this.stepsOut(length)),
    };
  }

  /** @throws RangeError for a mask if the layer changes the number of steps @internal */
  protected checkMaskFits(mask: Mask | null, steps: number): void {
    if (!mask || this.stepsOut(steps) === steps) return;
    const expected = `none before a ${this.type} that changes the number of steps`;
    throw new RangeError(message("mask", expected, "one"));
  }

  /** Runs whole sequences; the options, and what else is returned, depend on the layer. */
  abstract forward(input: TensorLike): { output: Tensor };

  /** Copies of the weights under PyTorch's names, in its gate order and shapes. */
  stateDict(): StateDict {
    return this.#parameters.dict();
  }

  /**
   * Copies in weights with PyTorch's names after `prefix`; streams keep their states.
   *
   * @throws TypeError, RangeError for a parameter that is missing, unknown or has the wrong shape; the layer is then
   *   unchanged
   */
  loadStateDict(dict: StateDict, options: { prefix?: string } = {}): this {
    const { prefix = "" } = record(options, "options", { prefix: 0 });
    this.prepareStateDict(dict, prefix as string)();
    return this;
  }

  /** Checks a state dict, and returns a function that loads it. @internal */
  prepareStateDict(dict: StateDict, prefix: string): () => void {
    return this.#parameters.prepare(dict, prefix, this.type);
  }

  /** `LSTM(1 → 32, 2 layers)` */
  toString(): string {
    const sizes = this.inputSize
      ? `${this.inputSize} → ${this.outputSize}`
      : "";
    const all = [sizes, ...this.remarks].filter((each) => each);
    return `${this.type}(${all.join(", ")})`;
  }

  /** Frees the layer's kernel memory now. Optional: it is freed anyway once the layer is unreachable. */
  dispose(): void {}
}
