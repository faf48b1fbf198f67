import type { Coded } from "../formats/tesseract/read.js";

/** A node of the tree of codes. */
interface Place {
  readonly next: Map<number, Place>;
  /** The character that ends here; null if there is none. */
  text: string | null;
}

/** A character, and the number of labels that encode it. */
export interface Spelled {
  readonly text: string;
  readonly labels: number;
}

/** Characters by the sequences of labels that encode them. */
export class Codes {
  readonly #root: Place = { next: new Map(), text: null };

  constructor(characters: readonly Coded[]) {
    for (const { text, codes } of characters) {
      let place = this.#root;
      for (const code of codes) {
        let next = place.next.get(code);
        if (!next)
          place.next.set(code, (next = { next: new Map(), text: null }));
        place = next;
      }
      // several characters may have the same code: the first counts
      place.text ??= text;
    }
  }

  /**
   * The characters that the labels encode, each the longest with which the rest can be decoded too. Null if they cannot be
   * decoded; with `open` the last character may be incomplete, and is left out.
   */
  spell(labels: readonly number[], open = false): Spelled[] | null {
    const count = labels.length;
    /** The character at each label from which everything to the end can be decoded; null if there is none. */
    const found = Array.from<Spelled | null>({ length: count }).fill(null);
    const reaches = (end: number) => end === count || found[end] !== null;
    for (let at = count - 1; at >= 0; at--) {
      let place: Place | undefined = this.#root;
      for (let end = at; end < count;) {
        place = place.next.get(labels[end++] as number);
        if (!place) break;
        if (place.text !== null && reaches(end))
          found[at] = { text: place.text, labels: end - at };
      }
      if (open && place?.next.size)
        found[at] ??= { text: "", labels: count - at };
    }
    if (!reaches(0)) return null;
    const spelled: Spelled[] = [];
    for (let at = 0; at < count;) {
      const character = found[at] as Spelled;
      if (character.text) spelled.push(character);
      at += character.labels;
    }
    return spelled;
  }
}
