import { message, positiveInteger } from "../checks.js";
import type { Tensor } from "../tensor.js";
import { between } from "../signal/checks.js";
import {
  type Feedback,
  type FrameModel,
  type FrameStream,
  frameSizeOf,
  inputsOf,
  rehearse,
  streamOf,
} from "../signal/frame-model.js";

/** The input of a speech model. All known models use 16 kHz. */
export interface SpeechFrames {
  /** New samples in a frame. */
  frameSamples: number;
  /** Samples of the frame before that precede a frame. */
  contextSamples: number;
  feedback: Feedback;
}

export const SPEECH_RATE = 16_000;

const zeros = (...shape: number[]): Tensor => ({
  shape,
  data: new Float32Array(shape.reduce((size, one) => size * one, 1)),
});

/** Silero's models, by the names of their inputs. */
const KNOWN: readonly (SpeechFrames & { names: readonly string[] })[] = [
  // v5 and v6
  {
    names: ["input", "sr", "state"],
    frameSamples: 512,
    contextSamples: 64,
    feedback: {
      inputs: { sr: SPEECH_RATE },
      states: { state: "stateN" },
      initial: { state: zeros(2, 1, 128) },
    },
  },
  // v4 and before, "legacy"
  {
    names: ["c", "h", "input", "sr"],
    frameSamples: 1536,
    contextSamples: 0,
    feedback: {
      inputs: { sr: SPEECH_RATE },
      states: { h: "hn", c: "cn" },
      initial: { h: zeros(2, 1, 64), c: zeros(2, 1, 64) },
    },
  },
];

/**
 * The input of a model: Silero's models are known; for others it follows from the options or the size of their input.
 *
 * @throws RangeError if neither shows it
 */
export function speechFrames(
  model: FrameModel,
  options: { frameSamples?: number; contextSamples?: number } = {},
): SpeechFrames {
  const names = inputsOf(model).map(({ name }) => name);
  const known = KNOWN.find(
    (one) => one.names.join() === [...names].sort().join(),
  );
  const context = between(
    options.contextSamples ?? known?.contextSamples ?? 0,
    "contextSamples",
    0,
    Number.MAX_SAFE_INTEGER,
  );
  const size = frameSizeOf(model);
  const samples =
    options.frameSamples ??
    known?.frameSamples ??
    (size === null ? null : size - context);
  if (samples === null)
    throw new RangeError(
      message(
        "frameSamples",
        "the samples of a frame, since the model does not say",
        "none",
      ),
    );
  return {
    frameSamples: positiveInteger(samples, "frameSamples"),
    contextSamples: positiveInteger(context + 1, "contextSamples") - 1,
    feedback: known?.feedback ?? {},
  };
}

/** Frames of sound → probabilities of speech. */
export class SpeechStream {
  readonly #stream: FrameStream;
  readonly #frame: Float32Array; // (context + frame)
  readonly #context: number;
  readonly #out = new Float32Array(1);

  constructor(
    model: FrameModel,
    { frameSamples, contextSamples, feedback }: SpeechFrames,
  ) {
    this.#stream = streamOf(model, feedback);
    this.#frame = new Float32Array(contextSamples + frameSamples);
    this.#context = contextSamples;
    rehearse(this.#stream, this.#frame.length, 1);
  }

  /**
   * The probability that there is speech in the frame. If it is not finite, the result is 0 and the model is reset, since
   * its state would never be finite again.
   */
  probability(frame: Float32Array): number {
    const samples = this.#frame;
    samples.copyWithin(0, samples.length - this.#context);
    samples.set(frame, this.#context);
    this.#stream.step(samples, this.#out);
    const probability = this.#out[0] as number;
    if (Number.isFinite(probability)) return probability;
    this.reset();
    return 0;
  }

  reset(): void {
    this.#frame.fill(0);
    this.#stream.reset();
  }
}
