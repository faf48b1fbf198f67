import { message, positiveInteger, record, wrong } from "../checks.js";
import { seeded } from "../random.js";
import { checkToken } from "./input.js";
import { checkSeed } from "./options.js";
import type { Stream } from "./stream.js";

/** Where to start, how to choose, when to end. */
export interface GenerateOptions {
  /** The tokens to start from, at least one; they are not yielded. */
  prompt: readonly number[];
  /** How many tokens at most; no end by default. */
  steps?: number;
  /** 1 by default; below 1 likelier tokens gain; 0: always the likeliest. */
  temperature?: number;
  /** Only the k likeliest. */
  topK?: number;
  /** Only the likeliest that together have at least this probability. */
  topP?: number;
  /** A token that ends the sequence; it is not yielded. */
  stop?: number;
  /** Of the choices; 0 by default. */
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

/** What the model's first and last layer make of tokens. */
interface Vocabulary {
  readonly vocabSize: number;
  readonly oneHot: boolean;
  readonly probabilities: boolean;
}

interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** Checks everything now; the generator that it returns runs the stream. */
export function generate<S>(
  stream: Stream<S>,
  vocabulary: Vocabulary,
  options: GenerateOptions,
): Generator<number> {
  const { vocabSize } = vocabulary;
  record(options, "options", GENERATE);
  const {
    prompt,
    steps = Number.POSITIVE_INFINITY,
    stop,
    seed = 0,
    temperature = 1,
    topP = 1,
  } = options as GenerateOptions;
  if (!Array.isArray(prompt) && !ArrayBuffer.isView(prompt))
    throw wrong(false, "prompt", "an array of tokens", prompt);
  if (!prompt.length)
    throw new RangeError(message("prompt", "at least one token", "none"));
  const tokens = Array.from(prompt, (token, index) =>
    checkToken(token, vocabSize, `prompt[${index}]`),
  );
  if (steps !== Number.POSITIVE_INFINITY) positiveInteger(steps, "steps");
  number(
    temperature,
    "temperature",
    "a number of at least 0",
    (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
  );
  const topK =
    options.topK === undefined
      ? vocabSize
      : positiveInteger(options.topK, "topK");
  number(
    topP,
    "topP",
    "a number above 0, at most 1",
    (value) => value > 0 && value <= 1,
  );
  if (stop !== undefined) checkToken(stop, vocabSize, "stop");
  checkSeed(seed);
  return run(stream, vocabulary, tokens, steps, stop, seed, {
    temperature,
    topK,
    topP,
  });
}

function number(
  value: unknown,
  name: string,
  expected: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value === "number" && holds(value)) return;
  throw wrong(typeof value === "number", name, expected, value);
}

function* run<S>(
  stream: Stream<S>,
  { vocabSize, oneHot, probabilities }: Vocabulary,
  prompt: readonly number[],
  steps: number,
  stop: number | undefined,
  seed: number,
  sampling: Sampling,
): Generator<number> {
  const random = seeded(seed);
  const frame = new Float32Array(oneHot ? vocabSize : 1);
  const feed = (token: number): Float32Array => {
    if (oneHot) frame.fill(0)[token] = 1;
    else frame[0] = token;
    return stream.step(frame);
  };
  let outputs = prompt.map(feed).at(-1) as Float32Array;
  for (let step = 0; step < steps; step++) {
    const token = sample(
      probabilities ? outputs.map(Math.log) : outputs,
      sampling,
      random,
    );
    if (token === stop) return;
    yield token;
    outputs = feed(token);
  }
}

/** One token by its logits. The order of tokens, likeliest first, is settled by number where two are as likely. */
function sample(
  logits: Float32Array,
  { temperature, topK, topP }: Sampling,
  random: () => number,
): number {
  const order = [...logits.keys()].sort(
    (a, b) => (logits[b] as number) - (logits[a] as number) || a - b,
  );
  if (temperature === 0) return order[0] as number;
  const most = logits[order[0] as number] as number;
  const weights = order
    .slice(0, topK)
    .map((token) => Math.exp(((logits[token] as number) - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let mass = 0;
  while (kept < weights.length && (kept === 0 || mass < topP * total))
    mass += weights[kept++] as number;
  let rest = random() * mass;
  for (let i = 0; i < kept; i++) {
    rest -= weights[i] as number;
    if (rest < 0) return order[i] as number;
  }
  return order[kept - 1] as number;
}
