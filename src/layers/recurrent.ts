import { boolean, record } from "../checks.js";
import type { CellState, Model } from "../kernel/model.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkLengths, sequences } from "./input.js";
import {
  Layer,
  type LayerDescription,
  type LayerInput,
  type LayerOutput,
} from "./layer.js";
import { checkMask, type Mask, type MaskLike } from "./mask.js";
import {
  directionsOf,
  isDefault,
  joinedSize,
  type RecurrentOptions,
} from "./options.js";
import { PackedModel } from "./packed-model.js";
import { type LayerRun, runMasked } from "./recurrent-masked.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream } from "./stream.js";
import { isTimeFirst, swapAxes } from "./time-first.js";
import { type LayerResult, runLayer, type Trace, traceOf } from "./traced.js";
import { initialParameters, type LayerKind, stagesOf } from "./weights.js";

/** Options of `forward` of RNN, LSTM and GRU. */
export interface ForwardOptions {
  /** The initial state; by default zeros, or the layer's learned state. */
  state?: State;
  /**
   * The lengths of the B sequences, from 1 to T. Outputs past the end are 0, the final state is that after each
   * sequence's own last step, and the reverse direction starts there.
   */
  lengths?: readonly number[];
  /**
   * 1 or true for a step that counts, 0 or false for a masked one: [B, T], or [T] for an input without B. A masked step
   * leaves the state unchanged; the layer's maskRule decides its output. All steps of a row may be masked.
   */
  mask?: MaskLike;
  /**
   * false: the input is [T, B, I], PyTorch's default order, and so are the output and the trace; a mask is still [B, T].
   * true by default.
   */
  batchFirst?: boolean;
  /** Also return the gates of every step; 0 at masked steps. */
  trace?: boolean;
}

/** The result of `forward`, all copies. */
export interface ForwardOutput<
  S extends State = State,
  Gate extends string = never,
> {
  /** [B, T, D·O] or [T, D·O]; with returnSequences false [B, D·O] or [D·O]. */
  output: Tensor;
  /** The state after each sequence's own last step: hidden [L·D, B, O] and, for an LSTM, cell [L·D, B, H]. */
  state: S;
  /** With `trace: true`. */
  trace?: Trace<Gate>;
}

/** What reports say about a cell, beyond what all recurrent layers have. */
export interface CellDescription {
  /** The order of the gates, in PyTorch's letters; absent for a cell without gates. */
  readonly gates?: string;
  readonly sizes?: Readonly<Record<string, number>>;
  readonly words?: readonly string[];
  /** The options that `sizes` and `words` already cover. */
  readonly covered?: readonly string[];
}

/** The options of the first version of the file format, which are always written. */
const FIRST: ReadonlySet<string> = new Set([
  "inputSize",
  "hiddenSize",
  "numLayers",
  "bias",
  "direction",
  "returnSequences",
  "nonlinearity",
  "projSize",
  "resetAfter",
  "updateGate",
]);

const FORWARD = {
  state: 0,
  lengths: 0,
  mask: 0,
  trace: 0,
  batchFirst: 0,
} satisfies Record<keyof ForwardOptions, 0>;

/** What RNN, LSTM and GRU share: weights with PyTorch's names, forward over sequences, streams. */
export abstract class Recurrent<
  Options extends Required<RecurrentOptions>,
  S extends State,
  Gate extends string,
