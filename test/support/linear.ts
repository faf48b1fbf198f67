import type { Activation, StateDict, Tensor } from "../../src/index.js";

const each = (f: (a: number) => number) => (row: number[]) => row.map(f);

/** The activations in float64, one row of outputs at a time. */
export const activations: Record<Activation, (row: number[]) => number[]> = {
  linear: (row) => row,
  tanh: each(Math.tanh),
  sigmoid: each((a) => 1 / (1 + Math.exp(-a))),
  relu: each((a) => Math.max(a, 0)),
  softmax(row) {
    const most = Math.max(...row);
    const powers = row.map((a) => Math.exp(a - most));
    const sum = powers.reduce((total, p) => total + p, 0);
    return powers.map((p) => p / sum);
  },
};

/** y = f(W x + b) for every row of x, in float64. */
export function linear(
  weights: StateDict,
  activation: Activation,
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
    rows.push(activations[activation](row));
  }
  return rows;
}
