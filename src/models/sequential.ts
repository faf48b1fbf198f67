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

/** How a whole model is run. */
export interface SequentialForwardOptions {
  /** Where to start, one entry per layer; null, and by default all: zeros, or the layer's learned state. */
  state?: readonly (State | null)[];
  /** B valid lengths, as LSTM.forward takes them. */
  lengths?: readonly number[];
  /**
   * Which steps count, as LSTM.forward takes it: for every recurrent layer up to one with returnSequences false. Steps
   * that a Masking or an Embedding with maskZero masks are masked as well.
   */
  mask?: MaskLike;
  /** false: input and output are [T, B, ..], as LSTM.forward takes them; a mask stays [B, T]. true by default. */
  batchFirst?: boolean;
  /** Whether to return what every layer computed, gates too; runs layer by layer. false by default. */
  trace?: boolean;
}

/** What comes out of a whole model. */
export interface SequentialOutput {
  /** [B, T, O] or [T, O]; [B, O] or [O] behind a layer that gives its last step alone. */
  output: Tensor;
  /** The final states, one entry per layer. */
  state: States;
  /** With `trace: true`, one entry per layer. */
  trace?: readonly LayerTrace[];
}

/** What a model does beside its layers. */
export interface SequentialOptions {
  /** The first so many features of each input step are added to the output's (GuitarML's models); 0 by default. */
  skip?: number;
  /** What its input and output are called in `inputs`, `outputs` and `run`; "input" and "output" by default. */
  names?: ModelNames;
}

const FORWARD = {
  state: 0,
  lengths: 0,
  mask: 0,
  batchFirst: 0,
  trace: 0,
} satisfies Record<keyof SequentialForwardOptions, 0>;

/** Layers one after another, run as one model in one memory. It is, and can do, what its layers are in all. */
export class Sequential extends Inspected implements Model {
  /** As given, frozen. */
  readonly layers: readonly Layer[];
  /** Features of an input step; of a model that takes tokens 1. */
  readonly inputSize: number;
  /** O, features of an output step. */
  readonly outputSize: number;
  /** How many of the input's features are added to the output's. */
  readonly skip: number;
  /** Whether its input is tokens, which an Embedding in front looks up. */
  readonly takesTokens: boolean;
  /** Whether no layer needs later steps. */
  readonly causal: boolean;
  /** Whether layers mask steps. */
  readonly masks: boolean;
  /** Whether the last step alone comes out, so that T is gone: the output is [B, O]. */
  readonly lastOnly: boolean;
  /** Whether it can run step by step: causal, and masks no steps. */
  readonly streamable: boolean;
  /** The one that `forward` takes. */
  readonly inputs: readonly Port[];
  /** The one that `forward` gives; its time is T where as many steps come out as go in. */
  readonly outputs: readonly Port[];
  /** What its input and output are called, where they have names of their own. */
  readonly names: ModelNames;
  readonly #tokens: TokenTable | null;
  readonly #packed: PackedModel;

  /**
   * @param layers sizes fitting each other; an Embedding only in front; behind a recurrent layer with
   *   returnSequences false none over time
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

  /** Multiplications of one step of one sequence, nearly. @internal */
  get multiplications(): number {
    return this.layers.reduce((sum, each) => sum + each.multiplications, 0);
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]; before an Embedding [B, T] or [T]
   * @returns output [B, T, O] or [T, O] ([B, O] or [O] behind a layer with returnSequences false), and the final
   *   states, one entry per layer
   * @throws TypeError, RangeError that name the argument; nothing has then changed
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
      traces || mask || this.masks || this.layers.some((layer) => layer.apart)
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
   * `forward` by names, as a Graph runs: the one of `inputs` gives the one of `outputs`.
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
    const passage = { data, batch, steps, lengths, mask, trace };
    return forwardLayerByLayer(
      this.layers,
      modelOf,
      passage,
      states,
      this.skip,
      (layer, passed) => traces?.add(layer, passed),
    );
  }

  /**
   * A stream over the whole model. Behind an Embedding a frame is [token]; its state has one entry per layer; a
   * layer with returnSequences false gives its step's output every time.
   *
   * @throws RangeError when a layer is reverse or bidirectional, a Masking, or an Embedding with maskZero
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
   * Tokens, one by one, until `steps` or `stop`. The first layer is an Embedding, or takes the token as one-hot;
   * the last layer's outputs are probabilities (a Linear with softmax) or logits.
   *
   * @throws TypeError, RangeError that name the option, at once
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
   * Goes on after `history` [T, I]: each output is the next input.
   *
   * @returns [steps, I]
   * @throws TypeError, RangeError that name the argument, or the model when it has not as many outputs as inputs or
   *   cannot be a stream
   */
  forecast(history: TensorLike, steps: number): Tensor {
    return forecast(this, history, steps);
  }

  /** Copies of all weights by the names of PyTorch's nn.Sequential: "0.weight_ih_l0", "1.weight". */
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
   * Takes over weights by those names.
   *
   * @throws TypeError, RangeError as LSTM.loadStateDict; nothing has then changed
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
   * @throws TypeError when the metadata are not strings
   */
  save(metadata: Record<string, string> = {}): Bytes {
    const { layers, skip, names } = this;
    const model = { layers, skip, names };
    return saveModel(model, this.stateDict(), metadata);
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws TypeError for what is no bytes; FormatError naming the place
   */
  static load(bytes: Uint8Array | ArrayBuffer): Sequential {
    const { layers, weights, ...options } = readModel(bytes);
    return atPlace("tensors", () =>
      make(layers, options).loadStateDict(weights),
    );
  }

  /** Its layers, one per line, and what goes in and comes out. */
  toString(): string {
    const shapes = [...this.inputs, ...this.outputs].map(({ shape }) =>
      shapeText(shape),
    );
    const count = this.layers.reduce(
      (sum, each) => sum + each.parameterCount,
      0,
    );
    return [
      `Sequential: ${shapes.join(" → ")}, ${count} parameters${this.streamable ? "" : ", whole sequences alone"}`,
      ...this.layers.map((layer, index) => `  ${index}: ${layer}`),
    ].join("\n");
  }

  /** Gives the kernel's memory back now; optional. The layers stay usable by themselves. */
  dispose(): void {
    this.#packed.dispose();
  }
}

// Outside of the class: esbuild calls one that names itself _Sequential, and so would consoles.
const make = (layers: readonly Layer[], options: SequentialOptions) =>
  new Sequential(layers, options);
