import { message, positiveInteger, record, wrong } from "../checks.js";
import { seeded } from "../random.js";
import { checkToken } from "../layers/input.js";
import { checkSeed } from "../layers/options.js";
import type { Stream } from "../layers/stream.js";
import {
  checkSampling,
  sample,
  type Sampling,
  type SamplingOptions,
} from "./sampling.js";

/** Options of `generate`. */
export interface GenerateOptions extends SamplingOptions {
  /** The tokens to start from, at least one; they are not yielded. */
  prompt: readonly number[];
  /** The maximum number of tokens; unlimited by default. */
  steps?: number;
  /** A token that ends the sequence; it is not yielded. */
  stop?: number;
  /** The seed of the random choices; 0 by default. */
  seed?: number;
}

const GENERATE = {
  prompt: 0,
  steps: 0,
  temperature: 0,
  topK: 0,
  topP: 0,
  stop: 0,
  seed: 0,
} satisfies Record<keyof GenerateOptions, 0>;

/** Checks everything at once; the returned generator runs the stream, which has one output per token. */
export function generate<S>(
  stream: Stream<S>,
  options: GenerateOptions,
): Generator<number> {
  const vocabSize = stream.outputSize;
  record(options, "options", GENERATE);
  const {
    prompt,
    steps = Number.POSITIVE_INFINITY,
    stop,
    seed = 0,
  } = options as GenerateOptions;
  if (!Array.isArray(prompt) && !ArrayBuffer.isView(prompt))
    throw wrong(false, "prompt", "an array of tokens", prompt);
  if (!prompt.length)
    throw new RangeError(message("prompt", "at least one token", "none"));
  const tokens = Array.from(prompt, (token, index) =>
    checkToken(token, vocabSize, `prompt[${index}]`),
  );
  if (steps !== Number.POSITIVE_INFINITY) positiveInteger(steps, "steps");
  const sampling = checkSampling(options, vocabSize);
  if (stop !== undefined) checkToken(stop, vocabSize, "stop");
  checkSeed(seed);
  return run(stream, tokens, steps, stop, seed, sampling);
}

function* run<S>(
  stream: Stream<S>,
  prompt: readonly number[],
  steps: number,
  stop: number | undefined,
  seed: number,
  sampling: Sampling,
): Generator<number> {
  const random = seeded(seed);
  const frame = new Float32Array(stream.inputSize);
  const feed = (token: number): Float32Array => {
    if (stream.takesTokens) frame[0] = token;
    else frame.fill(0)[token] = 1;
    return stream.step(frame);
  };
  let outputs = prompt.map(feed).at(-1) as Float32Array;
  for (let step = 0; step < steps; step++) {
    const logits = stream.probabilities ? outputs.map(Math.log) : outputs;
    const token = sample(logits, sampling, random);
    if (token === stop) return;
    yield token;
    outputs = feed(token);
  }
}