> extends Layer {
  readonly options: Readonly<Options>;
  readonly #packed: PackedModel;

  /** @internal */
  protected constructor(options: Options, own: LayerKind) {
    const parameters = initialParameters(options, own);
    const { type } = own.kind;
    super({
      type,
      inputSize: options.inputSize,
      outputSize: joinedSize(options, own.projSize || options.hiddenSize),
      parameters,
      stages: stagesOf(options, own, parameters),
      backend: options.backend,
      causal: options.direction === "forward",
      lastOnly: !options.returnSequences,
      pointwise: false,
    });
    this.options = Object.freeze(options);
    this.#packed = new PackedModel(type, [this], options.backend);
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]
   * @returns output [B, T, D·O] or [T, D·O], with returnSequences false [B, D·O] or [D·O] (the step that each direction
   *   computes last: time 0 for reverse), and the final state; all of them copies
   * @throws TypeError, RangeError that name the argument; the layer is then unchanged
   */
  forward(
    input: TensorLike,
    options: ForwardOptions & { trace: true },
  ): Required<ForwardOutput<S, Gate>>;
  forward(input: TensorLike, options?: ForwardOptions): ForwardOutput<S, Gate>;
  forward(
    input: TensorLike,
    options: ForwardOptions = {},
  ): ForwardOutput<S, Gate> {
    const checked = record(options, "options", FORWARD);
    const timeFirst = isTimeFirst(checked["batchFirst"]);
    const rows = timeFirst ? swapAxes(input, 3, "input") : input;
    const given = sequences(rows, this.options.inputSize);
    const lengths = checkLengths(checked["lengths"], given);
    const axis = given.batched ? given.batch : null;
    const states = this.#split(checked["state"], axis);
    const mask = checkMask(checked["mask"], given);
    const trace = boolean(checked["trace"] ?? false, "trace");
    const run = { given, states, lengths, trace };
    const result = this.#run(this.#packed.model, run, mask);
    const { gates } = result;
    const { steps } = given;
    const axes = axis === null ? [] : [axis];
    const outputAxes = this.options.returnSequences ? [steps] : [];
    const shape = [...outputAxes, this.outputSize];
    const output = { shape: [...axes, ...shape], data: result.output };
    const swap = (each: Tensor) =>
      timeFirst ? swapAxes(each, 3, "output") : each;
    const both = directionsOf(this.options);
    return {
      output: this.lastOnly ? output : swap(output),
      state: joinState(result.states, this.cells, axis) as S,
      ...(gates && {
        trace: traceOf(gates, both, [...axes, steps], swap) as Trace<Gate>,
      }),
    };
  }

  /** Whether LayerRows (rows.ts) can run it. @internal */
  get runsRows(): boolean {
    const { numLayers, direction, mergeMode } = this.options;
    const merges = direction === "bidirectional" && mergeMode !== "concat";
    return numLayers === 1 && !merges && !this.stages[0]?.inProcessingOrder;
  }

  /** The kernel model of this layer, with its current weights. @internal */
  get model(): Model {
    return this.#packed.model;
  }

  /** @internal */
  override pass(
    given: LayerInput,
    states: readonly (CellState | null)[],
    model: () => Model,
  ): LayerOutput {
    const { lengths, mask, trace = false, batch, steps } = given;
    const run = { given, states, lengths, trace };
    const { output, states: after, gates } = this.#run(model(), run, mask);
    const both = directionsOf(this.options);
    const passed = {
      ...given,
      data: output,
      states: after,
      ...(gates && { gates: traceOf(gates, both, [batch, steps]) }),
    };
    return this.lastOnly
      ? { ...passed, steps: 1, mask: null, lengths: null }
      : passed;
  }

  #run(model: Model, run: LayerRun, mask: Mask | null): LayerResult {
    if (mask) return runMasked(model, this.cells, this.options, run, mask);
    const { given, states, lengths, trace } = run;
    const { data: input, batch, steps } = given;
    const forward = { input, batch, steps, lengths, states, trace: null };
    return runLayer(model, this.cells, forward, trace);
  }

  #split(state: unknown, batch: number | null): readonly CellState[] {
    if (state === undefined) return [];
    return splitState(state, this.cells, batch, "state");
  }

  /**
   * A stream over this layer that starts from `state`, [L·D, ..] without a batch axis; by default from zeros or the
   * learned state.
   *
   * @throws RangeError for reverse and bidirectional layers, which need later steps
   */
  stream(options: { state?: State } = {}): Stream<S> {
    this.checkStreamable();
    const { state } = record(options, "options", { state: 0 });
    const stream = new Stream<S>({
      packed: this.#packed,
      tokens: null,
      probabilities: this.probabilities,
      join: (parts) => joinState(parts, this.cells, null) as S,
      split: (given) => splitState(given, this.cells, null, "state"),
    });
    if (state !== undefined)
      stream.state = state as S extends State ? State : S;
    return stream;
  }

  /** @internal */
  override get needsWholeSequences() {
    if (this.causal) return null;
    const got = `a ${this.options.direction} one, which needs the future`;
    return [`a forward ${this.type}`, got] as const;
  }

  /**
   * Options added after the first version of the file format are left out at their defaults, so that older versions can
   * still read the file. @internal
   */
  override get savedOptions(): Readonly<Record<string, unknown>> {
    const all = Object.entries(super.savedOptions);
    return Object.fromEntries(
      all.filter(([name, value]) => FIRST.has(name) || !isDefault(name, value)),
    );
  }

  /** @internal */
  override get description(): LayerDescription {
    const { inputSize, hiddenSize, numLayers, bias, direction } = this.options;
    const { gates, sizes, words, covered } = this.cellDescription;
    const directions = directionsOf(this.options).length;
    const parts = [
      ...(gates ? [`gates ${gates}`] : []),
      bias ? "two biases" : "no bias",
      ...(words ?? []),
      ...(direction === "reverse" ? ["backwards"] : []),
      ...this.#unusual(["bias", "direction", ...(covered ?? [])]),
    ];
    return {
      sizes: { inputSize, hiddenSize, numLayers, directions, ...sizes },
      convention: `PyTorch: ${parts.join(", ")}`,
    };
  }

  /** What reports say about the cell itself. @internal */
  protected abstract get cellDescription(): CellDescription;

  /** The options that are not at their defaults, except for sizes and those `covered`: "returnSequences false". */
  #unusual(covered: readonly string[]): string[] {
    const sizes = ["inputSize", "hiddenSize", "numLayers"];
    return Object.entries(super.savedOptions)
      .filter(([name]) => !sizes.includes(name) && !covered.includes(name))
      .filter(([name, value]) => !isDefault(name, value))
      .map(([name, value]) =>
        value === true ? name : `${name} ${textOf(value)}`,
      );
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    const { numLayers, direction, precision } = this.options;
    return [
      ...(numLayers > 1 ? [`${numLayers} layers`] : []),
      ...(direction === "forward" ? [] : [direction]),
      ...(precision === "float32" ? [] : [precision]),
      ...(this.lastOnly ? ["last step only"] : []),
    ];
  }

  override dispose(): void {
    this.#packed.dispose();
  }
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);
