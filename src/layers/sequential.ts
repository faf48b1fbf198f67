import { isRecord, message, positiveInteger, wrong } from "../checks.js";
import { FormatError } from "../errors.js";
import type { CellState } from "../kernel/forward.js";
import { type Backend } from "../kernel/load.js";
import type { Cell } from "../kernel/panels.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { Embedding } from "./embedding.js";
import { generate, type GenerateOptions } from "./generate.js";
import { GRU } from "./gru.js";
import { checkLengths, sequences, tokenSequences } from "./input.js";
import { Linear } from "./linear.js";
import { LSTM } from "./lstm.js";
import { cellStates, checkCausal, checkForwardOptions } from "./recurrent.js";
import { RNN } from "./rnn.js";
import { Runtime } from "./runtime.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream, type StateView } from "./stream.js";

export type Layer = RNN | LSTM | GRU | Linear | Embedding;

/** One entry a layer, null where it has none. */
export type States = (State | null)[];

const LAYERS = { RNN, LSTM, GRU, Linear, Embedding } as const;
type LayerType = keyof typeof LAYERS;

type Recurrent = RNN | LSTM | GRU;
const isRecurrent = (layer: Layer): layer is Recurrent =>
  layer instanceof RNN || layer instanceof LSTM || layer instanceof GRU;
const typeOf = (layer: Layer): LayerType =>
  (Object.keys(LAYERS) as LayerType[]).find(
    (name) => layer instanceof LAYERS[name],
  ) as LayerType;
const inputOf = (layer: Exclude<Layer, Embedding>): number =>
  layer.options.inputSize;
const outputOf = (layer: Layer): number =>
  layer instanceof Embedding
    ? layer.options.size
    : isRecurrent(layer)
      ? layer.outputSize
      : layer.options.outputSize;

/** Layers one after another, run as one model in one memory. */
export class Sequential {
  readonly layers: readonly Layer[];
  readonly #embedding: Embedding | null;
  readonly #kernelLayers: readonly Exclude<Layer, Embedding>[];
  readonly #runtime: Runtime;
  /** Whether a layer gives only its last step, so that T is gone behind it. */
  readonly #lastOnly: boolean;

