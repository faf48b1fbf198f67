import type { Bytes } from "../bytes.js";
import { message, record } from "../checks.js";
import type { CellState, ForwardResult } from "../kernel/model.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import {
  checkChain,
  checkSkip,
  checkStepwise,
  commonBackend,
  givesLastOnly,
  inputOf,
  type KernelLayer,
  type Layer,
  masks,
  outputOf,
  runsInKernel,
} from "./chain.js";
import { Embedding } from "./embedding.js";
import { forecast } from "./forecast.js";
import { generate, type GenerateOptions } from "./generate.js";
import {
  checkLengths,
  type Sequences,
  sequences,
  tokenSequences,
} from "./input.js";
import { Linear } from "./linear.js";
import { checkMask, type MaskLike } from "./mask.js";
import { forwardMasked, type MaskedRun } from "./masked-model.js";
import { Runtime } from "./runtime.js";
import { atPlace, readModel, saveModel } from "./saved.js";
import type { State } from "./state.js";
import { joinStates, splitStates, type States } from "./states.js";
import { Stream } from "./stream.js";

/** How a whole model is run. */
export interface SequentialForwardOptions {
  /** Where to start, one entry a layer; null, and by default all: zeros, or the layer's learned state. */
  state?: readonly (State | null)[];
  /** B valid lengths, as LSTM.forward takes them. */
  lengths?: readonly number[];
  /**
   * Which steps count, as LSTM.forward takes it: for every recurrent layer up to one with returnSequences false. Steps
   * that a Masking or an Embedding with maskZero masks are masked as well.
   */
  mask?: MaskLike;
}

/** What a model does beside its layers. */
export interface SequentialOptions {
  /** The first so many features of each input step are added to the output's (GuitarML's models); 0 by default. */
  skip?: number;
}

const FORWARD = { state: 0, lengths: 0, mask: 0 } satisfies Record<
  keyof SequentialForwardOptions,
  0
>;

/** Layers one after another, run as one model in one memory. */
export class Sequential {
  /** As given, frozen. */
  readonly layers: readonly Layer[];
  /** Features of an input step; of a model with an Embedding 1, the token. */
  readonly inputSize: number;
  /** O, features of an output step. */
  readonly outputSize: number;
  /** How many of the input's features are added to the output's. */
  readonly skip: number;
  readonly #embedding: Embedding | null;
  readonly #runtime: Runtime;
  /** Whether layers mask steps. */
  readonly #masks: boolean;
  /** Whether a layer gives only its last step, so that T is gone behind it. */
  readonly #lastOnly: boolean;

  /**
   * @param layers sizes fitting each other; an Embedding only in front; behind a recurrent layer with
   *   returnSequences false no recurrent one
   * @throws TypeError, RangeError that name the layer or option
   */
  constructor(layers: readonly Layer[], options: SequentialOptions = {}) {
    checkChain(layers);
    this.layers = Object.freeze([...layers]);
    const [first] = layers;
    this.#embedding = first instanceof Embedding ? first : null;
    const run = layers.filter(runsInKernel);
    this.inputSize = this.#embedding ? 1 : inputOf(run[0] as KernelLayer);
    this.outputSize = outputOf(run.at(-1) as KernelLayer);
    this.#masks = layers.some(masks);
    this.#lastOnly = layers.some(givesLastOnly);
    const steps = !this.#embedding && !this.#lastOnly;
    const { skip = 0 } = record(options, "options", { skip: 0 });
    this.skip = checkSkip(skip, this.inputSize, this.outputSize, steps);
    const backend = commonBackend(run);
    this.#runtime = new Runtime("Sequential", run, backend, this.skip);
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]; before an Embedding [B, T] or [T]
   * @returns output [B, T, O] or [T, O] ([B, O] or [O] behind a layer with returnSequences false), and the final
   *   states, one entry a layer
   * @throws TypeError, RangeError that name the argument; nothing has then changed
   */
  forward(
    input: TensorLike,
    options: SequentialForwardOptions = {},
  ): { output: Tensor; state: States } {
    const embedding = this.#embedding;
    const given = embedding
      ? tokenSequences(input)
      : sequences(input, this.inputSize);
    const checked = record(options, "options", FORWARD);
    const lengths = checkLengths(checked["lengths"], given);
    const { batch, batched } = given;
    const axis = batched ? batch : null;
    const { state } = checked;
    const states =
      state === undefined ? [] : splitStates(this.layers, state, axis);
    const mask = checkMask(checked["mask"], given);
    const result =
      mask || this.#masks
        ? this.#forwardMasked({ given, mask, lengths, states })
        : this.#forward(given, lengths, states);
    const axes = [
      ...(batched ? [batch] : []),
      ...(this.#lastOnly ? [] : [result.steps]),
    ];
    return {
      output: { shape: [...axes, this.outputSize], data: result.output },
      state: joinStates(this.layers, result.states, axis),
    };
  }

  #forward(
    { data, batch, steps }: Sequences,
    lengths: readonly number[] | null,
    states: readonly (CellState | null)[],
  ): ForwardResult {
    const input = this.#embedding?.lookUp(data, "input") ?? data;
    const run = { input, batch, steps, lengths, states, trace: null };
    return this.#runtime.model.forward(run);
  }

  #forwardMasked(run: Omit<MaskedRun, "skip">): ForwardResult {
    const modelOf = (layer: KernelLayer) => this.#runtime.modelOf(layer);
    return forwardMasked(this.layers, modelOf, { ...run, skip: this.skip });
  }

  /**
   * A stream over the whole model. Behind an Embedding a frame is [token]; its state has one entry a layer; a
   * layer with returnSequences false gives its step's output every time.
   *
   * @throws RangeError when a layer is reverse or bidirectional, a Masking, or an Embedding with maskZero
   */
  stream(options: { state?: States } = {}): Stream<States> {
    const { state } = record(options, "options", { state: 0 });
    checkStepwise(this.layers);
    const last = this.layers.at(-1);
    const stream = new Stream<States>({
      runtime: this.#runtime,
      embedding: this.#embedding,
      probabilities:
        last instanceof Linear && last.options.activation === "softmax",
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
    const vocabSize = this.#embedding?.options.vocabSize ?? this.inputSize;
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
    return forecast(this, this.#embedding !== null, history, steps);
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
      throw new RangeError(message(`dict["${name}"]`, expected, "one more"));
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
    return saveModel(this, this.stateDict(), metadata);
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws TypeError for what is no bytes; FormatError naming the place
   */
  static load(bytes: Uint8Array | ArrayBuffer): Sequential {
    const { layers, weights, skip } = readModel(bytes);
    return atPlace("tensors", () =>
      make(layers, { skip }).loadStateDict(weights),
    );
  }

  /** Gives the kernel's memory back now; optional. The layers stay usable by themselves. */
  dispose(): void {
    this.#runtime.dispose();
  }
}

// Outside of the class: esbuild calls one that names itself _Sequential, and so would consoles.
const make = (layers: readonly Layer[], options: SequentialOptions) =>
  new Sequential(layers, options);
