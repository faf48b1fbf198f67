/*
 * A .traineddata file: parts behind a table of where they begin.
 *
 *     u32 n    i64 × n, -1 for a part that is not there    the parts, in the order of their numbers, up to the end
 */
import { FormatError } from "../../errors.js";

/** The parts of which something is known, by their numbers in the table. */
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

/** As Tesseract has it: a larger number of parts is the other byte order. */
const MOST_PARTS = 10_000;

/** The parts that are there, by number. */
export function readParts(bytes: Uint8Array): Map<number, Uint8Array> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    const got = "a gzip file: unpack it first, new DecompressionStream('gzip')";
    throw new FormatError(`expected a .traineddata file, got ${got}`, 0);
  }
  if (bytes.length < 4)
    throw new FormatError(`expected a table, got ${bytes.length} bytes`, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  if (view.getUint32(0, false) <= MOST_PARTS && count > MOST_PARTS) {
    const expected = "a .traineddata file of little-endian numbers";
    throw new FormatError(`expected ${expected}, got a big-endian one`, 0);
  }
  const table = 4 + 8 * count;
  if (count < 1 || count > MOST_PARTS || table > bytes.length) {
    const expected = "a .traineddata file: the number of its parts";
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
        : `offset ${table}, behind the table`;
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
