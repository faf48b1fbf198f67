import type { ForwardRun } from "./forward.js";

/**
 * Adds the first `skip` features of every input step to the output's, in place: input (B, T, I), output (B, T, O).
 * Steps past a row's end, and those that `mask` (B, T) has at 0, stay as they are.
 */
export function addInput(
  { input, batch, steps, lengths }: ForwardInput,
  output: Float32Array,
  skip: number,
  mask: Uint8Array | null = null,
): void {
  const inputSize = input.length / (batch * steps);
  const outputSize = output.length / (batch * steps);
  for (let row = 0; row < batch; row++) {
    for (let t = 0; t < (lengths?.[row] ?? steps); t++) {
      const step = row * steps + t;
      if (mask?.[step] === 0) continue;
      const from = step * inputSize;
      const to = step * outputSize;
      for (let i = 0; i < skip; i++)
        output[to + i] =
          (output[to + i] as number) + (input[from + i] as number);
    }
  }
}

type ForwardInput = Pick<ForwardRun, "input" | "batch" | "steps" | "lengths">;
