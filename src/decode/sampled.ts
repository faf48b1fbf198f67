import { nonNegativeInteger, positiveInteger, record } from "../checks.js";
import { checkSeed } from "../layers/options.js";
import {
  checkSampling,
  sample as draw,
  type SamplingOptions,
} from "../models/sampling.js";
import { seeded } from "../random.js";
import type { Hypothesis } from "./beam-search.js";
import { logSoftmax } from "./log.js";
import {
  checkStream,
  checkTokenBelow,
  OUTPUTS,
  successors,
  type TokenStream,
} from "./token-stream.js";

/** Options of `greedy`. */
export interface GreedyOptions {
  /** The token that starts the sequence, which the stream has not read yet; not yielded. */
  start: number;
  /** The token that ends the sequence; not yielded. None by default. */
  stop?: number;
  /** The maximum number of tokens, including `stop`; unlimited by default. */
  steps?: number;
}

/** Options of `sample`. */
export interface SampleOptions extends GreedyOptions, SamplingOptions {
  /** The seed of the random choices; 0 by default. */
  seed?: number;
}

/** A token and its probability. */
export interface ScoredToken {
  token: number;
  /** Its log-probability in the model, not changed by temperature, topK and topP. */
  score: number;
}

/** Yields tokens one by one; returns the whole sequence, whose score is the sum. */
export type Tokens = Generator<ScoredToken, Hypothesis, undefined>;

const GREEDY = { start: 0, stop: 0, steps: 0 } satisfies Record<
  keyof GreedyOptions,
  0
>;
const SAMPLE = {
  ...GREEDY,
  temperature: 0,
  topK: 0,
  topP: 0,
  seed: 0,
} satisfies Record<keyof SampleOptions, 0>;

/**
 * Always picks the likeliest token, like `beamSearch` with one beam.
 *
 * @param stream is not changed: a fork of it runs
 * @throws TypeError, RangeError that name the option: when called, or with the first token if it depends on the number of
 *   tokens
 */
export function greedy(stream: TokenStream, options: GreedyOptions): Tokens {
  checkStream(stream);
  record(options, "options", GREEDY);
  return sample(stream, { ...options, temperature: 0 });
}

/**
 * Draws tokens by their probability, like `Sequential.generate`, with the same tokens for the same seed.
 *
 * @param stream is not changed: a fork of it runs
 * @throws TypeError, RangeError that name the option: when called, or with the first token if it depends on the number of
 *   tokens
 */
export function sample(stream: TokenStream, options: SampleOptions): Tokens {
  checkStream(stream);
  record(options, "options", SAMPLE);
  nonNegativeInteger(options.start, "start");
  const { stop, steps = Number.POSITIVE_INFINITY } = options;
  if (stop !== undefined) nonNegativeInteger(stop, "stop");
  if (steps !== Number.POSITIVE_INFINITY) positiveInteger(steps, "steps");
  checkSeed(options.seed ?? 0);
  checkSampling(options, 1);
  return run(stream.fork(), options);
}

function* run(stream: TokenStream, options: SampleOptions): Tokens {
  const { start, stop, steps = Number.POSITIVE_INFINITY } = options;
  const random = seeded(options.seed ?? 0);
  const tokens: number[] = [];
  let sum = 0;
  try {
    while (tokens.length < steps) {
      const logits = successors(stream, tokens.at(-1) ?? start);
      checkTokenBelow(stop, "stop", logits.length);
      const row = logSoftmax(logits, OUTPUTS);
      const token = draw(logits, checkSampling(options, row.length), random);
      const score = row[token] as number;
      sum += score;
      if (token === stop) return { tokens, score: sum, finished: true };
      tokens.push(token);
      yield { token, score };
    }
    return { tokens, score: sum, finished: false };
  } finally {
    stream.dispose?.();
  }
}