  /**
   * @param layers sizes fitting each other; an Embedding only in front; behind a recurrent layer with
   *   returnSequences false no recurrent one
   * @throws TypeError, RangeError that name the layer
   */
  constructor(layers: readonly Layer[]) {
    if (!Array.isArray(layers))
      throw wrong(false, "layers", "an array of layers", layers);
    checkLayers(layers);
    this.layers = Object.freeze([...layers]);
    const [first] = layers;
    this.#embedding = first instanceof Embedding ? first : null;
    this.#kernelLayers = layers.filter(
      (layer) => !(layer instanceof Embedding),
    ) as Exclude<Layer, Embedding>[];
    this.#lastOnly = layers.some(
      (layer) => isRecurrent(layer) && !layer.options.returnSequences,
    );
    this.#runtime = new Runtime(
      "Sequential",
      this.#kernelLayers,
      commonBackend(this.#kernelLayers),
    );
  }

  /** I, or of a model with an Embedding 1: a token. */
  get inputSize(): number {
    return this.#embedding
      ? 1
      : inputOf(this.#kernelLayers[0] as Exclude<Layer, Embedding>);
  }

  get outputSize(): number {
    return outputOf(this.layers.at(-1) as Layer);
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
    options: {
      state?: readonly (State | null)[];
      lengths?: readonly number[];
    } = {},
  ): { output: Tensor; state: States } {
    const embedding = this.#embedding;
    const given = embedding
      ? tokenSequences(input, embedding.options.vocabSize)
      : sequences(input, this.inputSize);
    const checked = checkForwardOptions(options);
    const lengths = checkLengths(checked.lengths, given);
    const { batch, steps, batched } = given;
    const axis = batched ? batch : null;
    const states = this.#splitStates(checked.state, axis);
    const data = embedding ? embedding.lookUp(given.data) : given.data;
    const result = this.#runtime.model.forward({
      input: data,
      batch,
      steps,
      lengths,
      states,
      trace: null,
    });
    const axes = this.#lastOnly ? [batch] : [batch, steps];
    let at = 0;
    const state = this.layers.map((layer) => {
      if (layer instanceof Embedding) return null;
      const cells = cellsOf(layer);
      const parts = result.states.slice(at, (at += cells.length));
      return isRecurrent(layer) ? joinState(parts, cells, axis) : null;
    });
    return {
      output: {
        shape: [...(batched ? axes : axes.slice(1)), this.outputSize],
        data: result.output,
      },
      state,
    };
  }

  #splitStates(states: unknown, batch: number | null): (CellState | null)[] {
    if (states === undefined) return [];
    checkStates(states, this.layers.length);
    return this.layers.flatMap((layer, index): (CellState | null)[] => {
      if (layer instanceof Embedding)
        return none(states[index], index, layer, []);
      const cells = cellsOf(layer);
      if (!isRecurrent(layer) || states[index] == null)
        return none(
          isRecurrent(layer) ? null : states[index],
          index,
          layer,
          cells,
        );
      return splitState(states[index], cells, batch, `state[${index}]`);
    });
  }

  /**
   * A stream over the whole model. Behind an Embedding a frame is [token]; its state has one entry a layer; a
   * layer with returnSequences false gives its step's output every time.
   *
   * @throws RangeError when a layer is reverse or bidirectional
   */
  stream(options: { state?: States } = {}): Stream<States> {
    for (const layer of this.layers)
      if (isRecurrent(layer))
        checkCausal(layer.options.direction, typeOf(layer));
    const embedding = this.#embedding && {
      ...this.#embedding.options,
      table: this.#embedding.table,
    };
    const stream = new Stream<States>({
      runtime: this.#runtime,
      view: this.#stateView(),
      embedding,
    });
    if (options.state !== undefined) stream.state = options.state;
    return stream;
  }

  #stateView(): StateView<States> {
    let at = 0;
    const parts = this.layers.map((layer, index) => {
      if (!isRecurrent(layer)) return null;
      const cells = cellsOf(layer);
      const quads = (size: number) => Math.ceil(size / 4) * 4;
      const floats = cells.reduce(
        (sum, { kind, outputSize, hiddenSize }) =>
          sum + quads(outputSize) + (kind === "lstm" ? quads(hiddenSize) : 0),
        0,
      );
      const start = at;
      at += floats;
      return { view: cellStates(cells, `state[${index}]`), start, end: at };
    });
    return {
      read: (states) =>
        parts.map(
          (part) =>
            part && part.view.read(states.subarray(part.start, part.end)),
        ),
      write: (given, states) => {
        checkStates(given, this.layers.length);
        const next = states.slice();
        parts.forEach((part, index) => {
          if (part && given[index] != null)
            part.view.write(given[index], next.subarray(part.start, part.end));
          else if (part) next.fill(0, part.start, part.end);
          else none(given[index], index, this.layers[index] as Layer, []);
        });
        states.set(next);
      },
    };
  }

  /**
   * Tokens, one by one, until `steps` or `stop`. The first layer is an Embedding, or takes the token as one-hot;
   * the last layer's outputs are probabilities (a Linear with softmax) or logits.
   */
  generate(options: GenerateOptions): Generator<number> {
    const last = this.layers.at(-1) as Layer;
    const probabilities =
      last instanceof Linear && last.options.activation === "softmax";
    const inputs = this.#embedding
      ? this.#embedding.options.vocabSize
      : this.inputSize;
    if (this.outputSize !== inputs) {
      throw new RangeError(
        message(
          "generate",
          `a model with as many outputs as tokens, ${inputs}`,
          `${this.outputSize}`,
        ),
      );
    }
    return generate(
      this.stream(),
      { vocabSize: inputs, oneHot: !this.#embedding, probabilities },
      options,
    );
  }

  /**
   * Goes on after `history` [T, I]: each output is the next input.
   *
   * @returns [steps, I]
   */
  forecast(history: TensorLike, steps: number): Tensor {
    const { inputSize } = this;
    if (this.#embedding || this.outputSize !== inputSize) {
      const got = this.#embedding
        ? "one that takes tokens"
        : `${inputSize} inputs and ${this.outputSize} outputs`;
      throw new RangeError(
        message("forecast", "a model whose outputs can be its inputs", got),
      );
    }
    const given = sequences(history, inputSize);
    if (given.batched)
      throw new RangeError(
        message(
          "history",
          `[T, ${inputSize}]`,
          `[${given.batch}, ${given.steps}, ${inputSize}]`,
        ),
      );
    positiveInteger(steps, "steps");
    const stream = this.stream();
    const data = new Float32Array(steps * inputSize);
    const frame = stream.run(given.data).slice(-inputSize);
    for (let step = 0; step < steps; step++) {
      data.set(frame, step * inputSize);
      if (step + 1 < steps) stream.step(frame, frame);
    }
    stream.dispose();
    return { shape: [steps, inputSize], data };
  }

  /** Copies of all weights by the names of PyTorch's nn.Sequential: "0.weight_ih_l0", "1.weight". */
  stateDict(): StateDict {
    const dict: StateDict = {};
    this.layers.forEach((layer, index) => {
      for (const [name, value] of Object.entries(layer.stateDict()))
        dict[`${index}.${name}`] = value;
    });
    return dict;
  }

  /** Takes over weights by those names; errors as in LSTM.loadStateDict, and nothing has then changed. */
  loadStateDict(dict: StateDict): this {
    if (!isRecord(dict))
      throw wrong(false, "dict", "an object of tensors", dict);
    const commits = this.layers.map((layer, index) =>
      layer.prepareStateDict(dict, `${index}.`),
    );
    for (const name of Object.keys(dict)) {
      if (!this.layers.some((_, index) => name.startsWith(`${index}.`))) {
        throw new RangeError(
          message(
            `dict["${name}"]`,
            `only names of layers 0 to ${this.layers.length - 1}`,
            "one more",
          ),
        );
      }
    }
    for (const commit of commits) commit();
    return this;
  }

  /** The model as a safetensors file; the layers' options are JSON in metadata.gatewise. */
  save(metadata: Record<string, string> = {}): Uint8Array {
    const layers = this.layers.map((layer) => {
      const {
        seed: _,
        backend: __,
        ...options
      } = layer.options as Record<string, unknown>;
      return { type: typeOf(layer), options };
    });
    return serialize(this.stateDict(), {
      ...metadata,
      gatewise: JSON.stringify({ version: 1, layers }),
    });
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws FormatError when the file is no safetensors file of ours, naming the place
   */
  static load(bytes: Uint8Array | ArrayBuffer): Sequential {
    const { tensors, metadata } = parse(bytes);
    if (metadata["gatewise"] === undefined) {
      throw new FormatError(
        "expected a file that Sequential.save wrote, got none of our options",
        "metadata.gatewise",
      );
    }
    try {
      const { version, layers } = JSON.parse(metadata["gatewise"]) as {
        version: unknown;
        layers: { type: LayerType; options: never }[];
      };
      if (version !== 1)
        throw new RangeError(message("version", "1", String(version)));
      const made = layers.map(({ type, options }, index) => {
        if (!Object.hasOwn(LAYERS, type))
          throw new RangeError(
            message(
              `layers[${index}].type`,
              Object.keys(LAYERS).join(", "),
              String(type),
            ),
          );
        return new LAYERS[type](options);
      });
      return new Sequential(made).loadStateDict(tensors);
    } catch (error) {
      throw new FormatError(
        error instanceof Error ? error.message : String(error),
        "metadata.gatewise",
      );
    }
  }

  /** Gives the kernel's memory back now; optional. The layers stay usable. */
  dispose(): void {
    this.#runtime.dispose();
  }
}

const cellsOf = (layer: Exclude<Layer, Embedding>): Cell[] =>
  layer.stages.flatMap((stage) => stage.cells);

function checkStates(
  states: unknown,
  layers: number,
): asserts states is readonly unknown[] {
  if (!Array.isArray(states))
    throw wrong(
      false,
      "state",
      `an array of ${layers} states, one a layer`,
      states,
    );
  if (states.length !== layers)
    throw new RangeError(
      message("state", `${layers} states, one a layer`, `${states.length}`),
    );
}

/** No state for a layer that has none, or starts from zeros: null for each of its cells. */
function none(
  state: unknown,
  index: number,
  layer: Layer,
  cells: readonly Cell[],
): null[] {
  if (state != null)
    throw wrong(false, `state[${index}]`, `null for a ${typeOf(layer)}`, state);
  return cells.map(() => null);
}

function checkLayers(layers: readonly Layer[]): void {
  let before: Layer | undefined;
  let lastOnly = false;
  layers.forEach((layer, index) => {
    const name = `layers[${index}]`;
    if (!Object.values(LAYERS).some((type) => layer instanceof type)) {
      throw wrong(false, name, "an RNN, LSTM, GRU, Linear or Embedding", layer);
    }
    if (layer instanceof Embedding) {
      if (index)
        throw new RangeError(
          message(name, "an Embedding only as the first layer", "another one"),
        );
    } else {
      const size = before && outputOf(before);
      if (size !== undefined && inputOf(layer) !== size) {
        throw new RangeError(
          message(
            name,
            `inputSize ${size}, the output size of layers[${index - 1}]`,
            `${inputOf(layer)}`,
          ),
        );
      }
      if (isRecurrent(layer)) {
        if (lastOnly)
          throw new RangeError(
            message(
              name,
              "no recurrent layer behind one with returnSequences false",
              typeOf(layer),
            ),
          );
        lastOnly = !layer.options.returnSequences;
      }
    }
    before = layer;
  });
  if (!before || before instanceof Embedding) {
    throw new RangeError(
      message(
        "layers",
        "at least one layer that is no Embedding",
        `${layers.length}`,
      ),
    );
  }
}

/** The one backend that the layers ask for; those that ask for 'auto' take any. */
function commonBackend(
  layers: readonly Exclude<Layer, Embedding>[],
): Backend | "auto" {
  const wanted = new Set(
    layers
      .map((layer) => layer.options.backend)
      .filter((backend) => backend !== "auto"),
  );
  if (wanted.size > 1)
    throw new RangeError(
      message("layers", "one backend for all", [...wanted].join(" and ")),
    );
  return [...wanted][0] ?? "auto";
}
