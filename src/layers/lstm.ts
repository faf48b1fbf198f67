import { boolean, message, nonNegativeInteger, record } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { TensorLike } from "../tensor.js";
import {
  checkClip,
  ownOptions,
  recurrentOptions,
  type RecurrentOptions,
} from "./options.js";
import { lstmKind } from "../kernel/model.js";
import { type KerasWeightsOptions, readKerasWeights } from "./keras-weights.js";
import { type CellDescription, Recurrent } from "./recurrent.js";
import { optionsFromDict } from "./weights.js";
import type { State } from "./state.js";

/** Options of an `LSTM`. */
export interface LSTMOptions extends RecurrentOptions {
  /** P < H: the outputs are W_hr h, of this size (Sak et al. 2014); 0, the default, for no projection. */
  projSize?: number;
  /**
   * The gates see the cell: i and f the old one, o the new one (Gers and Schmidhuber 2000). Adds the parameters
   * weight_peephole_l{k} [3·H], in the order i f o. false by default.
   */
  peepholes?: boolean;
  /** f = 1 - i, whatever the weights of f (Greff et al. 2015; ONNX's input_forget); false by default. */
  coupledGates?: boolean;
  /** Limits c to ±cellClip at every step (Sak et al. 2014; TensorFlow's cell_clip); Infinity, no limit, by default. */
  cellClip?: number;
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with Gers's forget gate; torch.nn.LSTM):
 *
 *     i, f, o = σ(W x + b + U h + c)    g = tanh(W x + b + U h + c)    c' = f ∘ c + i ∘ g    h' = o ∘ tanh(c')
 */
export class LSTM extends Recurrent<
  Required<LSTMOptions>,
  Required<State>,
  "input" | "forget" | "candidate" | "output" | "cell" | "hidden"
> {
  declare readonly type: "LSTM";

  constructor(options: LSTMOptions) {
    const common = recurrentOptions(options, lstmKind);
    const projSize = nonNegativeInteger(options.projSize ?? 0, "projSize");
    if (projSize >= common.hiddenSize) {
      throw new RangeError(
        message(
          "projSize",
          `less than hiddenSize ${common.hiddenSize}`,
          `${projSize}`,
        ),
      );
    }
    const peepholes = boolean(options.peepholes ?? false, "peepholes");
    const coupled = boolean(options.coupledGates ?? false, "coupledGates");
    const cellClip = checkClip(options.cellClip ?? Infinity, "cellClip");
    super(
      ownOptions(options, {
        ...common,
        projSize,
        peepholes,
        coupledGates: coupled,
        cellClip,
      }),
      {
        kind: lstmKind,
        projSize,
        peepholes,
        activations: lstmKind.activations,
        cell: (spec) => lstmKind.cell(spec, { peepholes, coupled, cellClip }),
      },
    );
  }

  /** @internal */
  protected override get cellDescription(): CellDescription {
    const { projSize } = this.options;
    const sizes = projSize ? { projSize } : {};
    return {
      gates: lstmKind.orders.pytorch,
      sizes,
      covered: ["projSize"],
    };
  }

  /**
   * A layer from a state dict: sizes, number of layers, bias, directions, projection and peepholes follow from its names
   * and shapes. `options` add the rest.
   *
   * @throws TypeError, RangeError when the dict is not that of a torch.nn.LSTM
   */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<LSTMOptions> = {},
  ): LSTM {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const { own, ...found } = optionsFromDict(dict, prefix, lstmKind);
    return make({ ...found, ...own, ...given }).loadStateDict(dict, {
      prefix,
    });
  }

  /**
   * A layer from weights as Keras's get_weights() returns them: kernel [I, 4·H], recurrent kernel [H, 4·H] and bias
   * [4·H], gates in the order i f c o or as gateOrder says; or the single kernel [I + H, 4·H] and bias of TensorFlow's
   * BasicLSTMCell (gateOrder "ijfo", forgetBias 1).
   *
   * @throws TypeError, RangeError that name the array or option
   */
  static fromKerasWeights(
    weights: readonly TensorLike[],
    options: Partial<LSTMOptions> & KerasWeightsOptions = {},
  ): LSTM {
    record(options, "options");
    const { gateOrder, forgetBias, ...given } = options;
    const {
      dict,
      resetAfter: _,
      ...found
    } = readKerasWeights(lstmKind, weights, {
      ...(gateOrder !== undefined && { gateOrder }),
      ...(forgetBias !== undefined && { forgetBias }),
    });
    return make({ ...found, ...given }).loadStateDict(dict);
  }
}

// outside the class: esbuild renames a class that refers to itself to _LSTM, which consoles would show
const make = (options: LSTMOptions): LSTM => new LSTM(options);
