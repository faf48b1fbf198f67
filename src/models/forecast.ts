import { message, positiveInteger } from "../checks.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { sequences } from "../layers/input.js";
import type { Stream } from "../layers/stream.js";

/** A model, as far as a forecast needs it. */
interface Forecaster {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly takesTokens: boolean;
  stream(): Stream;
}

/** Continues after `history` [T, I], each output being the next input. The result is [steps, I]. */
export function forecast(
  model: Forecaster,
  history: TensorLike,
  steps: number,
): Tensor {
  const { inputSize, outputSize, takesTokens: tokens } = model;
  if (tokens || outputSize !== inputSize) {
    const got = tokens
      ? "a model that takes tokens"
      : `${inputSize} inputs and ${outputSize} outputs`;
    const expected = "as many outputs as inputs";
    throw new RangeError(message("forecast", expected, got));
  }
  const past = sequences(history, inputSize, "history");
  if (past.batched) {
    const got = `[${past.batch}, ${past.steps}, ${inputSize}]`;
    throw new RangeError(message("history", `[T, ${inputSize}]`, got));
  }
  positiveInteger(steps, "steps");
  const stream = model.stream();
  const data = new Float32Array(steps * inputSize);
  const frame = stream.run(past.data).slice(-inputSize);
  for (let step = 0; step < steps; step++) {
    data.set(frame, step * inputSize);
    if (step + 1 < steps) stream.step(frame, frame);
  }
  return { shape: [steps, inputSize], data };
}
