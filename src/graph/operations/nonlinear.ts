/*
 * Activation functions, elementwise. Those of cells are the layers' own.
 */
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import { erf } from "./functions.js";
import { mapped, unary, withNumbers } from "./mapped.js";

const gelu: Compile = (node) => {
  node.expectInputs(1);
  const approximate =
    node.word("approximate", ["none", "tanh"], "none") === "tanh";
  const f = approximate
    ? (x: number) =>
        0.5 *
        x *
        (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
    : (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));
  return mapped(node, (x, y) => {
    for (let i = 0; i < y.length; i++) y[i] = f(x[i] as number);
  });
};

/** log(1 + e^x), which neither overflows nor loses small numbers. */
const softplus = (x: number): number =>
  Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const nonlinear = (): Family => ({
  foldable: true,
  operations: {
    Gelu: gelu,
    LeakyRelu: withNumbers(
      { alpha: 0.01 },
      (alpha) => (x) => (x < 0 ? alpha! * x : x),
    ),
    ThresholdedRelu: withNumbers(
      { alpha: 1 },
      (alpha) => (x) => (x > alpha! ? x : 0),
    ),
    Elu: withNumbers(
      { alpha: 1 },
      (alpha) => (x) => (x < 0 ? alpha! * Math.expm1(x) : x),
    ),
    Celu: withNumbers(
      { alpha: 1 },
      (alpha) => (x) =>
        Math.max(0, x) + Math.min(0, alpha! * Math.expm1(x / alpha!)),
    ),
    Selu: withNumbers(
      { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 },
      (alpha, gamma) => (x) =>
        x > 0 ? gamma! * x : gamma! * alpha! * Math.expm1(x),
    ),
    HardSigmoid: withNumbers(
      { alpha: 0.2, beta: 0.5 },
      (alpha, beta) => (x) => Math.max(0, Math.min(1, alpha! * x + beta!)),
    ),
    HardSwish: unary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
    Shrink: withNumbers(
      { lambd: 0.5, bias: 0 },
      (lambd, bias) => (x) =>
        x < -lambd! ? x + bias! : x > lambd! ? x - bias! : 0,
    ),
    Softplus: unary(softplus),
    Softsign: unary((x) => x / (1 + Math.abs(x))),
    Mish: unary((x) => x * Math.tanh(softplus(x))),
    Swish: withNumbers({ alpha: 1 }, (alpha) => (x) => x * sigmoid(alpha! * x)),
  },
});
