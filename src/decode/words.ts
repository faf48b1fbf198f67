/*
 * Which labellings are words of a list: a tree of the words' labels, walked label by label.
 */
import { isList, message, wrong } from "../checks.js";
import { checkLabel, type CtcSteps } from "./ctc.js";

/** A place in the tree. */
export interface WordPlace {
  readonly next: ReadonlyMap<number, WordPlace>;
  /** Whether a labelling may end here. */
  readonly ends: boolean;
}

interface Growing {
  next: Map<number, WordPlace>;
  ends: boolean;
}

/**
 * The tree of `words`. With a separator there may be any number of them, with one separator between two, before the
 * first and behind the last; without one it is a single word.
 *
 * @returns the place at which a labelling begins
 */
export function wordTree(
  words: unknown,
  separator: number | undefined,
  steps: CtcSteps,
): WordPlace {
  if (!Array.isArray(words) || !words.length)
    throw wrong(Array.isArray(words), "words", "at least one word", words);
  if (separator !== undefined) checkLabel(separator, steps, "separator");
  const begin: Growing = { next: new Map(), ends: separator !== undefined };
  for (const [i, word] of words.entries()) {
    const name = `words[${i}]`;
    if (!isList(word) || !word.length)
      throw wrong(isList(word), name, "at least one label", word);
    let place = begin;
    for (const [k, given] of Array.from(word).entries()) {
      const label = checkLabel(given, steps, `${name}[${k}]`);
      if (label === separator) {
        const expected = `no separator, ${separator}, in a word`;
        throw new RangeError(message(`${name}[${k}]`, expected, "it"));
      }
      let next = place.next.get(label) as Growing | undefined;
      if (!next)
        place.next.set(label, (next = { next: new Map(), ends: false }));
      place = next;
    }
    place.ends = true;
  }
  if (separator !== undefined) separate(begin, separator);
  return begin;
}

/** Lets a separator follow each word, and stand before the first; behind one the words begin again. */
function separate(begin: Growing, separator: number): void {
  const again: WordPlace = { next: new Map(begin.next), ends: true };
  const visit = (place: Growing): void => {
    for (const next of place.next.values()) visit(next as Growing);
    if (place.ends) place.next.set(separator, again);
  };
  visit(begin);
}
