import {
  boolean,
  knownKeys,
  positiveInteger,
  record,
  refuseForeignNames,
  wrong,
} from "../checks.js";
import { layerNormCell } from "../kernel/cells/layer-norm.js";
import type { LayerDescription } from "./layer.js";
import { type BackendChoice, checkBackend } from "./options.js";
import { Parameters } from "./parameters.js";
import { Pointwise, stageOfCell } from "./pointwise.js";

/** Options of a `LayerNorm`. */
export interface LayerNormOptions {
  /** The features of a step. */
  size: number;
  /** Added to the variance; 1e-5 by default (Keras's layers have 1e-3). */
  epsilon?: number;
  /** true by default. */
  bias?: boolean;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/**
 * y = (x - mean) / √(variance + ε) · weight + bias, with mean and variance over the features of each step (Ba et al.
 * 2016). State dict: weight, bias [size], as torch.nn.LayerNorm, initially ones and zeros.
 */
export class LayerNorm extends Pointwise {
  declare readonly type: "LayerNorm";
  readonly options: Readonly<Required<LayerNormOptions>>;

  constructor(options: LayerNormOptions) {
    refuseForeignNames(record(options, "options"));
    const checked = {
      size: positiveInteger(options.size, "size"),
      epsilon: checkEpsilon(options.epsilon ?? 1e-5),
      bias: boolean(options.bias ?? true, "bias"),
      backend: checkBackend(options.backend),
    };
    const { size, epsilon, bias, backend } = knownKeys(options, checked);
    // Parameters draws them in this order: the weight, then the bias
    const initial = [1, 0];
    const parameters = new Parameters(
      [["weight", [size]], ...(bias ? [["bias", [size]] as const] : [])],
      (numbers) => new Float32Array(numbers).fill(initial.shift() as number),
    );
    const cell = layerNormCell({
      size,
      epsilon,
      weight: () => parameters.get("weight") as Float32Array,
      bias: () => parameters.get("bias"),
    });
    super({
      type: "LayerNorm",
      inputSize: size,
      outputSize: size,
      parameters,
      stages: [stageOfCell(cell)],
      backend,
    });
    this.options = Object.freeze(checked);
  }

  /** @internal */
  override get description(): LayerDescription {
    const { size, epsilon, bias } = this.options;
    const parts = ["weight [size]", bias ? "bias" : "no bias"];
    const convention = `PyTorch: ${parts.join(", ")}, epsilon ${epsilon}`;
    return { sizes: { size }, convention };
  }
}

/** A number to add to a variance. */
export function checkEpsilon(value: unknown): number {
  if (Number.isFinite(value) && (value as number) >= 0) return value as number;
  const right = typeof value === "number";
  throw wrong(right, "epsilon", "a finite number of at least 0", value);
}
