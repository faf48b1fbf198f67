import type { Bytes } from "../bytes.js";
import { boolean, message, record, shapeText } from "../checks.js";
import { Inspected } from "../inspected.js";
import type { CellState, ForwardResult } from "../kernel/model.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import {
  checkLengths,
  checkSteps,
  type Sequences,
  sequences,
  tokenSequences,
} from "../layers/input.js";
import type { Layer, TokenTable } from "../layers/layer.js";
import { checkMask, type Mask, type MaskLike } from "../layers/mask.js";
import { PackedModel } from "../layers/packed-model.js";
import type { State, States } from "../layers/state.js";
import { Stream } from "../layers/stream.js";
import { isTimeFirst, swapAxes } from "../layers/time-first.js";
import {
  checkChain,
  checkParameters,
  checkSkip,
  commonBackend,
  keepsSteps,
} from "./chain.js";
import { forecast } from "./forecast.js";
import { generate, type GenerateOptions } from "./generate.js";
import { forwardLayerByLayer } from "./layer-by-layer.js";
import { type LayerTrace, LayerTraces } from "./layer-trace.js";
import type { Model, ModelInput, Port } from "./model.js";
import {
  checkNames,
  inputOf,
  inputPort,
  type ModelNames,
  outputPort,
} from "./ports.js";
import { atPlace, readModel, saveModel } from "./saved.js";
import { joinStates, splitStates } from "./states.js";

/** Options of `forward` of a `Sequential`. */
export interface SequentialForwardOptions {
  /** The initial states, one entry per layer; null, the default for all, is zeros or the layer's learned state. */
  state?: readonly (State | null)[];
  /** The lengths of the B sequences, as for LSTM.forward. */
  lengths?: readonly number[];
  /**
   * Which steps count, as for LSTM.forward; it applies to every recurrent layer up to one with returnSequences false.
   * Steps masked by a Masking or an Embedding with maskZero are masked as well.
   */
  mask?: MaskLike;
  /** false: input and output are [T, B, ..], as for LSTM.forward; a mask is still [B, T]. true by default. */
  batchFirst?: boolean;
  /** Whether to return what every layer computed, including gates; the model then runs layer by layer. false by default. */
  trace?: boolean;
}

/** The result of `forward` of a `Sequential`. */
export interface SequentialOutput {
  /** [B, T, O] or [T, O]; [B, O] or [O] after a layer that returns only its last step. */
  output: Tensor;
  /** The final states, one entry per layer. */
  state: States;
  /** With `trace: true`, one entry per layer. */
  trace?: readonly LayerTrace[];
}

/** Options of a `Sequential`. */
export interface SequentialOptions {
  /** How many of the first features of each input step are added to the output's (GuitarML's models); 0 by default. */
  skip?: number;
  /** The names of its input and output in `inputs`, `outputs` and `run`; "input" and "output" by default. */
  names?: ModelNames;
}

const FORWARD = {
  state: 0,
  lengths: 0,
  mask: 0,
  batchFirst: 0,
  trace: 0,
} satisfies Record<keyof SequentialForwardOptions, 0>;

/** A chain of layers, run as one model in one memory. */
export class Sequential extends Inspected implements Model {
  /** The layers, frozen. */
  readonly layers: readonly Layer[];
  /** The features of an input step; 1 for a model that takes tokens. */
  readonly inputSize: number;
  /** O, the features of an output step. */
  readonly outputSize: number;
  /** How many of the input's features are added to the output's. */
  readonly skip: number;
  /** Whether its input is tokens, which an Embedding as the first layer looks up. */
  readonly takesTokens: boolean;
  /** Whether no layer needs later steps. */
  readonly causal: boolean;
  /** Whether any layer masks steps. */
  readonly masks: boolean;
  /** Whether it returns only the last step, so that the output has no time axis: [B, O]. */
  readonly lastOnly: boolean;
  /** Whether it can run step by step: it is causal and masks no steps. */
  readonly streamable: boolean;
  /** One port, the input of `forward`. */
  readonly inputs: readonly Port[];
  /** One port, the output of `forward`; its time axis is T if there are as many output steps as input steps. */
  readonly outputs: readonly Port[];
  /** The names of its input and output, if they were given. */
  readonly names: ModelNames;
  readonly #tokens: TokenTable | null;
  readonly #packed: PackedModel;

