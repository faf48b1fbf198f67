import { positiveInteger, wrong } from "../checks.js";

/** How a token is drawn. */
export interface SamplingOptions {
  /** 1 by default; lower values favour likelier tokens, and 0 always picks the likeliest. */
  temperature?: number;
  /** Only the k likeliest tokens are drawn; all by default. */
  topK?: number;
  /** Only the likeliest tokens whose probabilities add up to at least this are drawn; 1, all of them, by default. */
  topP?: number;
}

export type Sampling = Required<SamplingOptions>;

/** @throws TypeError, RangeError that name the option */
export function checkSampling(
  { temperature = 1, topK, topP = 1 }: SamplingOptions,
  vocabSize: number,
): Sampling {
  number(
    temperature,
    "temperature",
    "a number of at least 0",
    (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
  );
  const most = topK === undefined ? vocabSize : positiveInteger(topK, "topK");
  number(
    topP,
    "topP",
    "a number above 0, at most 1",
    (value) => value > 0 && value <= 1,
  );
  return { temperature, topK: most, topP };
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

/**
 * One token by its logits or log-probabilities. Of two tokens that are equally likely, the smaller comes first.
 */
export function sample(
  logits: Float32Array | Float64Array,
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
