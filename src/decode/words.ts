/*
 * Restricts labellings to the words of a list: a tree of the words' labels.
 */
import { isList, message, wrong } from "../checks.js";
import { checkLabel, type CtcSteps } from "./ctc.js";

/** A node of the tree. */
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
 * The tree of `words`. With a separator, a labelling may have any number of words with one separator between them, and
 * optionally before the first and after the last; without, it is a single word.
 *
 * @returns the node at which a labelling begins
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

/** Allows a separator after each word and before the first; after a separator, another word may begin. */
function separate(begin: Growing, separator: number): void {
  const again: WordPlace = { next: new Map(begin.next), ends: true };
  const visit = (place: Growing): void => {
    for (const next of place.next.values()) visit(next as Growing);
    if (place.ends) place.next.set(separator, again);
  };
  visit(begin);
}
