import { boolean, oneOf, record } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { TensorLike } from "../tensor.js";
import {
  ownOptions,
  recurrentOptions,
  type RecurrentOptions,
} from "./options.js";
import { gruKind } from "../kernel/model.js";
import { type KerasWeightsOptions, readKerasWeights } from "./keras-weights.js";
import { type CellDescription, Recurrent } from "./recurrent.js";
import { optionsFromDict } from "./weights.js";
import type { State } from "./state.js";

/** Options of a `GRU`. */
export interface GRUOptions extends RecurrentOptions {
  /**
   * true, the default: n = tanh(W x + b + r ∘ (U h + c)), as in PyTorch, cuDNN and Keras. false:
   * n = tanh(W x + b + c + U (r ∘ h)), as in Cho et al. 2014 and Chung et al. 2014.
   */
  resetAfter?: boolean;
  /** 'keep', the default: h' = z ∘ h + (1 - z) ∘ n, as in PyTorch. 'replace': h' = (1 - z) ∘ h + z ∘ n (Chung et al. 2014). */
  updateGate?: "keep" | "replace";
}

/** Gated recurrent unit (Cho et al. 2014; torch.nn.GRU): r, z = σ(W x + b + U h + c), n and h' as the options say. */
export class GRU extends Recurrent<
  Required<GRUOptions>,
  State,
  "reset" | "update" | "candidate" | "hidden"
> {
  declare readonly type: "GRU";

  constructor(options: GRUOptions) {
    const common = recurrentOptions(options, gruKind);
    const resetAfter = boolean(options.resetAfter ?? true, "resetAfter");
    const updateGate = oneOf(options.updateGate ?? "keep", "updateGate", [
      "keep",
      "replace",
    ]);
    super(ownOptions(options, { ...common, resetAfter, updateGate }), {
      kind: gruKind,
      projSize: 0,
      peepholes: false,
      activations: gruKind.activations,
      cell: (spec) =>
        gruKind.cell(spec, {
          resetBefore: !resetAfter,
          replace: updateGate === "replace",
        }),
    });
  }

  /** @internal */
  protected override get cellDescription(): CellDescription {
    const { resetAfter, updateGate } = this.options;
    const reset = `reset ${resetAfter ? "after" : "before"}`;
    return {
      gates: gruKind.orders.pytorch,
      words: [reset, `update gate ${updateGate}s`],
      covered: ["resetAfter", "updateGate"],
    };
  }

  /**
   * A layer from a state dict: sizes, number of layers, bias and directions follow from its names and shapes. `options`
   * add what does not, such as resetAfter and updateGate.
   *
   * @throws TypeError, RangeError when the dict is not that of a torch.nn.GRU
   */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<GRUOptions> = {},
  ): GRU {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const { own: _, ...found } = optionsFromDict(dict, prefix, gruKind);
    return make({ ...found, ...given }).loadStateDict(dict, { prefix });
  }

  /**
   * A layer from weights as Keras's get_weights() returns them: kernel [I, 3·H], recurrent kernel [H, 3·H] and bias,
   * [2, 3·H] with reset_after and [3·H] without, which sets resetAfter; gates in the order z r h or as gateOrder says.
   *
   * @throws TypeError, RangeError that name the array or option
   */
  static fromKerasWeights(
    weights: readonly TensorLike[],
    options: Partial<GRUOptions> & KerasWeightsOptions = {},
  ): GRU {
    record(options, "options");
    const { gateOrder, forgetBias, ...given } = options;
    const { dict, resetAfter, ...found } = readKerasWeights(gruKind, weights, {
      ...(gateOrder !== undefined && { gateOrder }),
      ...(forgetBias !== undefined && { forgetBias }),
    });
    const reset = resetAfter === null ? {} : { resetAfter };
    return make({ ...found, ...reset, ...given }).loadStateDict(dict);
  }
}

// outside the class: esbuild renames a class that refers to itself to _GRU, which consoles would show
const make = (options: GRUOptions): GRU => new GRU(options);
