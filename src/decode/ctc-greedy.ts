import type { TensorLike } from "../tensor.js";
import { checkCtc, type CtcOptions, type Span } from "./ctc.js";
import { largest } from "./log.js";

/** What the likeliest path reads. */
export interface CtcPath {
  labels: number[];
  /** The log-probability of that one path. */
  score: number;
  /** The steps at which the path is at each label. */
  spans: Span[];
}

/**
 * The likeliest path's labelling: at each step the likeliest class, repeats merged, blanks dropped. It need not be the
 * likeliest labelling, which may have many paths: `ctcBeam` looks for that.
 *
 * @param logits [T, C] logits or log-probabilities
 * @throws TypeError, RangeError that name the argument, or the step whose numbers are NaN or Infinity
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
