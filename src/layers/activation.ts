import { knownKeys, positiveInteger, record } from "../checks.js";
import { activationCell } from "../kernel/cells/activation.js";
import type {
  Activation as StandardActivation,
  CellActivation,
} from "../kernel/model.js";
import { activationText, checkActivation } from "./activations.js";
import { type BackendChoice, checkBackend } from "./options.js";
import { Parameters } from "./parameters.js";
import { Pointwise, stageOfCell } from "./pointwise.js";

/** Options of an `Activation`. */
export interface ActivationOptions {
  /** Any activation of a cell, or 'softmax' over the features of a step. */
  activation: StandardActivation | CellActivation;
  /** The features of a step. */
  size: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/** y = f(x) at every step. It has no parameters. */
export class Activation extends Pointwise {
  declare readonly type: "Activation";
  readonly options: Readonly<Required<ActivationOptions>>;

  constructor(options: ActivationOptions) {
    record(options, "options");
    const { activation } = options;
    const checked = {
      activation: checkActivation(activation, "activation", ["softmax"]),
      size: positiveInteger(options.size, "size"),
      backend: checkBackend(options.backend),
    };
    const { size } = knownKeys(options, checked);
    super({
      type: "Activation",
      inputSize: size,
      outputSize: size,
      parameters: new Parameters([], () => new Float32Array()),
      stages: [stageOfCell(activationCell(size, checked.activation))],
      backend: checked.backend,
    });
    this.options = Object.freeze(checked);
  }

  /** @internal */
  override get probabilities(): boolean {
    return this.options.activation === "softmax";
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    return [activationText(this.options.activation)];
  }
}
