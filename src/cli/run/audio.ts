/*
 * The samples of a WAV file as a batch: one row per channel, one step per sample, each with the positions of the knobs.
 */
import { counted } from "../../checks.js";
import type { Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import type { Audio } from "../data/wav.js";
import { UsageError } from "../errors.js";

/** [channels, T, I] */
export function fromAudio(
  { channels }: Audio,
  model: Sequential,
  knobs: readonly number[],
): Tensor {
  const size = model.inputSize;
  if (knobs.length !== size - 1)
    throw new UsageError(
      `--knobs: expected ${counted(size - 1, "number")}, the model's inputs besides the sample, got ${knobs.length}`,
    );
  const steps = channels[0]?.length ?? 0;
  const data = new Float32Array(channels.length * steps * size);
  let at = 0;
  for (const samples of channels)
    for (const sample of samples) {
      data[at++] = sample;
      for (const knob of knobs) data[at++] = knob;
    }
  return { shape: [channels.length, steps, size], data };
}

/** The rows of [B, T, 1] or the features of [T, O], as channels. */
export function toAudio({ shape, data }: Tensor, sampleRate: number): Audio {
  const [features = 0, steps = 0, rows = 1] = [...shape].reverse();
  if (shape.length < 2 || shape.length > 3 || (rows > 1 && features > 1))
    throw new UsageError(
      `a WAV file: expected outputs [channels, T, 1] or [T, channels], got [${shape.join(", ")}]`,
    );
  const count = Math.max(rows, features);
  const channels = Array.from({ length: count }, (_, c) => {
    const first = rows > 1 ? c * steps : c;
    const stride = rows > 1 ? 1 : features;
    return Float32Array.from(
      { length: steps },
      (_, t) => data[first + t * stride] as number,
    );
  });
  return { sampleRate, channels };
}
