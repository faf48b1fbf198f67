import { message, wrong } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { checkCtc, checkLabel, type CtcOptions, type Span } from "./ctc.js";

/** The alignment of labels with steps. */
export interface CtcAlignment {
  /** The steps of each label. */
  spans: Span[];
  /** The log-probability of the path, the likeliest of those that yield the labels. */
  score: number;
}

/**
 * The likeliest path that yields `labels` (Viterbi), which shows at which steps each of them occurs.
 *
 * @param logits [T, C] logits or log-probabilities
 * @param labels such as those found by `ctcBeam`
 * @throws TypeError, RangeError that name the argument; RangeError if no path yields the labels: there are more labels
 *   than steps (plus one for each repetition), or a probability is 0
 */
export function ctcAlign(
  logits: TensorLike,
  labels: readonly number[],
  options: CtcOptions = {},
): CtcAlignment {
  const steps = checkCtc(logits, options);
  const { rows, blank } = steps;
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels))
    throw wrong(false, "labels", "an array of labels", labels);
  // blank, label, blank, label, …, blank
  const states = [blank];
  labels.forEach((label, i) =>
    states.push(checkLabel(label, steps, `labels[${i}]`), blank),
  );
  const S = states.length;
  const back = rows.map(() => new Int8Array(S)); // (T, S): how many states back the path came from
  let scores = new Float64Array(S).fill(Number.NEGATIVE_INFINITY); // (S)
  rows.forEach((row, t) => {
    const next = new Float64Array(S);
    for (let s = 0; s < S; s++) {
      const state = states[s] as number;
      // skips a blank, unless it separates two equal labels
      const skips = s > 1 && state !== blank && state !== states[s - 2];
      let best = t ? (scores[s] as number) : s < 2 ? 0 : -Infinity;
      for (let jump = 1; t && jump <= (skips ? 2 : 1) && jump <= s; jump++) {
        if ((scores[s - jump] as number) <= best) continue;
        best = scores[s - jump] as number;
        (back[t] as Int8Array)[s] = jump;
      }
      next[s] = best + (row[state] as number);
    }
    scores = next;
  });
  let at = S - 1;
  if (S > 1 && (scores[S - 2] as number) >= (scores[at] as number)) at--;
  const score = scores[at] as number;
  if (score === Number.NEGATIVE_INFINITY) {
    const expected = `a labelling that has a path of ${rows.length} steps`;
    const got = `${labels.length} labels that have none`;
    throw new RangeError(message("labels", expected, got));
  }
  // not labels.map, which would put the objects into a typed array
  const spans = Array.from(labels, () => ({ start: 0, end: 0 }));
  for (let t = rows.length - 1; t >= 0; t--) {
    const span = at % 2 ? spans[(at - 1) / 2] : undefined;
    if (span) {
      span.start = t;
      span.end ||= t + 1;
    }
    at -= (back[t] as Int8Array)[at] as number;
  }
  return { spans, score };
}
