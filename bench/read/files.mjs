/** What is read, by which files, and how wrong a text is. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { root } from "../lib/pages.mjs";

/** @typedef {{ file: string, text: string }} Picture */

export const peers = createRequire(join(root, "bench/peers/package.json"));

/** The lines of ../shared, and the page of examples/read. @returns {Record<"lines" | "page", Picture[]>} */
export function pictures() {
  const shared = join(root, "../shared/conformance/models/tesseract");
  const list = join(shared, "lines.json");
  /** @type {{ lines: Picture[] }} */
  const { lines } = existsSync(list)
    ? JSON.parse(readFileSync(list, "utf8"))
    : { lines: [] };
  const page = join(root, "examples/read/page");
  return {
    lines: lines.map(({ file, text }) => ({ file: join(shared, file), text })),
    page: [
      {
        file: `${page}.png`,
        text: plain(readFileSync(`${page}.txt`, "utf8")),
      },
    ],
  };
}

/** Without empty lines. @param {string} text */
export const plain = (text) => text.replace(/\n+/g, "\n").trim();

/** Lines of text in pictures. @param {readonly Picture[]} list */
export const linesIn = (list) =>
  list.reduce((sum, { text }) => sum + text.split("\n").length, 0);

const DEBIAN = "/usr/share/tesseract-ocr/5/tessdata/eng.traineddata";

/** English by the names under which the tables have it. @returns {Record<string, Uint8Array>} */
export function models() {
  /** @type {Record<string, Uint8Array>} */
  const found = {};
  if (existsSync(DEBIAN)) found["fast"] = readFileSync(DEBIAN);
  // what tesseract.js loads unless told otherwise
  try {
    const name = "@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz";
    found["best_int"] = gunzipSync(readFileSync(peers.resolve(name)));
  } catch {
    console.log("@tesseract.js-data/eng: not installed, left out");
  }
  return found;
}

/** So that Tesseract reads without its dictionaries. */
export const NO_DICTIONARIES = {
  load_system_dawg: "0",
  load_freq_dawg: "0",
  load_punc_dawg: "0",
  load_number_dawg: "0",
  load_unambig_dawg: "0",
  load_bigram_dawg: "0",
};

/** Characters wrong in all of them. @param {readonly Picture[]} list @param {readonly string[]} texts */
export const wrongIn = (list, texts) =>
  list.reduce(
    (sum, { text }, i) => sum + distance(text, plain(texts[i] ?? "")),
    0,
  );

/** Characters to change, leave out or put in (Levenshtein). @param {string} a @param {string} b */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        Number(row[j]) + 1,
        Number(next[j - 1]) + 1,
        Number(row[j - 1]) + Number(a[i - 1] !== b[j - 1]),
      );
    row = next;
  }
  return Number(row[b.length]);
}
