import { positiveInteger, wrong } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { Best } from "./best.js";
import { checkCtc, type CtcOptions, type CtcSteps } from "./ctc.js";
import { logAdd } from "./log.js";
import { type WordPlace, wordTree } from "./words.js";

/**
 * What is added to the score where `label` goes on after `prefix`: a language model's log-probability, times whatever
 * weight it shall have. -Infinity forbids it. Asked once for each prefix and label.
 */
export type Scorer = (prefix: readonly number[], label: number) => number;

export interface CtcBeamOptions extends CtcOptions {
  /** How many prefixes are kept at each step; 16 by default. */
  beams?: number;
  scorer?: Scorer;
  /** Only these words, each its labels. */
  words?: readonly (readonly number[])[];
  /** The label between two words, which may stand before the first and behind the last; without it one word is found. */
  separator?: number;
}

/** A labelling that a beam search found, and its score. */
export interface CtcLabelling {
  labels: number[];
  /** Its log-probability, over all paths that were kept, and what the scorer added. */
  score: number;
}

const BEAM = { beams: 0, scorer: 0, words: 0, separator: 0 } satisfies Record<
  Exclude<keyof CtcBeamOptions, keyof CtcOptions>,
  0
>;

/**
 * The likeliest labellings, best first, at most `beams` of them (prefix beam search: Graves 2012, Hannun et al. 2014).
 * With as many beams as there are prefixes it is exact. Labellings of probability 0 are none; with `words` there may be
 * none at all, where none of the kept prefixes ends with a word: more beams find one.
 *
 * @param logits [T, C] logits or log-probabilities
 * @throws TypeError, RangeError that name the argument, the step whose numbers are NaN or Infinity, or the label that the
 *   scorer gave no number below Infinity
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
    throw wrong(true, "separator", "words beside it", separator);
  const place = words && wordTree(words, separator, steps);
  return prefixBeams(steps, beams, scorer, place);
}

/** A prefix in the tree of prefixes; those that were dropped stay in it, for they may come back. */
class Prefix {
  readonly children = new Map<number, Prefix>();
  /** log-probability of the paths that read so far as this prefix, by whether they end with a blank. */
  blank = Number.NEGATIVE_INFINITY;
  label = Number.NEGATIVE_INFINITY;
  /** The same of the step that is being computed. */
  nextBlank = Number.NEGATIVE_INFINITY;
  nextLabel = Number.NEGATIVE_INFINITY;
  kept = false;
  /** What the scorer said of each label behind this prefix; NaN where it was not asked. */
  scores: Float64Array | null = null;

  constructor(
    readonly labels: readonly number[],
    readonly last: number,
    /** What the scorer added up to here. */
    readonly added: number,
    readonly place: WordPlace | undefined,
  ) {}

  get total(): number {
    return logAdd(this.blank, this.label);
  }
}

/** A prefix as it is, or with one more label: that is made a Prefix only if it is among the best. */
interface Candidate {
  readonly prefix: Prefix;
  /** -1: none. */
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
      known[label] = ask(scorer, prefix.labels, label);
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

function ask(scorer: Scorer, prefix: readonly number[], label: number): number {
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
