import type { Coded } from "../formats/tesseract/read.js";

/** A place in the tree of codes. */
interface Place {
  readonly next: Map<number, Place>;
  /** What is spelled up to here; null where it is no character yet. */
  text: string | null;
}

/** A character and how many labels spell it. */
export interface Spelled {
  readonly text: string;
  readonly labels: number;
}

/** Characters by the classes that spell them. */
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
      // Several characters may have one code: the first of them is meant.
      place.text ??= text;
    }
  }

  /**
   * The characters that labels spell, the longest each time that lets the rest be spelled too. Null where they spell
   * none; with `open` the last may be unfinished, and is left out.
   */
  spell(labels: readonly number[], open = false): Spelled[] | null {
    const count = labels.length;
    /** What is spelled from each label on, up to the end; null where nothing is. */
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
