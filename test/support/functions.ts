import type { ActivationName, CellActivation } from "../../src/index.js";

/** Every function of a cell in float64: f of x, alpha and beta. */
const functions: Record<
  ActivationName,
  (x: number, alpha: number, beta: number) => number
> = {
  linear: (x) => x,
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  softsign: (x) => x / (1 + Math.abs(x)),
  // log(1 + e^x) where e^x does not overflow.
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  elu: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  selu: (x) =>
    1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  leakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  thresholdedRelu: (x, alpha) => (x <= alpha ? 0 : x),
  hardSigmoid: (x, alpha, beta) => Math.min(Math.max(alpha * x + beta, 0), 1),
  affine: (x, alpha, beta) => alpha * x + beta,
  scaledTanh: (x, alpha, beta) => alpha * Math.tanh(beta * x),
  exponential: (x) => Math.exp(x),
  // The limit at -∞, where the formula has ∞ · 0.
  silu: (x) => (x === -Infinity ? 0 : x / (1 + Math.exp(-x))),
  namTanh,
  namSigmoid: (x) => 0.5 * (namTanh(x / 2) + 1),
  rnnoiseTanh,
  rnnoiseSigmoid: (x) => 0.5 + 0.5 * rnnoiseTanh(0.5 * x),
};

/** ONNX's defaults of alpha and beta. */
const defaults: Partial<Record<ActivationName, readonly [number, number?]>> = {
  elu: [1],
  leakyRelu: [0.01],
  thresholdedRelu: [1],
  hardSigmoid: [0.2, 0.5],
  affine: [1, 0],
  scaledTanh: [1, 1],
};

export const activationNames = Object.keys(functions) as ActivationName[];

/** An activation as a function in float64; alpha and beta are float32 numbers, as in the kernel. */
export function functionOf(activation: CellActivation): (x: number) => number {
  const given: { name: ActivationName; alpha?: number; beta?: number } =
    typeof activation === "string" ? { name: activation } : activation;
  const [a = 0, b = 0] = defaults[given.name] ?? [];
  const alpha = Math.fround(given.alpha ?? a);
  const beta = Math.fround(given.beta ?? b);
  return (x) => functions[given.name](x, alpha, beta);
}

// The powers of x in these overflow beyond the limits that they are held at.

function namTanh(value: number): number {
  const x = Math.min(Math.max(value, -1e8), 1e8);
  const size = Math.abs(x);
  const above =
    x *
    (2.45550750702956 +
      2.45550750702956 * size +
      (0.893229853513558 + 0.821226666969744 * size) * x * x);
  const below =
    2.44506634652299 +
    (2.44506634652299 + x * x) * Math.abs(x + 0.814642734961073 * x * size);
  return above / below;
}

function rnnoiseTanh(value: number): number {
  const x = Math.min(Math.max(value, -100), 100);
  const s = x * x;
  const above = x * (952.52801514 + 96.39235687 * s + 0.60863042 * s * s);
  const below = 952.72399902 + 413.36801147 * s + 11.88600922 * s * s;
  return Math.min(Math.max(above / below, -1), 1);
}
