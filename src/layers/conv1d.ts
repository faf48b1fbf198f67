import {
  boolean,
  knownKeys,
  message,
  oneOf,
  positiveInteger,
  record,
  refuseTheirWords,
  shapeText,
  wrong,
} from "../checks.js";
import { conv1dCell } from "../kernel/cells/conv1d.js";
import type { Window } from "../kernel/cells/cell.js";
import type {
  Activation as StandardActivation,
  CellActivation,
  CellState,
} from "../kernel/model.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import { checkTensor, type Tensor, type TensorLike } from "../tensor.js";
import { activationText, checkActivation } from "./activations.js";
import { checkLengths, checkSteps, sequences } from "./input.js";
import { Layer, type LayerDescription } from "./layer.js";
import { type BackendChoice, checkBackend, layerSeed } from "./options.js";
import { PackedModel } from "./packed-model.js";
import { entriesUnder, Parameters } from "./parameters.js";
import { stageOfCell } from "./pointwise.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream } from "./stream.js";
import { isTimeFirst, swapAxes } from "./time-first.js";

/** Options of a `Conv1d`, in the words of `torch.nn.Conv1d`. */
export interface Conv1dOptions {
  inputSize: number;
  outputSize: number;
  /** K, the steps of x that an output step is made of. */
  kernelSize: number;
  /** Steps of x from one output step to the next; 1 by default. */
  stride?: number;
  /** Steps of x between two that an output step is made of; 1 by default. */
  dilation?: number;
  /** The features of each of so many groups are made of its own input features alone; 1 by default. */
  groups?: number;
  /**
   * Zeros around each sequence. 'valid', the default: none; a number: as many on both sides, as in PyTorch; 'same':
   * as many as ⌈T / stride⌉ output steps take, the odd one behind, as in Keras; 'causal': (K - 1) · dilation in front,
   * so that no output step needs a later one.
   */
  padding?: "causal" | "same" | "valid" | number;
  /** true by default. */
  bias?: boolean;
  /** 'linear', the default: none; any that a cell may have, or 'softmax'. */
  activation?: StandardActivation | CellActivation;
  /** Of the initial weights, U(-1/√n, 1/√n) with n = I / groups · K; by default each layer has one of its own. */
  seed?: number;
  /** The kernel when it runs by itself; 'auto' by default. */
  backend?: BackendChoice;
}

/** The last (K - 1) · dilation inputs of a causal Conv1d of stride 1: [B, (K - 1) · dilation, I], no B when the input had none. */
export interface ConvState {
  history: Tensor;
}

/** What one call of a `Conv1d` is told beside its input. */
export interface ConvForwardOptions {
  /** Of a causal one of stride 1: the inputs before; zeros by default. */
  state?: ConvState;
  /** B valid lengths: each row as by itself; its outputs past `stepsOut(length)` are 0. */
  lengths?: readonly number[];
  /** false: input and output are [T, B, ..]. true by default. */
  batchFirst?: boolean;
}

const FORWARD = {
  state: 0,
  lengths: 0,
  batchFirst: 0,
} satisfies Record<keyof ConvForwardOptions, 0>;

/**
 * A convolution over time: y(t) = f(b + Σ over k of W(k) x(t · stride + k · dilation - zeros in front)), a
 * cross-correlation as in all frameworks. State dict: weight [out, in / groups, K], bias [out], as torch.nn.Conv1d. It
 * streams with padding 'causal' and stride 1. Masked steps come in as they are, which behind a Masking is zeros.
 */
export class Conv1d extends Layer {
  declare readonly type: "Conv1d";
  readonly options: Readonly<Required<Conv1dOptions>>;
  readonly #packed: PackedModel;

  constructor(options: Conv1dOptions) {
    const checked = checkOptions(options);
    const { inputSize, outputSize, kernelSize, backend } = checked;
    const parameters = initialParameters(checked);
    const window = windowOf(checked);
    const cell = conv1dCell({
      ...checked,
      window,
      weight: () => parameters.get("weight") as Float32Array,
      bias: () => parameters.get("bias"),
    });
    super({
      type: "Conv1d",
      inputSize,
      outputSize,
      parameters,
      stages: [stageOfCell(cell)],
      causal: !window || checked.padding === "causal",
      pointwise: !window && kernelSize === 1,
      backend,
    });
    this.options = Object.freeze(checked);
    this.#packed = new PackedModel("Conv1d", [this], backend);
  }

