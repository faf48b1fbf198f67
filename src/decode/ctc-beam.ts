import { positiveInteger, wrong } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { Best } from "./best.js";
import { checkCtc, type CtcOptions, type CtcSteps } from "./ctc.js";
import { logAdd } from "./log.js";
import { type WordPlace, wordTree } from "./words.js";

/**
 * Returns what to add to the score when `label` follows `prefix`, such as the weighted log-probability of a language
 * model; -Infinity forbids it. Called once for each prefix and label.
 */
export type Scorer = (prefix: readonly number[], label: number) => number;

/** Options of `ctcBeam`. */
export interface CtcBeamOptions extends CtcOptions {
  /** How many prefixes are kept at each step; 16 by default. */
  beams?: number;
  /** A language model, for example; none by default. */
  scorer?: Scorer;
  /** The only words allowed, each as its labels. */
  words?: readonly (readonly number[])[];
  /** The label between words, allowed before the first and after the last too; without it, a single word is found. */
  separator?: number;
}

/** A labelling found by a beam search. */
export interface CtcLabelling {
  labels: number[];
  /** Its log-probability, summed over all paths that were kept, plus what the scorer added. */
  score: number;
}

const BEAM = { beams: 0, scorer: 0, words: 0, separator: 0 } satisfies Record<
  Exclude<keyof CtcBeamOptions, keyof CtcOptions>,
  0
>;

/**
 * The likeliest labellings, best first, at most `beams` of them (prefix beam search: Graves 2012, Hannun et al. 2014). It
 * is exact with as many beams as there are prefixes. Labellings of probability 0 are left out. With `words` the result
 * may be empty, if none of the prefixes kept ends with a word: more beams help.
 *
 * @param logits [T, C] logits or log-probabilities
 * @throws TypeError, RangeError that name the argument, the step with NaN or Infinity, or the label for which the scorer
 *   did not return a number below Infinity
 */
export function ctcBeam(
  logits: TensorLike,
  options: CtcBeamOptions = {},
): CtcLabelling[] {
  const steps = checkCtc(logits, options, BEAM);
  const beams = positiveInteger(options.beams ?? 16, "beams");
  const { scorer, words, separator } = options;
  if (scorer !== undefined && typeof scorer !== "function")
    throw wrong(false, "scorer", "a function", scorer);
  if (words === undefined && separator !== undefined)
    throw wrong(true, "separator", "none without words", separator);
  const place = words && wordTree(words, separator, steps);
  return prefixBeams(steps, beams, scorer, place);
}

/** A prefix in the tree of prefixes; those that were dropped remain in it, because they may come back. */
class Prefix {
  readonly children = new Map<number, Prefix>();
  /** The log-probability of the paths so far that yield this prefix and end with a blank. */
  blank = Number.NEGATIVE_INFINITY;
  /** The same for those that end with a label. */
  label = Number.NEGATIVE_INFINITY;
  /** The same after the step that is being computed. */
  nextBlank = Number.NEGATIVE_INFINITY;
  nextLabel = Number.NEGATIVE_INFINITY;
  kept = false;
  /** What the scorer returned for each label after this prefix; NaN before it is called. */
  scores: Float64Array | null = null;

  constructor(
    readonly labels: readonly number[],
    readonly last: number,
    /** The sum of what the scorer has added. */
    readonly added: number,
    readonly place: WordPlace | undefined,
  ) {}

  get total(): number {
    return logAdd(this.blank, this.label);
  }
}

/** A prefix, unchanged or with one more label; the longer one becomes a Prefix only if it is among the best. */
interface Candidate {
  readonly prefix: Prefix;
  /** The label to add; -1 for none. */
  readonly label: number;
  readonly paths: number;
}

export function prefixBeams(
  { rows, classes, blank }: CtcSteps,
  beams: number,
  scorer: Scorer | undefined,
  place: WordPlace | undefined,
): CtcLabelling[] {
  const root = new Prefix([], -1, 0, place);
  root.blank = 0;
  root.kept = true;
  let kept = [root];
  const added = (prefix: Prefix, label: number): number => {
    if (prefix.place && !prefix.place.next.has(label))
      return Number.NEGATIVE_INFINITY;
    if (!scorer) return prefix.added;
    const known = (prefix.scores ??= new Float64Array(classes).fill(NaN));
    if (Number.isNaN(known[label]))
      known[label] = scoreOf(scorer, prefix.labels, label);
    return prefix.added + (known[label] as number);
  };

  for (const row of rows) {
    const best = new Best<Candidate>(beams);
    for (const prefix of kept)
      prefix.nextBlank = prefix.nextLabel = Number.NEGATIVE_INFINITY;
    for (const prefix of kept) {
      const { total, last } = prefix;
      prefix.nextBlank = total + (row[blank] as number);
      if (last >= 0)
        prefix.nextLabel = logAdd(
          prefix.nextLabel,
          prefix.label + (row[last] as number),
        );
      for (let label = 0; label < classes; label++) {
        if (label === blank) continue;
        const before = label === last ? prefix.blank : total;
        const paths = before + (row[label] as number);
        const child = prefix.children.get(label);
        if (child?.kept) child.nextLabel = logAdd(child.nextLabel, paths);
        else if (paths > Number.NEGATIVE_INFINITY) {
          const score = paths + added(prefix, label);
          if (score > best.least) best.offer(score, { prefix, label, paths });
        }
      }
    }
    for (const prefix of kept) {
      prefix.blank = prefix.nextBlank;
      prefix.label = prefix.nextLabel;
      const paths = prefix.total;
      best.offer(paths + prefix.added, { prefix, label: -1, paths });
      prefix.kept = false;
    }
    kept = best.values.map((candidate) =>
      candidate.label < 0 ? candidate.prefix : grown(candidate),
    );
    for (const prefix of kept) prefix.kept = true;
  }
  return kept
    .filter((prefix) => prefix.place?.ends ?? true)
    .map((prefix) => ({
      labels: [...prefix.labels],
      score: prefix.total + prefix.added,
    }));

  function grown({ prefix, label, paths }: Candidate): Prefix {
    let child = prefix.children.get(label);
    if (!child) {
      child = new Prefix(
        [...prefix.labels, label],
        label,
        added(prefix, label),
        prefix.place?.next.get(label),
      );
      prefix.children.set(label, child);
    }
    child.blank = Number.NEGATIVE_INFINITY;
    child.label = paths;
    return child;
  }
}

function scoreOf(
  scorer: Scorer,
  prefix: readonly number[],
  label: number,
): number {
  const score: unknown = scorer(prefix, label);
  if (typeof score === "number" && score < Number.POSITIVE_INFINITY)
    return score;
  const name = `scorer([${prefix.join(", ")}], ${label})`;
  throw wrong(
    typeof score === "number",
    name,
    "a number below Infinity",
    score,
  );
}
