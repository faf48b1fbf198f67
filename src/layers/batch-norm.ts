import {
  isRecord,
  knownKeys,
  positiveInteger,
  record,
  refuseForeignNames,
} from "../checks.js";
import { conv1dCell } from "../kernel/cells/conv1d.js";
import type { StateDict } from "../safetensors.js";
import type { LayerDescription } from "./layer.js";
import { checkEpsilon } from "./layer-norm.js";
import { type BackendChoice, checkBackend } from "./options.js";
import { Parameters } from "./parameters.js";
import { Pointwise, stageOfCell } from "./pointwise.js";

/** Options of a `BatchNorm`. */
export interface BatchNormOptions {
  /** The features of a step. */
  size: number;
  /** Added to the variance; 1e-5 by default (Keras's layers have 1e-3). */
  epsilon?: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/**
 * Batch normalisation of a trained model: y = (x - running_mean) / √(running_var + ε) · weight + bias, feature by
 * feature, the same at every step (Ioffe and Szegedy 2015). State dict: weight, bias, running_mean, running_var [size],
 * as torch.nn.BatchNorm1d; its num_batches_tracked is ignored.
 */
export class BatchNorm extends Pointwise {
  declare readonly type: "BatchNorm";
  readonly options: Readonly<Required<BatchNormOptions>>;

  constructor(options: BatchNormOptions) {
    refuseForeignNames(record(options, "options"));
    const checked = {
      size: positiveInteger(options.size, "size"),
      epsilon: checkEpsilon(options.epsilon ?? 1e-5),
      backend: checkBackend(options.backend),
    };
    const { size, epsilon, backend } = knownKeys(options, checked);
    const initial = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
    // Parameters draws them in this order
    const values = Object.values(initial);
    const parameters = new Parameters(
      Object.keys(initial).map((name) => [name, [size]]),
      (numbers) => new Float32Array(numbers).fill(values.shift() as number),
    );
    const numbers = (name: keyof typeof initial) =>
      parameters.get(name) as Float32Array;
    const scale = () =>
      Float64Array.from(
        numbers("weight"),
        (weight, i) =>
          weight / Math.sqrt((numbers("running_var")[i] as number) + epsilon),
      );
    // a convolution with kernel size 1 and each feature in a group of its own
    const cell = conv1dCell({
      inputSize: size,
      outputSize: size,
      kernelSize: 1,
      stride: 1,
      dilation: 1,
      groups: size,
      window: null,
      activation: "linear",
      weight: () => Float32Array.from(scale()),
      bias: () =>
        Float32Array.from(
          scale(),
          (factor, i) =>
            (numbers("bias")[i] as number) -
            factor * (numbers("running_mean")[i] as number),
        ),
    });
    super({
      type: "BatchNorm",
      inputSize: size,
      outputSize: size,
      parameters,
      stages: [stageOfCell(cell)],
      backend,
    });
    this.options = Object.freeze(checked);
  }

  /** @internal */
  override prepareStateDict(dict: StateDict, prefix: string): () => void {
    if (!isRecord(dict)) return super.prepareStateDict(dict, prefix);
    const { [`${prefix}num_batches_tracked`]: _, ...own } = dict;
    return super.prepareStateDict(own as StateDict, prefix);
  }

  /** @internal */
  override get description(): LayerDescription {
    const { size, epsilon } = this.options;
    const convention = `PyTorch: with running mean and variance, epsilon ${epsilon}`;
    return { sizes: { size }, convention };
  }
}