  /** A layer of the sizes and bias that the dict tells; `options` add all else, groups among it. */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<Conv1dOptions> = {},
  ): Conv1d {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const entries = entriesUnder(dict, prefix);
    const name = `dict["${prefix}weight"]`;
    const { shape } = checkTensor(entries.get("weight"), name);
    const [outputSize, inputs, kernelSize] = shape as [number, number, number];
    if (shape.length !== 3)
      throw new RangeError(
        message(name, "[out, in / groups, K]", shapeText(shape)),
      );
    const inputSize = inputs * positiveInteger(given.groups ?? 1, "groups");
    const bias = entries.has("bias");
    const found = { inputSize, outputSize, kernelSize, bias };
    return make({ ...found, ...given }).loadStateDict(dict, { prefix });
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]
   * @returns output [B, stepsOut(T), O] or [stepsOut(T), O], and the last inputs where it streams, null elsewhere
   * @throws TypeError, RangeError that name the argument; nothing has then changed
   */
  forward(
    input: TensorLike,
    options: ConvForwardOptions = {},
  ): { output: Tensor; state: ConvState | null } {
    const checked = record(options, "options", FORWARD);
    const timeFirst = isTimeFirst(checked["batchFirst"]);
    const rows = timeFirst ? swapAxes(input, 3, "input") : input;
    const given = sequences(rows, this.inputSize);
    const lengths = checkLengths(checked["lengths"], given);
    checkSteps([this], given.steps, lengths);
    const { data, batch, steps, batched } = given;
    const axis = batched ? batch : null;
    const states = this.#split(checked["state"], axis);
    const run = { input: data, batch, steps, lengths, states, trace: null };
    const result = this.#packed.model.forward(run);
    const shape = [result.steps, this.outputSize];
    const output = {
      shape: batched ? [batch, ...shape] : shape,
      data: result.output,
    };
    return {
      output: timeFirst ? swapAxes(output, 3, "output") : output,
      state: this.stateNames.length ? this.#join(result.states, axis) : null,
    };
  }

  #split(state: unknown, batch: number | null): readonly CellState[] {
    if ((state ?? null) === null) return [];
    if (this.stateNames.length)
      return splitState(state, this.cells, batch, "state");
    throw wrong(false, "state", `none for ${this}`, state);
  }

  #join(states: readonly CellState[], batch: number | null): ConvState {
    return joinState(states, this.cells, batch) as State & ConvState;
  }

  /**
   * A stream over this layer, from zeros or from `state` (that of an input without B).
   *
   * @throws RangeError but with padding 'causal' and stride 1
   */
  stream(options: { state?: ConvState } = {}): Stream<ConvState> {
    this.checkStreamable();
    const { state } = record(options, "options", { state: 0 });
    const stream = new Stream<ConvState>({
      packed: this.#packed,
      tokens: null,
      probabilities: this.probabilities,
      join: (parts) => this.#join(parts, null),
      split: (given) => this.#split(given, null),
    });
    if (state !== undefined) stream.state = state as ConvState;
    return stream;
  }

  /** @internal */
  override get needsWholeSequences() {
    if (this.cells.every(({ window }) => !window)) return null;
    const { padding, stride } = this.options;
    const got = `a Conv1d of padding ${JSON.stringify(padding)} and stride ${stride}`;
    return ['a Conv1d of padding "causal" and stride 1', got] as const;
  }

  /** @internal */
  override get probabilities(): boolean {
    return this.options.activation === "softmax";
  }

  /** @internal */
  override get description(): LayerDescription {
    const { inputSize, outputSize, kernelSize, bias } = this.options;
    const weight = "weight [out, in / groups, kernel]";
    const parts = [weight, bias ? "bias" : "no bias", ...this.remarks];
    const convention = `PyTorch: ${parts.join(", ")}`;
    return { sizes: { inputSize, outputSize, kernelSize }, convention };
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    const { kernelSize, stride, dilation, groups, padding, activation } =
      this.options;
    return [
      `kernel ${kernelSize}`,
      ...(stride > 1 ? [`stride ${stride}`] : []),
      ...(dilation > 1 ? [`dilation ${dilation}`] : []),
      ...(groups > 1 ? [`${groups} groups`] : []),
      typeof padding === "number" ? `padding ${padding}` : padding,
      ...(activation === "linear" ? [] : [activationText(activation)]),
    ];
  }

  override dispose(): void {
    this.#packed.dispose();
  }
}

// Outside of the class: esbuild calls one that names itself _Conv1d, and so would consoles.
const make = (options: Conv1dOptions): Conv1d => new Conv1d(options);

function checkOptions(options: Conv1dOptions): Required<Conv1dOptions> {
  refuseTheirWords(record(options, "options"));
  const checked = {
    inputSize: positiveInteger(options.inputSize, "inputSize"),
    outputSize: positiveInteger(options.outputSize, "outputSize"),
    kernelSize: positiveInteger(options.kernelSize, "kernelSize"),
    stride: positiveInteger(options.stride ?? 1, "stride"),
    dilation: positiveInteger(options.dilation ?? 1, "dilation"),
    groups: positiveInteger(options.groups ?? 1, "groups"),
    padding: checkPadding(options.padding ?? "valid"),
    bias: boolean(options.bias ?? true, "bias"),
    activation: checkActivation(options.activation ?? "linear", "activation", [
      "softmax",
    ]),
    seed: layerSeed(options.seed),
    backend: checkBackend(options.backend),
  };
  const { inputSize, outputSize, groups } = knownKeys(options, checked);
  if (inputSize % groups || outputSize % groups) {
    const expected = `a divisor of inputSize ${inputSize} and outputSize ${outputSize}`;
    throw new RangeError(message("groups", expected, `${groups}`));
  }
  return checked;
}

function checkPadding(value: unknown): "causal" | "same" | "valid" | number {
  if (typeof value !== "number")
    return oneOf(value, "padding", ["causal", "same", "valid"] as const);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(true, "padding", "an integer of at least 0", value);
}

/** The steps that an output step is made of; null where those are its own and what came before. */
function windowOf(options: Required<Conv1dOptions>): Window | null {
  const { kernelSize, stride, dilation, padding } = options;
  const span = (kernelSize - 1) * dilation + 1;
  const zeros = typeof padding === "number" ? padding : 0;
  const causal = padding === "causal";
  if (stride === 1 && !zeros && (causal || span === 1)) return null;
  if (causal) return { span, stride, before: span - 1, after: 0 };
  const same = padding === "same";
  return { span, stride, before: zeros, after: zeros, same };
}

function initialParameters(options: Required<Conv1dOptions>): Parameters {
  const { inputSize, outputSize, kernelSize, groups, bias, seed } = options;
  const random = seeded(seed);
  const inputs = inputSize / groups;
  const bound = 1 / Math.sqrt(inputs * kernelSize);
  const shapes: [string, number[]][] = [
    ["weight", [outputSize, inputs, kernelSize]],
  ];
  if (bias) shapes.push(["bias", [outputSize]]);
  return new Parameters(shapes, (size) => uniform(size, bound, random));
}
