/*
 * Functions of one number, as mathematics has them.
 */
import type { Family } from "../table.js";
import { type Unary, unary, unaryLoop } from "./mapped.js";

/** To the nearest even integer. */
const round: Unary = (x) => {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/** Within 1e-15 of the error function: a series near 0, a continued fraction beyond. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return Number.isNaN(x) ? x : (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  const tail = Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
  return Math.sign(x) * (1 - tail);
}

export const functions = (): Family => ({
  foldable: true,
  operations: {
    Sqrt: unaryLoop(
      (x, y) => {
        for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i] as number);
      },
      false,
      "sqrt",
    ),
    Relu: unaryLoop(
      (x, y) => {
        for (let i = 0; i < y.length; i++) {
          const own = x[i] as number;
          y[i] = own < 0 ? 0 : own;
        }
      },
      true,
      "relu",
    ),
    Tanh: unaryLoop((x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i] as number);
    }),
    Sigmoid: unaryLoop((x, y) => {
      for (let i = 0; i < y.length; i++)
        y[i] = 1 / (1 + Math.exp(-(x[i] as number)));
    }),
    Exp: unary(Math.exp),
    Log: unary(Math.log, false, "log"),
    Neg: unary((x) => -x, true),
    Abs: unary(Math.abs, true),
    Reciprocal: unary((x) => 1 / x),
    Floor: unary(Math.floor),
    Ceil: unary(Math.ceil),
    Round: unary(round),
    Sign: unary(Math.sign, true),
    Erf: unary(erf),
    Sin: unary(Math.sin),
    Cos: unary(Math.cos),
    Tan: unary(Math.tan),
    Asin: unary(Math.asin),
    Acos: unary(Math.acos),
    Atan: unary(Math.atan),
    Sinh: unary(Math.sinh),
    Cosh: unary(Math.cosh),
    Asinh: unary(Math.asinh),
    Acosh: unary(Math.acosh),
    Atanh: unary(Math.atanh),
  },
});
