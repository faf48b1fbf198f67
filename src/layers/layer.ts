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

/** What a layer states when it is made; what is left out is that of a plain layer such as Linear. */
export interface LayerFacts {
  readonly type: string;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly parameters: Parameters;
  /** What the kernel runs; none where a layer only looks up or masks. */
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
export interface Passage {
  readonly data: Float32Array; // (B, T, features), or tokens (B, T)
  readonly batch: number; // B
  readonly steps: number; // T; 1 behind a layer that gives its last step alone
  /** Which steps count; null: all. */
  readonly mask: Mask | null;
  /** Of each row; null: T. */
  readonly lengths: readonly number[] | null;
  /** Whether recurrent layers are to tell their gates. */
  readonly trace?: boolean;
}

/** Those sequences behind a layer. */
export interface Passed extends Passage, Pick<ForwardResult, "states"> {
  /** A recurrent layer's, each gate [B, T, H]. */
  readonly gates?: Trace;
}

/** A token's vector each, for models and streams whose frames are tokens. */
export interface TokenTable {
  readonly vocabSize: number; // V
  readonly size: number;
  /** The vectors, one after another, (V, size). Not a copy. */
  readonly vectors: Float32Array;
  /**
   * The vectors of ids: n ids → (n, size).
   *
   * @throws RangeError, naming `name`, for ids that are no integers from 0 to V - 1
   */
  lookUp(ids: ArrayLike<number>, name: string): Float32Array;
}

/** What a report says of a layer. */
export interface LayerDescription {
  readonly sizes: Readonly<Record<string, number>>;
  readonly convention: string;
}

/**
 * What every layer is, and what it says of itself: models, streams, workers, readers and writers of files ask it and
 * nothing else. RNN, LSTM, GRU, Linear, Embedding and Masking are layers.
 */
export abstract class Layer extends Inspected {
  /** As saved models and reports name it: 'LSTM'. */
  readonly type: string;
  /** I, the features of an input step; 1 where a step is a token; 0 for a Masking, which takes any number of them. */
  readonly inputSize: number;
  /** The features of an output step; 0 for a Masking: as many as came in. */
  readonly outputSize: number;
  /** Whether a step's output needs no later step. */
  readonly causal: boolean;
  /** Whether it masks steps for the layers behind. */
  readonly masks: boolean;
  /** Whether its input is tokens, integers from 0, instead of features. */
  readonly takesTokens: boolean;
  /** Whether the last step alone comes out, so that T is gone behind it. */
  readonly lastOnly: boolean;
  /** What it was made with, defaults filled in. */
  abstract readonly options: object;
  /** Whether a step's output depends on that step alone. @internal */
  readonly pointwise: boolean;
  /** Whether it makes so many steps of its own, whatever came in: behind one with lastOnly there are steps again. @internal */
  readonly setsSteps: boolean;
  /** What the kernel runs, in order; none where a layer only looks up or masks. @internal */
  readonly stages: readonly StageSpec[];
  /** Those of all stages. @internal */
  readonly cells: readonly Cell[];
  /** The names of its states as users see them: hidden, cell; none where it has no state. @internal */
  readonly stateNames: readonly string[];
  /** The kernel that it asks for. @internal */
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

  /** How many steps come out of so many; 0 or less where they are too few for one. */
  stepsOut(steps: number): number {
    if (this.lastOnly) return 1;
    return this.stages.reduce(
      (left, { cells }) => stepsOut(cells[0]?.window ?? null, left),
      steps,
    );
  }

  /** Whether it can run step by step, as streams do. */
  get streamable(): boolean {
    return this.needsWholeSequences === null;
  }

  /** Why no stream runs over it, as [expected, got]; null where one does. @internal */
  get needsWholeSequences(): readonly [expected: string, got: string] | null {
    if (this.masks) return ["a model that masks no steps", `a ${this.type}`];
    if (this.causal) return null;
    return ["causal layers", `a ${this.type} that needs later steps`];
  }

  /** @throws RangeError where no stream runs over it @internal */
  checkStreamable(): void {
    if (!this.needsWholeSequences) return;
    const [expected, got] = this.needsWholeSequences;
    throw new RangeError(message("stream", expected, got));
  }

  /** Whether it computes outside of the kernel, so that its model runs layer by layer. @internal */
  get apart(): boolean {
    return false;
  }

  /** Where it takes tokens, their vectors. @internal */
  get tokenTable(): TokenTable | null {
    return null;
  }

  /** Whether the outputs of a step are probabilities: a softmax's. @internal */
  get probabilities(): boolean {
    return false;
  }

  /** Goes up with every change of the weights. @internal */
  get version(): number {
    return this.#parameters.version;
  }

  /** How many numbers its parameters are. @internal */
  get parameterCount(): number {
    return this.#parameters.count;
  }

  /** How its matrices are multiplied: a layer that cannot have integers is float32. @internal */
  get precision(): Precision {
    const { precision } = this.options as { precision?: Precision };
    return precision ?? "float32";
  }

  /** Multiplications of one step of one sequence, nearly. @internal */
  get multiplications(): number {
    return this.parameterCount;
  }

  /**
   * What a saved model says of it: neither the seed, which made the weights, nor the backend, which is the host's; of
   * precision nothing unless it has integers, so that older readers read what they can. @internal
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

  /** What reports say of it. @internal */
  get description(): LayerDescription {
    const { inputSize, outputSize } = this;
    return { sizes: { inputSize, outputSize }, convention: "" };
  }

  /** What `toString` adds to the sizes: "2 layers". @internal */
  protected get remarks(): readonly string[] {
    return [];
  }

  /** Where models run layer by layer: this one over `given`, in `model`, which holds it alone. @internal */
  pass(
    given: Passage,
    states: readonly (CellState | null)[],
    model: () => Model,
  ): Passed {
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

  /** @throws RangeError for a mask of other steps than those that come out @internal */
  protected checkMaskFits(mask: Mask | null, steps: number): void {
    if (!mask || this.stepsOut(steps) === steps) return;
    const expected = `none before a ${this.type} that changes the number of steps`;
    throw new RangeError(message("mask", expected, "one"));
  }

  /** Runs whole sequences; what else comes in and goes out is each layer's own. */
  abstract forward(input: TensorLike): { output: Tensor };

  /** Copies of the weights by PyTorch's names, in its gate order and shapes. */
  stateDict(): StateDict {
    return this.#parameters.dict();
  }

  /**
   * Takes over weights by PyTorch's names under `prefix`; streams keep their states.
   *
   * @throws TypeError, RangeError for a parameter that is missing, has another shape or is unknown; nothing has
   *   then changed
   */
  loadStateDict(dict: StateDict, options: { prefix?: string } = {}): this {
    const { prefix = "" } = record(options, "options", { prefix: 0 });
    this.prepareStateDict(dict, prefix as string)();
    return this;
  }

  /** Checks what `loadStateDict` would take over, and returns what takes it over. @internal */
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

  /** Gives the kernel's memory back now, if the layer has any. Optional: an unreachable layer gives it back by itself. */
  dispose(): void {}
}
