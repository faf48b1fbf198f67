import { message, positiveInteger } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import { recurrentOptions, type RecurrentOptions } from "./options.js";
import { Recurrent } from "./recurrent.js";
import { optionsFromDict } from "./weights.js";

export interface LSTMOptions extends RecurrentOptions {
  /** P < H: outputs are W_hr h, of this size (Sak et al. 2014); 0, the default: none. */
  projSize?: number;
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with Gers's forget gate; torch.nn.LSTM):
 *
 *     i, f, o = σ(W x + b + U h + c)    g = tanh(W x + b + U h + c)    c' = f ∘ c + i ∘ g    h' = o ∘ tanh(c')
 */
export class LSTM extends Recurrent<Required<LSTMOptions>> {
  constructor(options: LSTMOptions) {
    const common = recurrentOptions(options);
    const projSize = options.projSize
      ? positiveInteger(options.projSize, "projSize")
      : 0;
    if (projSize >= common.hiddenSize) {
      throw new RangeError(
        message(
          "projSize",
          `less than hiddenSize ${common.hiddenSize}`,
          `${projSize}`,
        ),
      );
    }
    const features = {
      activation: "tanh",
      resetBefore: false,
      replace: false,
    } as const;
    super(
      { ...common, projSize },
      { kind: "lstm", name: "LSTM", gates: 4, projSize, features },
    );
  }

  /**
   * A layer of the sizes, layers, bias, directions and projection that the dict's names and shapes tell.
   *
   * @throws TypeError, RangeError when the dict is not that of a torch.nn.LSTM
   */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<LSTMOptions> = {},
  ): LSTM {
    const { prefix = "", ...given } = options;
    return new LSTM({
      ...optionsFromDict(dict, prefix, 4),
      ...given,
    }).loadStateDict(dict, { prefix });
  }
}
