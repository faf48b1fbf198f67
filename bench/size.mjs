/** npm run size: fails when what a user downloads has grown past its budget. Build first. */

import { sizes } from "./lib/sizes.mjs";
import { kB, table } from "./lib/text.mjs";

/**
 * The most bytes of each: what was measured when the budget was set, and a tenth. Raise one only for something
 * that is worth it, and say so in the changelog.
 *
 * @type {Readonly<Record<string, { bytes: number, gzipped: number }>>}
 */
const BUDGETS = {
  "simd.wasm": { bytes: 11_200, gzipped: 4_400 },
  "relaxed.wasm": { bytes: 10_900, gzipped: 4_400 },
  gatewise: { bytes: 100_000, gzipped: 35_500 },
  // of an application that imports nothing else: more when bundlers can no longer leave the other layers out
  "LSTM alone": { bytes: 95_500, gzipped: 33_900 },
  "parse and serialize": { bytes: 7_300, gzipped: 3_100 },
  // what all of it adds to gatewise, graphs and the reader of ONNX files included
  "gatewise/audio": { bytes: 180_000, gzipped: 63_500 },
  // what the load of a format adds to gatewise
  // all of them
  "gatewise/load": { bytes: 210_000, gzipped: 75_000 },
  "gatewise/safetensors": { bytes: 11_800, gzipped: 4_200 },
  "gatewise/torch": { bytes: 46_000, gzipped: 17_000 },
  "gatewise/onnx": { bytes: 75_000, gzipped: 26_400 },
  "gatewise/nam": { bytes: 17_300, gzipped: 6_100 },
  "gatewise/rtneural": { bytes: 19_600, gzipped: 6_900 },
  // both with graphs and their operations, for models that branch
  "gatewise/keras": { bytes: 252_000, gzipped: 89_000 },
  "gatewise/tfjs": { bytes: 197_500, gzipped: 70_000 },
  // and what an entry beside the formats adds
  // both of its binaries among them
  "gatewise/train": { bytes: 75_000, gzipped: 20_000 },
  "gatewise/decode": { bytes: 9_200, gzipped: 3_300 },
  "gatewise/tesseract": { bytes: 36_700, gzipped: 13_600 },
};

const row = table(["", "bytes", "budget", "gzipped", "budget"], [38, 9]);
let grown = 0;
for (const { name, bytes, gzipped } of await sizes()) {
  const budget = BUDGETS[name];
  if (!budget) throw new Error(`size: no budget for ${name}`);
  const label = name.endsWith(".wasm") ? name : `${name}, bundled, minified`;
  row([label, kB(bytes), kB(budget.bytes), kB(gzipped), kB(budget.gzipped)]);
  for (const [what, size, most] of /** @type {const} */ ([
    ["bytes", bytes, budget.bytes],
    ["bytes gzipped", gzipped, budget.gzipped],
  ])) {
    if (size <= most) continue;
    grown++;
    console.error(`${name}: expected at most ${most} ${what}, got ${size}`);
  }
}
if (grown) process.exitCode = 1;
