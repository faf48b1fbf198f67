import {
  boolean,
  knownKeys,
  message,
  positiveInteger,
  record,
  refuseTheirWords,
  shapeText,
} from "../checks.js";
import {
  type Activation,
  type CellActivation,
  linearCell,
  type StageSpec,
} from "../kernel/model.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import { activationText, checkActivation } from "./activations.js";
import { Layer, type LayerDescription } from "./layer.js";
import { type BackendChoice, checkBackend, checkSeed } from "./options.js";
import { PackedModel } from "./packed-model.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";

export interface LinearOptions {
  inputSize: number;
  outputSize: number;
  /** true by default. */
  bias?: boolean;
  /** 'linear', the default: none; any that a cell may have, or 'softmax'. */
  activation?: Activation | CellActivation;
  /** Of the initial weights, U(-1/√I, 1/√I); 0 by default. */
  seed?: number;
  /** The kernel when it runs by itself; 'auto' by default. */
  backend?: BackendChoice;
}

/** y = f(W x + b) at every step. State dict: weight [out, in], bias [out], as torch.nn.Linear. */
export class Linear extends Layer {
  declare readonly type: "Linear";
  readonly options: Readonly<Required<LinearOptions>>;
  readonly #packed: PackedModel;

  constructor(options: LinearOptions) {
    refuseTheirWords(record(options, "options"));
    const checked = {
      inputSize: positiveInteger(options.inputSize, "inputSize"),
      outputSize: positiveInteger(options.outputSize, "outputSize"),
      bias: boolean(options.bias ?? true, "bias"),
      activation: checkActivation(
        options.activation ?? "linear",
        "activation",
        ["softmax"],
      ),
      seed: checkSeed(options.seed ?? 0),
      backend: checkBackend(options.backend),
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
    this.#packed = new PackedModel("Linear", [this], checked.backend);
  }

  /** A layer of the sizes and bias that the dict tells; `options` add the activation. */
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

  /** [.., I] → [.., O], any number of axes before. */
  forward(input: TensorLike): { output: Tensor } {
    const { inputSize, outputSize } = this.options;
    const { shape, data } = asTensor(input, "input");
    if (!shape.length || shape.at(-1) !== inputSize || !data.length) {
      throw new RangeError(
        message("input", `[.., ${inputSize}]`, shapeText(shape)),
      );
    }
    const steps = data.length / inputSize;
    const run = {
      input: data,
      batch: 1,
      steps,
      lengths: null,
      states: [],
      trace: null,
    };
    const { output } = this.#packed.model.forward(run);
    return {
      output: { shape: [...shape.slice(0, -1), outputSize], data: output },
    };
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
    const { activation } = this.options;
    return activation === "linear" ? [] : [activationText(activation)];
  }

  override dispose(): void {
    this.#packed.dispose();
  }
}

// Outside of the class: esbuild calls one that names itself _Linear, and so would consoles.
const make = (options: LinearOptions): Linear => new Linear(options);

function initialParameters({
  inputSize,
  outputSize,
  bias,
  seed,
}: Required<LinearOptions>): Parameters {
  const random = seeded(seed);
  const bound = 1 / Math.sqrt(inputSize);
  const shapes: [string, number[]][] = [["weight", [outputSize, inputSize]]];
  if (bias) shapes.push(["bias", [outputSize]]);
  return new Parameters(shapes, (size) => uniform(size, bound, random));
}

function stageOf(
  { inputSize, outputSize, activation }: Required<LinearOptions>,
  parameters: Parameters,
): StageSpec {
  const cell = linearCell({
    inputSize,
    outputSize,
    activation,
    weight: () => parameters.get("weight") as Float32Array,
    bias: () => parameters.get("bias"),
  });
  return {
    cells: [cell],
    lastOnly: false,
    merge: "concat",
    inProcessingOrder: false,
  };
}
