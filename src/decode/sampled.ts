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

/** Where a sequence begins and ends. */
export interface GreedyOptions {
  /** The token that the sequence begins with, which the stream has not read yet; not yielded. */
  start: number;
  /** The token that ends the sequence; not yielded. None by default. */
  stop?: number;
  /** The most tokens, `stop` included; no end by default. */
  steps?: number;
}

/** Where a sequence begins and ends, and how its tokens are drawn. */
export interface SampleOptions extends GreedyOptions, SamplingOptions {
  /** Of the choices; 0 by default. */
  seed?: number;
}

/** A token, and how likely the model found it. */
export interface ScoredToken {
  token: number;
  /** Its log-probability as the model gives it, whatever temperature, topK and topP make of it. */
  score: number;
}

/** Tokens one by one; the generator returns the whole sequence, its score the sum. */
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
 * The likeliest token each time: what `beamSearch` finds with one beam.
 *
 * @param stream is left as it is: a fork of it runs
 * @throws TypeError, RangeError that name the option, at once; with the first token where it depends on their number
 */
export function greedy(stream: TokenStream, options: GreedyOptions): Tokens {
  checkStream(stream);
  record(options, "options", GREEDY);
  return sample(stream, { ...options, temperature: 0 });
}

/**
 * Tokens drawn by their probability, as `Sequential.generate` draws them: the same seed, the same tokens.
 *
 * @param stream is left as it is: a fork of it runs
 * @throws TypeError, RangeError that name the option, at once; with the first token where it depends on their number
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
