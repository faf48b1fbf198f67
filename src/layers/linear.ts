import {
  boolean,
  knownKeys,
  positiveInteger,
  record,
  refuseForeignNames,
} from "../checks.js";
import {
  type Activation,
  type CellActivation,
  linearCell,
  formatOf,
  type StageSpec,
} from "../kernel/model.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import { activationText, checkActivation } from "./activations.js";
import type { LayerDescription } from "./layer.js";
import {
  type BackendChoice,
  checkBackend,
  layerSeed,
  type PrecisionOptions,
  precisionOptions,
} from "./options.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";
import { Pointwise, stageOfCell } from "./pointwise.js";

/** Options of a `Linear`. */
export interface LinearOptions extends PrecisionOptions {
  inputSize: number;
  outputSize: number;
  /** true by default. */
  bias?: boolean;
  /** 'linear' (none), the default; any activation of a cell, or 'softmax'. */
  activation?: Activation | CellActivation;
  /** Seed of the initial weights, U(-1/√I, 1/√I); by default each layer gets its own, the same in every run. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/** y = f(W x + b) at every step. State dict: weight [out, in], bias [out], as torch.nn.Linear. */
export class Linear extends Pointwise {
  declare readonly type: "Linear";
  readonly options: Readonly<Required<LinearOptions>>;

  constructor(options: LinearOptions) {
    refuseForeignNames(record(options, "options"));
    const checked = {
      inputSize: positiveInteger(options.inputSize, "inputSize"),
      outputSize: positiveInteger(options.outputSize, "outputSize"),
      bias: boolean(options.bias ?? true, "bias"),
      activation: checkActivation(
        options.activation ?? "linear",
        "activation",
        ["softmax"],
      ),
      seed: layerSeed(options.seed),
      backend: checkBackend(options.backend),
      ...precisionOptions(options),
    };
    const parameters = initialParameters(knownKeys(options, checked));
    super({
      type: "Linear",
      inputSize: checked.inputSize,
      outputSize: checked.outputSize,
      parameters,
      stages: [stageOf(checked, parameters)],
      backend: checked.backend,
    });
    this.options = Object.freeze(checked);
  }

  /** A layer from a state dict, which tells the sizes and the bias; `options` add the activation. */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<LinearOptions> = {},
  ): Linear {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const entries = entriesUnder(dict, prefix);
    const [outputSize, inputSize] = matrixShape(entries, "weight", prefix);
    const found = { inputSize, outputSize, bias: entries.has("bias") };
    return make({ ...found, ...given }).loadStateDict(dict, { prefix });
  }

  /** @internal */
  override get probabilities(): boolean {
    return this.options.activation === "softmax";
  }

  /** @internal */
  override get description(): LayerDescription {
    const { inputSize, outputSize, bias } = this.options;
    const parts = ["weight [out, in]", bias ? "bias" : "no bias"];
    const convention = `PyTorch: ${[...parts, ...this.remarks].join(", ")}`;
    return { sizes: { inputSize, outputSize }, convention };
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    const { activation, precision } = this.options;
    return [
      ...(activation === "linear" ? [] : [activationText(activation)]),
      ...(precision === "float32" ? [] : [precision]),
    ];
  }
}

// outside the class: esbuild renames a class that refers to itself to _Linear, which consoles would show
const make = (options: LinearOptions): Linear => new Linear(options);

function initialParameters(options: Required<LinearOptions>): Parameters {
  const { inputSize, outputSize, bias, seed } = options;
  const random = seeded(seed);
  const bound = 1 / Math.sqrt(inputSize);
  const shapes: [string, number[]][] = [["weight", [outputSize, inputSize]]];
  if (bias) shapes.push(["bias", [outputSize]]);
  const draw = (size: number) => uniform(size, bound, random);
  return new Parameters(shapes, draw, options);
}

function stageOf(
  options: Required<LinearOptions>,
  parameters: Parameters,
): StageSpec {
  const { inputSize, outputSize, activation, precision, ranges } = options;
  const cell = linearCell({
    format: formatOf(precision),
    integers: () => parameters.integers("weight"),
    range: () => ranges["weight"] ?? null,
    inputSize,
    outputSize,
    activation,
    weight: () => parameters.get("weight") as Float32Array,
    bias: () => parameters.get("bias"),
  });
  return stageOfCell(cell);
}