  /**
   * @param layers layers with matching sizes; an Embedding only as the first; after a recurrent layer with
   *   returnSequences false only layers that do not work over time
   * @throws TypeError, RangeError that name the layer or option
   */
  constructor(layers: readonly Layer[], options: SequentialOptions = {}) {
    super();
    const sizes = checkChain(layers);
    this.layers = Object.freeze([...layers]);
    this.inputSize = sizes.inputSize;
    this.outputSize = sizes.outputSize;
    this.#tokens = layers[0]?.tokenTable ?? null;
    this.takesTokens = this.#tokens !== null;
    this.causal = layers.every((layer) => layer.causal);
    this.masks = layers.some((layer) => layer.masks);
    this.lastOnly = sizes.lastOnly;
    this.streamable = layers.every((layer) => layer.streamable);
    const known = { skip: 0, names: 0 };
    const { skip = 0, names = {} } = record(options, "options", known);
    this.skip = checkSkip(skip, sizes, !this.takesTokens && keepsSteps(layers));
    this.names = Object.freeze({ ...checkNames(names) });
    this.inputs = Object.freeze([inputPort(this, this.names)]);
    this.outputs = Object.freeze([outputPort(this, this.names)]);
    const run = layers.filter((layer) => layer.stages.length);
    checkParameters(run);
    const backend = commonBackend(run);
    this.#packed = new PackedModel("Sequential", run, backend, this.skip);
  }

  /** Multiplications for one step of one sequence, approximately. @internal */
  get multiplications(): number {
    return this.layers.reduce((sum, each) => sum + each.multiplications, 0);
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]; tokens [B, T] or [T] if the first layer is an Embedding
   * @returns output [B, T, O] or [T, O] ([B, O] or [O] after a layer with returnSequences false), and the final states,
   *   one entry per layer
   * @throws TypeError, RangeError that name the argument; the model is then unchanged
   */
  forward(
    input: TensorLike,
    options: SequentialForwardOptions & { trace: true },
  ): Required<SequentialOutput>;
  forward(
    input: TensorLike,
    options?: SequentialForwardOptions,
  ): SequentialOutput;
  forward(
    input: TensorLike,
    options: SequentialForwardOptions = {},
  ): SequentialOutput {
    const checked = record(options, "options", FORWARD);
    const timeFirst = isTimeFirst(checked["batchFirst"]);
    const rows = timeFirst
      ? swapAxes(input, this.takesTokens ? 2 : 3, "input")
      : input;
    const given = this.takesTokens
      ? tokenSequences(rows)
      : sequences(rows, this.inputSize);
    const lengths = checkLengths(checked["lengths"], given);
    const { batch, batched } = given;
    checkSteps(this.layers, given.steps, lengths);
    const axis = batched ? batch : null;
    const { state } = checked;
    const states =
      state === undefined ? [] : splitStates(this.layers, state, axis);
    const mask = checkMask(checked["mask"], given);
    const traces = boolean(checked["trace"] ?? false, "trace")
      ? new LayerTraces(batched, timeFirst)
      : null;
    const result =
      traces ||
      mask ||
      this.masks ||
      this.layers.some((layer) => layer.runsOutsideKernel)
        ? this.#forwardLayerByLayer(given, lengths, mask, states, traces)
        : this.#forward(given, lengths, states);
    const axes = [
      ...(batched ? [batch] : []),
      ...(this.lastOnly ? [] : [result.steps]),
    ];
    const output = { shape: [...axes, this.outputSize], data: result.output };
    return {
      output:
        timeFirst && !this.lastOnly ? swapAxes(output, 3, "output") : output,
      state: joinStates(this.layers, result.states, axis),
      ...(traces && { trace: traces.all }),
    };
  }

  /**
   * `forward` with its input and output by name, as a Graph has them.
   *
   * @throws TypeError, RangeError that name the argument
   */
  run(inputs: Readonly<Record<string, ModelInput>>): Record<string, Tensor> {
    const [input, output] = [this.inputs[0] as Port, this.outputs[0] as Port];
    const result = this.forward(inputOf(inputs, input));
    return Object.fromEntries([[output.name, result.output]]);
  }

