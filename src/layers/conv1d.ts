import {
  message,
  positiveInteger,
  record,
  shapeText,
  wrong,
} from "../checks.js";
import { conv1dCell } from "../kernel/cells/conv1d.js";
import { type CellState, formatOf } from "../kernel/model.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import { checkTensor, type Tensor, type TensorLike } from "../tensor.js";
import { activationText } from "./activations.js";
import {
  checkOptions,
  type Conv1dOptions,
  windowOf,
} from "./conv1d-options.js";
import { checkLengths, checkSteps, sequences } from "./input.js";
import { Layer, type LayerDescription } from "./layer.js";
import { PackedModel } from "./packed-model.js";
import { entriesUnder, Parameters } from "./parameters.js";
import { stageOfCell } from "./pointwise.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream } from "./stream.js";
import { isTimeFirst, swapAxes } from "./time-first.js";

/** The last inputs of a causal Conv1d of stride 1, [B, (K - 1) · dilation, I]; without B if the input had none. */
export interface ConvState {
  history: Tensor;
}

/** Options of `forward` of a `Conv1d`. */
export interface ConvForwardOptions {
  /** The preceding inputs, for a causal Conv1d of stride 1; zeros by default. */
  state?: ConvState;
  /** The lengths of the B sequences: each is computed as if alone, and its outputs past `stepsOut(length)` are 0. */
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
 * A convolution over time: y(t) = f(b + Σ over k of W(k) x(t · stride + k · dilation - zeros at the start)), a
 * cross-correlation as in all frameworks. State dict: weight [out, in / groups, K], bias [out], as torch.nn.Conv1d. It
 * can run as a stream with padding 'causal' and stride 1. It ignores masks; after a Masking, masked steps are zeros.
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
      format: formatOf(checked.precision),
      integers: () => parameters.integers("weight"),
      range: () => checked.ranges["weight"] ?? null,
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

  /** A layer from a state dict, which tells the sizes and the bias; `options` add the rest, such as groups. */
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
   * @returns output [B, stepsOut(T), O] or [stepsOut(T), O], and the last inputs if it is causal with stride 1, else null
   * @throws TypeError, RangeError that name the argument; the layer is then unchanged
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
   * A stream over this layer that starts from `state`, without a batch axis; zeros by default.
   *
   * @throws RangeError unless padding is 'causal' and stride 1
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
    const { kernelSize, stride, dilation, groups, padding } = this.options;
    const { activation, precision } = this.options;
    return [
      `kernel ${kernelSize}`,
      ...(stride > 1 ? [`stride ${stride}`] : []),
      ...(dilation > 1 ? [`dilation ${dilation}`] : []),
      ...(groups > 1 ? [`${groups} groups`] : []),
      typeof padding === "number" ? `padding ${padding}` : padding,
      ...(activation === "linear" ? [] : [activationText(activation)]),
      ...(precision === "float32" ? [] : [precision]),
    ];
  }

  override dispose(): void {
    this.#packed.dispose();
  }
}

// outside the class: esbuild renames a class that refers to itself to _Conv1d, which consoles would show
const make = (options: Conv1dOptions): Conv1d => new Conv1d(options);

function initialParameters(options: Required<Conv1dOptions>): Parameters {
  const { inputSize, outputSize, kernelSize, groups, bias, seed } = options;
  const random = seeded(seed);
  const inputs = inputSize / groups;
  const bound = 1 / Math.sqrt(inputs * kernelSize);
  const shapes: [string, number[]][] = [
    ["weight", [outputSize, inputs, kernelSize]],
  ];
  if (bias) shapes.push(["bias", [outputSize]]);
  const draw = (size: number) => uniform(size, bound, random);
  return new Parameters(shapes, draw, options);
}
