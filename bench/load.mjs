/**
 * npm run bench:load -- FILE…: how long `load` takes for model files, and how much memory; without files, for one of
 * 10 MB that it writes itself; with --largest FOLDER… for the largest file of each format in the folders that makes a
 * model. Each is read in processes of its own, once for the time that a page has to wait and then again for what
 * remains when the code is warm: the best of their times, the median of their memory. Build first.
 */

import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { kB, table, time } from "./lib/text.mjs";

const RUNS = 15;
const PROCESSES = 9;

/** @typedef {{ format: string, first: number, warm: number, peak: number, kept: number }} Measured */

/** @param {string} file @returns {Promise<Measured>} */
async function measure(file) {
  const { load } = await import("../dist/formats/load/index.js");
  const { gc } = /** @type {{ gc: () => void }} */ (
    /** @type {unknown} */ (globalThis)
  );
  const bytes = given(file);
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
  });
  const warm = Math.min(...times);
  const { format } = loaded.report;
  if (!loaded.model) throw new Error(`${file}: no model was made`);
  return { format, first, warm, peak, kept };
}

/**
 * The file's bytes; of a model.json all files of its folder.
 *
 * @param {string} file @returns {Uint8Array | Record<string, Uint8Array>}
 */
function given(file) {
  if (basename(file) !== "model.json") return readFileSync(file);
  const folder = dirname(file);
  const names = readdirSync(folder);
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, name))]),
  );
}

/** @param {string} file */
function sizeOf(file) {
  const bytes = given(file);
  if (bytes instanceof Uint8Array) return bytes.length;
  return Object.values(bytes).reduce((all, { length }) => all + length, 0);
}

/** @param {string} file @returns {Measured | null} null where it makes no model */
function measured(file) {
  const all = Array.from({ length: PROCESSES }, () => once(file));
  const made = all.filter((one) => one !== null);
  const [one] = made;
  if (!one || made.length < all.length) return null;
  /** @param {"peak" | "kept"} key */
  const median = (key) =>
    made.map((each) => each[key]).sort((a, b) => a - b)[PROCESSES >> 1] ?? NaN;
  return {
    format: one.format,
    first: Math.min(...made.map(({ first }) => first)),
    warm: Math.min(...made.map(({ warm }) => warm)),
    peak: median("peak"),
    kept: median("kept"),
  };
}

/** @param {string} file @returns {Measured | null} null where it makes no model */
function once(file) {
  const args = ["--expose-gc", script, "--one", file];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
  });
  return status ? null : JSON.parse(stdout);
}

const MODELS = /^\.(safetensors|pth?|onnx|keras|h5|tflite|nam|json)$/;

/** Of each format the largest, among the largest few of each kind of name. @param {string[]} folders */
function* largest(folders) {
  /** @type {Map<string, string[]>} */
  const kinds = new Map();
  for (const folder of folders)
    for (const name of readdirSync(folder, {
      encoding: "utf8",
      recursive: true,
    })) {
      const file = join(folder, name);
      const kind = name.endsWith("model.json") ? "tfjs" : extname(name);
      if (!MODELS.test(extname(name)) || !statSync(file).isFile()) continue;
      kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
    }
  /** @type {Set<string>} */
  const seen = new Set();
  for (const files of kinds.values()) {
    files.sort((a, b) => sizeOf(b) - sizeOf(a));
    for (const file of files.slice(0, 12)) {
      const format = once(file)?.format;
      if (!format || seen.has(format)) continue;
      seen.add(format);
      yield { file, found: measured(file) };
    }
  }
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
  const row = table(
    ["file", "format", "size", "first", "warm", "peak", "kept"],
    [30, 12, 11, 9, 9, 11, 11],
  );
  /** @param {string} file @param {Measured | null} m */
  const show = (file, m) => {
    if (!m) throw new Error(`${file}: no model was made`);
    row([
      basename(file).slice(0, 30),
      m.format,
      kB(sizeOf(file)),
      time(m.first),
      time(m.warm),
      kB(m.peak),
      kB(m.kept),
    ]);
  };
  if (first === "--largest")
    for (const { file, found } of largest(rest)) show(file, found);
  else
    for (const file of own
      ? [own.file]
      : [/** @type {string} */ (first), ...rest])
      show(file, measured(file));
  own?.remove();
}
