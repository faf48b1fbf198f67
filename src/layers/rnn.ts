import { oneOf, record } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { TensorLike } from "../tensor.js";
import {
  ownOptions,
  recurrentOptions,
  type RecurrentOptions,
} from "./options.js";
import { rnnKind } from "../kernel/model.js";
import { type KerasWeightsOptions, readKerasWeights } from "./keras-weights.js";
import { type CellDescription, Recurrent } from "./recurrent.js";
import { optionsFromDict } from "./weights.js";
import type { State } from "./state.js";

/** Options of an `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** 'tanh' by default. `activations` offers more functions and overrides this one. */
  nonlinearity?: "tanh" | "relu";
}

/** Elman's network: h' = f(W x + b + U h + c), f tanh or relu (Elman 1990; torch.nn.RNN). */
export class RNN extends Recurrent<Required<RNNOptions>, State, "hidden"> {
  declare readonly type: "RNN";

  constructor(options: RNNOptions) {
    const common = recurrentOptions(options, rnnKind);
    const nonlinearity = oneOf(options.nonlinearity ?? "tanh", "nonlinearity", [
      "tanh",
      "relu",
    ]);
    super(ownOptions(options, { ...common, nonlinearity }), {
      kind: rnnKind,
      projSize: 0,
      peepholes: false,
      activations: [nonlinearity],
      cell: (spec) => rnnKind.cell(spec, {}),
    });
  }

  /** @internal */
  protected override get cellDescription(): CellDescription {
    return { words: [this.options.nonlinearity], covered: ["nonlinearity"] };
  }

  /**
   * A layer from a state dict: sizes, number of layers, bias and directions follow from its names and shapes. `options`
   * add what does not, such as the nonlinearity.
   *
   * @throws TypeError, RangeError when the dict is not that of a torch.nn.RNN
   */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<RNNOptions> = {},
  ): RNN {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const { own: _, ...found } = optionsFromDict(dict, prefix, rnnKind);
    return make({ ...found, ...given }).loadStateDict(dict, { prefix });
  }

  /**
   * A layer from weights as Keras's get_weights() returns them: kernel [I, H], recurrent kernel [H, H] and bias [H].
   *
   * @throws TypeError, RangeError that name the array or option
   */
  static fromKerasWeights(
    weights: readonly TensorLike[],
    options: Partial<RNNOptions> & KerasWeightsOptions = {},
  ): RNN {
    record(options, "options");
    // of one gate there is one order
    const { gateOrder: _, forgetBias, ...given } = options;
    const {
      dict,
      resetAfter: __,
      ...found
    } = readKerasWeights(
      rnnKind,
      weights,
      forgetBias === undefined ? {} : { forgetBias },
    );
    return make({ ...found, ...given }).loadStateDict(dict);
  }
}

// outside the class: esbuild renames a class that refers to itself to _RNN, which consoles would show
const make = (options: RNNOptions): RNN => new RNN(options);
