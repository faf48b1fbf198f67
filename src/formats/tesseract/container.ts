/*
 * A .traineddata file: a table of offsets, followed by the parts.
 *
 *     u32 n    i64 × n, -1 for an absent part    the parts, in the order of their numbers, up to the end
 */
import { isMarkup } from "../../bytes.js";
import { FormatError } from "../../errors.js";

/** The known parts, by their numbers in the table. */
export const PARTS = [
  "configuration",
  "unicharset of the old engine",
  "ambiguities",
  "templates",
  "cutoffs",
  "normalisation",
  "dictionary of punctuation, old engine",
  "dictionary of words, old engine",
  "dictionary of numbers, old engine",
  "dictionary of frequent words, old engine",
  "dictionaries by length",
  "unicharset of cube",
  "dictionary of cube",
  "shapes",
  "word pairs",
  "unambiguous words",
  "parameters",
  "network",
  "dictionary of punctuation",
  "dictionary of words",
  "dictionary of numbers",
  "unicharset",
  "recoder",
  "version",
] as const;

export const NETWORK = 17;
export const UNICHARSET = 21;
export const RECODER = 22;
export const VERSION = 23;

export const partName = (index: number): string =>
  `part ${index} (${PARTS[index] ?? "unknown"})`;

/** Tesseract's own limit: a larger number of parts is taken for the other byte order. */
const MAX_PARTS = 10_000;

/** The parts in the file, by number. */
export function readParts(bytes: Uint8Array): Map<number, Uint8Array> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    const got = "a gzip file: unpack it first, new DecompressionStream('gzip')";
    throw new FormatError(`expected a .traineddata file, got ${got}`, 0);
  }
  if (isMarkup(bytes)) {
    const got = "a page of HTML: is the address right?";
    throw new FormatError(`expected a .traineddata file, got ${got}`, 0);
  }
  if (bytes.length < 4)
    throw new FormatError(`expected a table, got ${bytes.length} bytes`, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  if (view.getUint32(0, false) <= MAX_PARTS && count > MAX_PARTS) {
    const expected = "a .traineddata file of little-endian numbers";
    throw new FormatError(`expected ${expected}, got a big-endian one`, 0);
  }
  const table = 4 + 8 * count;
  if (count < 1 || count > MAX_PARTS || table > bytes.length) {
    const expected =
      "a .traineddata file, which begins with its number of parts";
    throw new FormatError(`expected ${expected}, got ${count}`, 0);
  }
  const begins: { index: number; at: number }[] = [];
  for (let index = 0; index < count; index++) {
    const entry = 4 + 8 * index;
    const given = view.getBigInt64(entry, true);
    if (given === -1n) continue;
    const before = begins.at(-1)?.at ?? table;
    const fits = given >= before && given <= bytes.length;
    if (!fits || (!begins.length && Number(given) !== table)) {
      const expected = begins.length
        ? `an offset from ${before} to ${bytes.length}`
        : `offset ${table}, the end of the table`;
      throw new FormatError(
        `${partName(index)}: expected ${expected}, got ${given}`,
        entry,
      );
    }
    begins.push({ index, at: Number(given) });
  }
  return new Map(
    begins.map(({ index, at }, i) => [
      index,
      bytes.subarray(at, begins[i + 1]?.at ?? bytes.length),
    ]),
  );
}
