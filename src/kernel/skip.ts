import type { ForwardRun } from "./forward.js";

/**
 * Adds the first `skip` features of every input step to the output's, in place: input (B, T, I), output (B, T, O).
 * Steps past a row's end stay 0.
 */
export function addInput(
  { input, batch, steps, lengths }: ForwardRun,
  output: Float32Array,
  skip: number,
): void {
  const inputSize = input.length / (batch * steps);
  const outputSize = output.length / (batch * steps);
  for (let row = 0; row < batch; row++) {
    for (let t = 0; t < (lengths?.[row] ?? steps); t++) {
      const from = (row * steps + t) * inputSize;
      const to = (row * steps + t) * outputSize;
      for (let i = 0; i < skip; i++)
        output[to + i] =
          (output[to + i] as number) + (input[from + i] as number);
    }
  }
}
