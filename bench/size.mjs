/** npm run size: fails when what a user downloads has grown past its budget, or the docs tell another size. Build first. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { BUDGETS } from "./lib/budgets.mjs";
import { sizes } from "./lib/sizes.mjs";
import { kB, table } from "./lib/text.mjs";

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
