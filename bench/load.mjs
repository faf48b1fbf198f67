/**
 * npm run bench:load -- FILE…: how long `load` takes for model files, and how much memory; without files, for one of
 * 10 MB that it writes itself. Each is read in a process of its own, once for the time that a page has to wait and
 * then again for what remains when the code is warm. Build first.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { kB, table, time } from "./lib/text.mjs";

const RUNS = 7;

/** @typedef {{ format: string, first: number, warm: number, peak: number, kept: number }} Measured */

/** @param {string} file @returns {Promise<Measured>} */
async function measure(file) {
  const { load } = await import("../dist/formats/load/index.js");
  const { gc } = /** @type {{ gc: () => void }} */ (
    /** @type {unknown} */ (globalThis)
  );
  const bytes = readFileSync(file);
  const memory = () => {
    gc();
    gc(); // the first queues what array buffers held, the second counts
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = memory();
  const resident = process.memoryUsage.rss();
  const start = performance.now();
  const loaded = load(bytes);
  const first = performance.now() - start;
  const peak = process.resourceUsage().maxRSS * 1024 - resident;
  const kept = memory() - before;
  const times = Array.from({ length: RUNS }, () => {
    const again = performance.now();
    load(bytes);
    return performance.now() - again;
  }).sort((a, b) => a - b);
  const warm = times[Math.floor(RUNS / 2)] ?? NaN;
  const { format } = loaded.report;
  if (!loaded.model) throw new Error(`${file}: no model was made`);
  return { format, first, warm, peak, kept };
}

/** An LSTM of 64 to 768 in 10.2 MB, as Sequential.save writes it. */
async function ownFile() {
  const { LSTM, Sequential } = await import("../dist/index.js");
  const folder = mkdtempSync(join(tmpdir(), "gatewise-load-"));
  const file = join(folder, "lstm.safetensors");
  const lstm = new LSTM({ inputSize: 64, hiddenSize: 768 });
  writeFileSync(file, new Sequential([lstm]).save());
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

const script = fileURLToPath(import.meta.url);
const [first, ...rest] = process.argv.slice(2);
if (first === "--one") {
  console.log(JSON.stringify(await measure(/** @type {string} */ (rest[0]))));
} else {
  const own = first === undefined ? await ownFile() : null;
  const files = own ? [own.file] : [first, ...rest];
  const row = table(
    ["file", "format", "size", "first", "warm", "peak", "kept"],
    [30, 12, 11, 9, 9, 11, 11],
  );
  for (const file of files) {
    const args = ["--expose-gc", script, "--one", /** @type {string} */ (file)];
    /** @type {Measured} */
    const m = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    );
    const size = readFileSync(/** @type {string} */ (file)).length;
    row([
      basename(/** @type {string} */ (file)).slice(0, 30),
      m.format,
      kB(size),
      time(m.first),
      time(m.warm),
      kB(m.peak),
      kB(m.kept),
    ]);
  }
  own?.remove();
}
