import { boolean, message, record } from "../checks.js";
import type { Cell, CellState, Model, StageSpec } from "../kernel/model.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkLengths, sequences } from "./input.js";
import {
  type Direction,
  directionsOf,
  joinedSize,
  type RecurrentOptions,
} from "./options.js";
import { checkMask, type Mask, type MaskLike } from "./mask.js";
import { type LayerRun, runMasked } from "./masked.js";
import { Parameterised } from "./parameterised.js";
import { Runtime } from "./runtime.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream } from "./stream.js";
import { type LayerResult, runLayer, type Trace, traceOf } from "./traced.js";
import { initialParameters, type LayerKind, stagesOf } from "./weights.js";

/** How RNN, LSTM and GRU are run; B, T, D and O are those of the input and the layer. */
export interface ForwardOptions {
  /** Where to start; zeros, or the layer's learned state, by default. */
  state?: State;
  /**
   * B valid lengths: outputs past the end are 0, the final state is that of each sequence's own last step, and
   * the reverse direction starts there.
   */
  lengths?: readonly number[];
  /**
   * 1 or true for a step that counts, 0 or false for a masked one: [B, T], or [T] of an input without B. A masked step
   * leaves the state as it is; the layer's maskRule says what comes out. All steps of a row may be masked.
   */
  mask?: MaskLike;
  /** Also return the gates of every step; of masked steps they are 0. */
  trace?: boolean;
}

/** What came of it: copies. */
export interface ForwardOutput {
  /** [B, T, D·O] or [T, D·O]; with returnSequences false [B, D·O] or [D·O]. */
  output: Tensor;
  /** After each sequence's own last step: hidden [L·D, B, O] and, of an LSTM, cell [L·D, B, H]. */
  state: State;
  trace?: Trace;
}

const FORWARD = { state: 0, lengths: 0, mask: 0, trace: 0 } satisfies Record<
  keyof ForwardOptions,
  0
>;

/** What RNN, LSTM and GRU share: weights by PyTorch's names, forward over sequences, streams. */
export abstract class Recurrent<
  Options extends Required<RecurrentOptions>,
> extends Parameterised {
  readonly options: Readonly<Options>;
  /** D·O, or O when the directions merge: the features of an output step. */
  readonly outputSize: number;
  /** @internal */
  readonly stages: readonly StageSpec[];
  readonly #name: string;
  readonly #cells: readonly Cell[];
  readonly #runtime: Runtime;

  protected constructor(options: Options, own: LayerKind) {
    const parameters = initialParameters(options, own);
    const { type } = own.kind;
    super(type, parameters);
    this.options = Object.freeze(options);
    this.outputSize = joinedSize(options, own.projSize || options.hiddenSize);
    this.#name = type;
    this.stages = stagesOf(options, own, parameters);
    this.#cells = this.stages.flatMap((stage) => stage.cells);
    this.#runtime = new Runtime(type, [this], options.backend);
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]
   * @returns output [B, T, D·O] or [T, D·O], with returnSequences false [B, D·O] or [D·O] (each direction's last
   *   computed step: for reverse that is time 0), and the final state; all of it copies
   * @throws TypeError, RangeError that name the argument; nothing has then changed
   */
  forward(input: TensorLike, options: ForwardOptions = {}): ForwardOutput {
    const given = sequences(input, this.options.inputSize);
    const checked = record(options, "options", FORWARD);
    const lengths = checkLengths(checked["lengths"], given);
    const axis = given.batched ? given.batch : null;
    const states = this.#split(checked["state"], axis);
    const mask = checkMask(checked["mask"], given);
    const trace = boolean(checked["trace"] ?? false, "trace");
    const run = { given, states, lengths, trace };
    const result = this.run(this.#runtime.model, run, mask);
    const { gates } = result;
    const { steps } = given;
    const axes = axis === null ? [] : [axis];
    const outputAxes = this.options.returnSequences ? [steps] : [];
    const shape = [...outputAxes, this.outputSize];
    return {
      output: { shape: [...axes, ...shape], data: result.output },
      state: joinState(result.states, this.#cells, axis),
      ...(gates && {
        trace: traceOf(gates, directionsOf(this.options), [...axes, steps]),
      }),
    };
  }

  /** Runs the layer in a model that holds it alone. @internal */
  run(model: Model, run: LayerRun, mask: Mask | null): LayerResult {
    if (mask) return runMasked(model, this.#cells, this.options, run, mask);
    const { given, states, lengths, trace } = run;
    const { data: input, batch, steps } = given;
    const forward = { input, batch, steps, lengths, states, trace: null };
    return runLayer(model, this.#cells, forward, trace);
  }

  #split(state: unknown, batch: number | null): readonly CellState[] {
    if (state === undefined) return [];
    return splitState(state, this.#cells, batch, "state");
  }

  /**
   * A stream over this layer, from zeros (or the learned state) or from `state` (that of an input without B).
   *
   * @throws RangeError for reverse and bidirectional layers, which need the future
   */
  stream(options: { state?: State } = {}): Stream<State> {
    checkCausal(this.options.direction, this.#name);
    const { state } = record(options, "options", { state: 0 });
    const stream = new Stream<State>({
      runtime: this.#runtime,
      embedding: null,
      probabilities: false,
      join: (parts) => joinState(parts, this.#cells, null),
      split: (given) => splitState(given, this.#cells, null, "state"),
    });
    if (state !== undefined) stream.state = state as State;
    return stream;
  }

  override dispose(): void {
    this.#runtime.dispose();
  }
}

export function checkCausal(direction: Direction, name: string): void {
  if (direction === "forward") return;
  const got = `a ${direction} one, which needs the future`;
  throw new RangeError(message("stream", `a forward ${name}`, got));
}
