import { message } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import {
  checkInput,
  type CtcInput,
  type CtcOptions,
  type Span,
} from "./ctc.js";
import { largest, logSoftmax } from "./log.js";

/** The result of `ctcGreedy`. */
export interface CtcPath {
  labels: number[];
  /** The log-probability of the path. */
  score: number;
  /** The steps of each label on the path. */
  spans: Span[];
}

/**
 * The labelling of the likeliest path: the likeliest class at each step, with repeats merged and blanks dropped. This is
 * not always the likeliest labelling, which may have many paths; `ctcBeam` searches for that.
 *
 * @param logits [T, C] logits or log-probabilities
 * @throws TypeError, RangeError that name the argument, or the step with NaN or Infinity
 */
export function ctcGreedy(
  logits: TensorLike,
  options: CtcOptions = {},
): CtcPath {
  const input = checkInput(logits, options);
  const { steps, blank } = input;
  const stepOf = input.probabilities ? likeliest : likeliestLogit;
  const labels: number[] = [];
  const spans: { start: number; end: number }[] = [];
  let score = 0;
  let last = blank;
  for (let t = 0; t < steps; t++) {
    const { best, log } = stepOf(input, t);
    score += log;
    if (best !== blank) {
      if (best !== last) {
        labels.push(best);
        spans.push({ start: t, end: t });
      }
      (spans.at(-1) as { end: number }).end = t + 1;
    }
    last = best;
  }
  return { labels, score, spans };
}

interface Likeliest {
  readonly best: number;
  /** Of its probability. */
  readonly log: number;
}

function likeliestLogit({ data, classes }: CtcInput, t: number): Likeliest {
  const row = data.subarray(t * classes, (t + 1) * classes);
  const logs = logSoftmax(row, `logits[${t}]`);
  const best = largest(logs);
  return { best, log: logs[best] as number };
}

/** One logarithm a step instead of one a class, which were a fifteenth of what Tesseract's lines take. */
function likeliest({ data, classes }: CtcInput, t: number): Likeliest {
  const start = t * classes;
  let best = 0;
  let most = 0;
  let sum = 0;
  let proper = true;
  for (let c = 0; c < classes; c++) {
    const p = data[start + c] as number;
    proper &&= p >= 0; // false for NaN too
    sum += p;
    if (p > most) {
      most = p;
      best = c;
    }
  }
  if (!proper || !(sum > 0 && sum < Number.POSITIVE_INFINITY))
    throw new RangeError(
      message(
        `logits[${t}]`,
        "probabilities, of which at least one is above 0",
        !proper ? "NaN or negative ones" : sum ? "Infinity" : "0 alone",
      ),
    );
  return { best, log: Math.log(most / sum) };
}
