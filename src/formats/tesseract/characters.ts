/*
 * The characters of the network's classes: the unicharset has a line per character, the recoder the codes of each.
 */
import type { Cursor } from "./cursor.js";

/** A character and the classes that spell it: one, or several for Han and Hangul. */
export interface Coded {
  readonly text: string;
  readonly codes: readonly number[];
}

/** Names in the unicharset: of the space, which separates the words of a line, and of classes that print nothing. */
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ["NULL", " "],
  ["Joined", ""],
  ["|Broken|0|1", ""],
]);

/** A count, followed by as many lines; the first word of a line is the character. */
export function readUnicharset(cursor: Cursor): string[] {
  const { at } = cursor;
  const first = cursor.line("unicharset, count");
  const count = Number(first);
  if (!/^\d{1,9}$/.test(first) || count < 1 || count > cursor.left) {
    const expected = "the number of lines in the part";
    const got = JSON.stringify(first.slice(0, 40));
    throw cursor.unexpected("unicharset, count", expected, got, at);
  }
  return Array.from({ length: count }, (_, id) => {
    const start = cursor.at;
    const [word = ""] = cursor.line(`unicharset, character ${id}`).split(" ");
    if (word) return SPECIAL.get(word) ?? word;
    const what = `unicharset, character ${id}`;
    throw cursor.unexpected(what, "a character", "none", start);
  });
}

const MAX_CODES = 9;

/** The codes of each character. `classes` is the network's number of classes. */
export function readRecoder(
  cursor: Cursor,
  characters: readonly string[],
  classes: number,
): Coded[] {
  const start = cursor.at;
  const count = cursor.uint32("recoder, count");
  if (count !== characters.length) {
    const expected = `${characters.length}, the unicharset's count`;
    throw cursor.unexpected("recoder, count", expected, count, start);
  }
  return characters.map((text, id) => {
    const what = `recoder, character ${id}`;
    cursor.uint8(what);
    const { at } = cursor;
    const length = cursor.uint32(what);
    if (length < 1 || length > MAX_CODES)
      throw cursor.unexpected(what, `1 to ${MAX_CODES} codes`, length, at);
    const codes = Array.from({ length }, () => {
      const place = cursor.at;
      const code = cursor.int32(what);
      if (code >= 0 && code < classes) return code;
      const expected = `a code from 0 to ${classes - 1}`;
      throw cursor.unexpected(what, expected, code, place);
    });
    return { text, codes };
  });
}

/** Without a recoder, a character's code is its index. */
export const withoutRecoder = (characters: readonly string[]): Coded[] =>
  characters.map((text, id) => ({ text, codes: [id] }));
