// docs/badges: the README's badges, from what `npm run size` measures. Build first.
//
//     node tools/badges.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { sizes } from "../bench/lib/sizes.mjs";

const folder = new URL("../docs/badges/", import.meta.url);
mkdirSync(folder, { recursive: true });
const measured = await sizes();
const kB = (/** @type {string} */ name) => {
  const found = measured.find((each) => each.name === name);
  if (!found) throw new Error(`badges: no size of ${name}`);
  return `${Math.round(found.gzipped / 1000)} kB gzipped`;
};

/** Text is as wide as its letters nearly are: 6.6 pixels each at 11. */
const width = (/** @type {string} */ text) =>
  Math.round(6.6 * text.length + 14);

/** @param {string} name @param {string} value */
function badge(name, value) {
  const [left, right] = [width(name), width(value)];
  const text = (/** @type {string} */ words, /** @type {number} */ x) =>
    `<text x="${x}" y="14" text-anchor="middle">${words}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${name}: ${value}"><rect width="${left + right}" height="20" rx="4" fill="#3b4644"/><path d="M${left} 0h${right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H${left}z" fill="#0b6b61"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(name, left / 2)}${text(value, left + right / 2)}</g></svg>\n`;
}

for (const [file, name, value] of [
  ["lstm", "LSTM alone", kB("LSTM alone")],
  ["core", "all layers", kB("gatewise")],
  ["dependencies", "dependencies", "none"],
])
  writeFileSync(
    new URL(`${file}.svg`, folder),
    badge(/** @type {string} */ (name), /** @type {string} */ (value)),
  );
