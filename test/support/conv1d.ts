/* Convolutions of every kind, and what their tests compare. */
import { expect } from "vitest";
import type { Conv1dOptions, Tensor } from "../../src/index.js";

/** Several panels of outputs and a ragged rest; inputs of one, of an odd and of an even number. */
const ALL: readonly Conv1dOptions[] = [
  { inputSize: 1, outputSize: 1, kernelSize: 1 },
  { inputSize: 1, outputSize: 5, kernelSize: 4 },
  { inputSize: 3, outputSize: 35, kernelSize: 3 },
  { inputSize: 6, outputSize: 16, kernelSize: 2, dilation: 3 },
  { inputSize: 5, outputSize: 18, kernelSize: 3, dilation: 2 },
  { inputSize: 4, outputSize: 4, kernelSize: 3, groups: 4 },
  { inputSize: 5, outputSize: 5, kernelSize: 4, groups: 5, dilation: 2 },
  { inputSize: 6, outputSize: 9, kernelSize: 3, groups: 3 },
  { inputSize: 3, outputSize: 12, kernelSize: 2, groups: 3, bias: false },
  { inputSize: 8, outputSize: 64, kernelSize: 3, groups: 2, dilation: 2 },
  { inputSize: 6, outputSize: 32, kernelSize: 2, groups: 2 },
  { inputSize: 3, outputSize: 6, kernelSize: 3, activation: "softmax" },
  {
    inputSize: 3,
    outputSize: 6,
    kernelSize: 2,
    groups: 3,
    activation: "softmax",
  },
  {
    inputSize: 2,
    outputSize: 7,
    kernelSize: 3,
    activation: { name: "leakyRelu", alpha: 0.3 },
  },
];

export const SHAPES = ALL.map((shape) => ({ ...shape, seed: 1 }));

/** Where the windows lie. */
export const PLACES = [
  { padding: "causal" },
  { padding: "causal", stride: 3 },
  { padding: "same" },
  { padding: "same", stride: 2 },
  { padding: "same", stride: 3 },
  { padding: "valid" },
  { padding: "valid", stride: 2 },
  { padding: 2 },
  { padding: 3, stride: 4 },
] as const;

export const rowsOf = ({ shape, data }: Tensor): number[][] => {
  const size = shape.at(-1)!;
  return Array.from({ length: data.length / size }, (_, t) =>
    Array.from(data.slice(t * size, (t + 1) * size)),
  );
};

/** The largest difference; one assertion a number would take seconds. */
export function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance = 2e-6,
) {
  expect(got.length).toBe(wanted.length);
  let worst = 0;
  for (let i = 0; i < got.length; i++)
    worst = Math.max(worst, Math.abs(got[i]! - wanted[i]!));
  expect(worst).toBeLessThan(tolerance);
}
