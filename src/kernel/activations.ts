/** The activations of the standard kernels, by their numbers in assembly/linear.ts. */
export const ACTIVATIONS = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "softmax",
] as const;
/** A function of the standard kernels; softmax is only for a Linear. */
export type Activation = (typeof ACTIVATIONS)[number];

/** The functions of cells and of Linear, by name; `alpha` and `beta` are those of ONNX. */
export type ActivationName =
  | "linear"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "softsign"
  | "softplus"
  | "elu"
  | "selu"
  | "leakyRelu"
  | "thresholdedRelu"
  | "hardSigmoid"
  | "affine"
  | "scaledTanh"
  | "exponential"
  | "silu"
  | "namTanh"
  | "namSigmoid"
  | "rnnoiseTanh"
  | "rnnoiseSigmoid";

/** A function by name, optionally with its alpha and beta, whose defaults are ONNX's. */
export type CellActivation =
  | ActivationName
  | {
      readonly name: ActivationName;
      readonly alpha?: number;
      readonly beta?: number;
    };

/** A function in a layer's record: its number in assembly/all-activations.ts, and its two constants there. */
export interface ActivationCode {
  readonly number: number;
  readonly a: number;
  readonly b: number;
}

type Constants = readonly [a: number, b: number];

/** A function's number, the defaults of alpha and beta, and the constants computed from them. */
interface Definition {
  readonly number: number;
  /** Defaults of alpha and beta: as many as the function has. */
  readonly defaults: readonly number[];
  readonly constants: (alpha: number, beta: number) => Constants;
}

const define = (
  number: number,
  defaults: readonly number[] = [],
  constants: Definition["constants"] = (alpha, beta) => [alpha, beta],
): Definition => ({ number, defaults, constants });

const fixed = (number: number, a: number, b = 0): Definition =>
  define(number, [], () => [a, b]);

/** Klambauer et al. 2017, with Keras's digits. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

export const DEFINITIONS: Readonly<Record<ActivationName, Definition>> = {
  linear: fixed(0, 0),
  tanh: fixed(1, 1, 1),
  scaledTanh: define(1, [1, 1]), // α tanh(β x)
  sigmoid: fixed(2, 0),
  relu: fixed(3, 0),
  leakyRelu: define(4, [0.01]), // x, or α x below 0
  thresholdedRelu: define(5, [1]), // x above α, else 0
  elu: define(6, [1], (alpha) => [alpha, 1]), // x, or α (e^x - 1) below 0
  selu: fixed(6, SELU_SCALE * SELU_ALPHA, SELU_SCALE),
  softplus: fixed(7, 0), // log(1 + e^x)
  softsign: fixed(8, 0), // x / (1 + |x|)
  hardSigmoid: define(9, [0.2, 0.5]), // α x + β within 0 … 1
  affine: define(10, [1, 0]), // α x + β
  exponential: fixed(11, 0),
  silu: fixed(12, 0), // x σ(x)
  // A rational in the place of tanh, and σ(x) = ½ tanh(½ x) + ½ by it: Neural Amp Modeler's, and that of RNNoise from 0.2 on
  // (Opus 1.5 has the same). RNNoise up to 0.1.1 looks tanh up in a table, which differs by up to 6.0e-5.
  namTanh: fixed(13, 1),
  namSigmoid: fixed(13, 0.5),
  rnnoiseTanh: fixed(14, 1),
  rnnoiseSigmoid: fixed(14, 0.5),
};

export const ACTIVATION_NAMES = Object.keys(DEFINITIONS) as ActivationName[];

export const nameOf = (
  activation: CellActivation | Activation,
): ActivationName | Activation =>
  typeof activation === "string" ? activation : activation.name;

export function codeOf(activation: CellActivation): ActivationCode {
  const name = nameOf(activation) as ActivationName;
  const { number, defaults, constants } = DEFINITIONS[name];
  const { alpha = defaults[0] ?? 0, beta = defaults[1] ?? 0 } =
    typeof activation === "string" ? {} : activation;
  const [a, b] = constants(alpha, beta);
  return { number, a, b };
}
