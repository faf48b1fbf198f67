/** npm run size: fails when what a user downloads has grown past its budget, or the docs tell another size. Build first. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { sizes } from "./lib/sizes.mjs";
import { kB, table } from "./lib/text.mjs";

/**
 * The most bytes of each: what was measured when the budget was set, and 3 %. Raise one only for something
 * that is worth it, and say so in the changelog.
 *
 * @type {Readonly<Record<string, { bytes: number, gzipped: number }>>}
 */
const BUDGETS = {
  "simd.wasm": { bytes: 19_000, gzipped: 7_400 },
  "relaxed.wasm": { bytes: 14_400, gzipped: 5_800 },
  gatewise: { bytes: 160_000, gzipped: 56_700 },
  // of an application that imports nothing else: more when bundlers can no longer leave the other layers out
  "LSTM alone": { bytes: 112_500, gzipped: 41_200 },
  "parse and serialize": { bytes: 8_400, gzipped: 3_500 },
  // what all of it adds to gatewise, graphs and the reader of ONNX files included
  "gatewise/audio": { bytes: 233_000, gzipped: 84_400 },
  // what the load of a format adds to gatewise
  // all of them
  "gatewise/load": { bytes: 488_000, gzipped: 175_700 },
  "gatewise/safetensors": { bytes: 25_600, gzipped: 9_300 },
  "gatewise/torch": { bytes: 62_000, gzipped: 23_200 },
  // 9 kB gzipped of it for convolutions and numbers on the kernel
  "gatewise/onnx": { bytes: 193_200, gzipped: 70_200 },
  // 22 kB gzipped of it graphs, 18 the operations of graphs
  "gatewise/tflite": { bytes: 224_400, gzipped: 81_000 },
  "gatewise/nam": { bytes: 17_800, gzipped: 6_200 },
  "gatewise/rtneural": { bytes: 36_700, gzipped: 12_900 },
  // both with graphs, for models that branch, and the operations that Keras's layers are made of
  "gatewise/keras": { bytes: 235_300, gzipped: 84_100 },
  "gatewise/tfjs": { bytes: 183_900, gzipped: 66_400 },
  // and what an entry beside the formats adds
  // 6 kB gzipped both of its binaries, 15 the passes backward and their plain JavaScript, the rest Trainer; LayerNorm,
  // Conv1d and LastStep, and chunks of a tape that does not fit, are 2.5 of them
  "gatewise/train": { bytes: 127_400, gzipped: 46_700 },
  "gatewise/decode": { bytes: 9_200, gzipped: 3_300 },
  // Node alone: 52 kB gzipped of it graphs, which a process loads once a live stream runs one
  "gatewise/queue": { bytes: 239_700, gzipped: 90_400 },
  "gatewise/quantize": { bytes: 14_100, gzipped: 5_400 },
  "gatewise/tesseract": { bytes: 36_700, gzipped: 13_600 },
  // both of its binaries, with the kernel in each, products of integers in one, and a third with the dot product of bytes
  "gatewise/threads": { bytes: 59_000, gzipped: 17_900 },
  "gatewise/vis": { bytes: 14_000, gzipped: 5_600 },
};

/**
 * Where sizes are told, in kB gzipped: what stands before each.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, RegExp>>>>}
 */
const TOLD = {
  "README.md": {
    gatewise: /Layers and kernel are/,
    "LSTM alone": /kB gzipped, or/,
  },
  "docs/backends.md": {
    gatewise: /both binaries *\|[^|]*\|/,
    "LSTM alone": /only imports LSTM *\|[^|]*\|/,
    "simd.wasm": /`simd.wasm` *\|[^|]*\|/,
    "relaxed.wasm": /`relaxed.wasm` *\|[^|]*\|/,
    "gatewise/nam": /amplifiers/,
    "gatewise/safetensors": /safetensors/,
    "gatewise/rtneural": /RTNeural/,
    "gatewise/torch": /PyTorch/,
    "gatewise/tfjs": /TensorFlow\.js/,
    "gatewise/onnx": /ONNX/,
    "gatewise/tflite": /TensorFlow Lite/,
    "gatewise/keras": /Keras/,
    "gatewise/load": /\(`gatewise\/load`\)/,
    "gatewise/train": /Training adds/,
    "gatewise/audio": /audio/,
    "gatewise/threads": /threads/,
  },
  "docs/start/onnx.md": {
    "gatewise/onnx": /\| 14 MB of WebAssembly +\|/,
    gatewise: /`gatewise\/onnx`, and/,
  },
  "docs/threads.md": { "gatewise/threads": /its own binaries \(/ },
};

/** Text that is more than half a kB or 1 % from what was measured is out of date. */
function outdated(/** @type {ReadonlyMap<string, number>} */ measured) {
  return Object.entries(TOLD).flatMap(([file, places]) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
    return Object.entries(places).flatMap(([name, before]) => {
      const found = new RegExp(`${before.source} *(\\d+(?:\\.\\d+)?)`).exec(
        text,
      );
      const told = Number(found?.[1]);
      const own = (measured.get(name) ?? NaN) / 1000;
      return Math.abs(told - own) <= Math.max(0.51, own / 100)
        ? []
        : [`${file}: ${name} is ${own.toFixed(1)} kB gzipped, told as ${told}`];
    });
  });
}

const row = table(["", "bytes", "budget", "gzipped", "budget"], [38, 9]);
let grown = 0;
/** @type {Map<string, number>} */
const measured = new Map();
for (const { name, bytes, gzipped } of await sizes()) {
  const budget = BUDGETS[name];
  if (!budget) throw new Error(`size: no budget for ${name}`);
  const label = name.endsWith(".wasm") ? name : `${name}, bundled, minified`;
  measured.set(name, gzipped);
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

/** What npm unpacks, in bytes. */
const PACKAGE = 2_640_000;
const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }),
);
const { unpackedSize, size, entryCount } = packed;
row(["the package", kB(unpackedSize), kB(PACKAGE), kB(size), ""]);
console.log(`${entryCount} files`);
if (unpackedSize > PACKAGE) {
  grown++;
  console.error(
    `package: expected at most ${PACKAGE} bytes unpacked, got ${unpackedSize}`,
  );
}
const stale = outdated(measured);
for (const line of stale) console.error(line);
if (grown || stale.length) process.exitCode = 1;
