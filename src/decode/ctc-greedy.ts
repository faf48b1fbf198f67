import type { TensorLike } from "../tensor.js";
import { checkCtc, type CtcOptions, type Span } from "./ctc.js";
import { largest } from "./log.js";

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
  const { rows, blank } = checkCtc(logits, options);
  const labels: number[] = [];
  const spans: { start: number; end: number }[] = [];
  let score = 0;
  let last = blank;
  rows.forEach((row, t) => {
    const best = largest(row);
    score += row[best] as number;
    if (best !== blank) {
      if (best !== last) {
        labels.push(best);
        spans.push({ start: t, end: t });
      }
      (spans.at(-1) as { end: number }).end = t + 1;
    }
    last = best;
  });
  return { labels, score, spans };
}
