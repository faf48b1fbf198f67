import type {
  StandardActivation,
  CellActivation,
  StateDict,
  Tensor,
} from "../../src/index.js";
import { functionOf } from "./functions.js";

/** An activation in float64, over one row of outputs. */
export function activate(
  activation: StandardActivation | CellActivation,
  row: number[],
): number[] {
  if (activation !== "softmax") return row.map(functionOf(activation));
  const most = Math.max(...row);
  const powers = row.map((a) => Math.exp(a - most));
  const sum = powers.reduce((total, p) => total + p, 0);
  return powers.map((p) => p / sum);
}

/** y = f(W x + b) for every row of x, in float64. */
export function linear(
  weights: StateDict,
  activation: StandardActivation | CellActivation,
  x: Tensor,
): number[][] {
  const { shape, data } = weights.weight!;
  const [outputs = 0, inputs = 0] = shape;
  const rows: number[][] = [];
  for (let from = 0; from < x.data.length; from += inputs) {
    const row: number[] = [];
    for (let o = 0; o < outputs; o++) {
      let sum: number = weights.bias?.data[o] ?? 0;
      for (let i = 0; i < inputs; i++)
        sum += data[o * inputs + i]! * x.data[from + i]!;
      row.push(sum);
    }
    rows.push(activate(activation, row));
  }
  return rows;
}