  #forward(
    { data, batch, steps }: Sequences,
    lengths: readonly number[] | null,
    states: readonly (CellState | null)[],
  ): ForwardResult {
    const input = this.#tokens?.lookUp(data, "input") ?? data;
    const run = { input, batch, steps, lengths, states, trace: null };
    return this.#packed.model.forward(run);
  }

  #forwardLayerByLayer(
    { data, batch, steps }: Sequences,
    lengths: readonly number[] | null,
    mask: Mask | null,
    states: readonly (CellState | null)[],
    traces: LayerTraces | null,
  ): ForwardResult {
    const modelOf = (layer: Layer) => this.#packed.modelOf(layer);
    const trace = traces !== null;
    const given = { data, batch, steps, lengths, mask, trace };
    return forwardLayerByLayer(
      this.layers,
      modelOf,
      given,
      states,
      this.skip,
      (layer, output) => traces?.add(layer, output),
    );
  }

  /**
   * A stream over the whole model. Its state has one entry per layer. A frame is [token] if the first layer is an
   * Embedding. A layer with returnSequences false returns its output at every step.
   *
   * @throws RangeError if a layer needs later steps (reverse, bidirectional, …), is a Masking, or an Embedding with
   *   maskZero
   */
  stream(options: { state?: States } = {}): Stream<States> {
    const { state } = record(options, "options", { state: 0 });
    for (const layer of this.layers) layer.checkStreamable();
    const stream = new Stream<States>({
      packed: this.#packed,
      tokens: this.#tokens,
      probabilities: this.layers.at(-1)?.probabilities ?? false,
      join: (parts) => joinStates(this.layers, parts, null),
      split: (given) => splitStates(this.layers, given, null),
    });
    if (state !== undefined) stream.state = state as States;
    return stream;
  }

  /**
   * Generates tokens one by one, until `steps` or `stop`. The first layer must be an Embedding or take one-hot tokens;
   * the outputs of the last are probabilities (if it is a softmax) or logits.
   *
   * @throws TypeError, RangeError that name the option, when called and not while iterating
   */
  generate(options: GenerateOptions): Generator<number> {
    const vocabSize = this.#tokens?.vocabSize ?? this.inputSize;
    if (this.outputSize !== vocabSize) {
      const expected = `as many outputs as tokens, ${vocabSize}`;
      throw new RangeError(message("generate", expected, `${this.outputSize}`));
    }
    return generate(this.stream(), options);
  }

  /**
   * Continues after `history` [T, I], each output being the next input.
   *
   * @returns [steps, I]
   * @throws TypeError, RangeError that name the argument, or say that the model has not as many outputs as inputs or
   *   cannot run as a stream
   */
  forecast(history: TensorLike, steps: number): Tensor {
    return forecast(this, history, steps);
  }

  /** Copies of all weights under the names of PyTorch's nn.Sequential: "0.weight_ih_l0", "1.weight". */
  stateDict(): StateDict {
    const dict: StateDict = {};
    this.layers.forEach((layer, index) => {
      for (const [name, value] of Object.entries(layer.stateDict())) {
        dict[`${index}.${name}`] = value;
      }
    });
    return dict;
  }

  /**
   * Copies in weights under the names of `stateDict`.
   *
   * @throws TypeError, RangeError as LSTM.loadStateDict; the model is then unchanged
   */
  loadStateDict(dict: StateDict): this {
    const { layers } = this;
    const commits = layers.map((layer, index) =>
      layer.prepareStateDict(dict, `${index}.`),
    );
    for (const name of Object.keys(dict)) {
      if (layers.some((_, index) => name.startsWith(`${index}.`))) continue;
      const expected = `only names of layers 0 to ${layers.length - 1}`;
      throw new RangeError(
        message(`dict["${name}"]`, expected, "an unknown one"),
      );
    }
    for (const commit of commits) commit();
    return this;
  }

  /**
   * The model as a safetensors file; the layers' options are JSON in metadata.gatewise.
   *
   * @throws TypeError if metadata values are not strings
   */
  save(metadata: Record<string, string> = {}): Bytes {
    const { layers, skip, names } = this;
    const model = { layers, skip, names };
    return saveModel(model, this.stateDict(), metadata);
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws TypeError if `bytes` is not a Uint8Array or ArrayBuffer; FormatError naming the place
   */
  static load(bytes: Uint8Array | ArrayBuffer): Sequential {
    const { layers, weights, ...options } = readModel(bytes);
    return atPlace("tensors", () =>
      make(layers, options).loadStateDict(weights),
    );
  }

  /** Its shapes, parameter count and layers, one per line. */
  toString(): string {
    const shapes = [...this.inputs, ...this.outputs].map(({ shape }) =>
      shapeText(shape),
    );
    const count = this.layers.reduce(
      (sum, each) => sum + each.parameterCount,
      0,
    );
    return [
      `Sequential: ${shapes.join(" → ")}, ${count} parameters${this.streamable ? "" : ", whole sequences only"}`,
      ...this.layers.map((layer, index) => `  ${index}: ${layer}`),
    ].join("\n");
  }

  /** Frees its kernel memory now; optional. The layers remain usable by themselves. */
  dispose(): void {
    this.#packed.dispose();
  }
}

// outside the class: esbuild renames a class that refers to itself to _Sequential, which consoles would show
const make = (layers: readonly Layer[], options: SequentialOptions) =>
  new Sequential(layers, options);
