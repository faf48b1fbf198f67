/**
 * npm run bench:read: gatewise/tesseract beside tesseract.js (bench/peers) and native tesseract, each with the same file:
 * characters wrong and time a line, on the lines of ../shared and on the page of examples/read. What is not installed is
 * left out by name.
 */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { table, time } from "./lib/text.mjs";

const ROUNDS = 5;
const DEBIAN = "/usr/share/tesseract-ocr/5/tessdata/eng.traineddata";
const root = new URL("../", import.meta.url);
const peers = createRequire(new URL("bench/peers/package.json", root));
const folder = mkdtempSync(join(tmpdir(), "gatewise-read-"));

/** @typedef {{ file: string, text: string, lines: number }} Picture */
/** @typedef {{ ready: number, texts: string[], each: number }} Measured */

/** @returns {Record<"lines" | "page", Picture[]>} */
function pictures() {
  const shared = new URL("../shared/conformance/models/tesseract/", root);
  const list = new URL("lines.json", shared);
  /** @type {{ lines: { file: string, text: string }[] }} */
  const { lines } = existsSync(list)
    ? JSON.parse(readFileSync(list, "utf8"))
    : { lines: [] };
  const page = new URL("examples/read/page.txt", root);
  const text = readFileSync(page, "utf8").replace(/\n+/g, "\n").trim();
  const path = fileURLToPath(new URL("examples/read/page.png", root));
  return {
    lines: lines.map(({ file, text: line }) => ({
      file: fileURLToPath(new URL(file, shared)),
      text: line,
      lines: 1,
    })),
    page: [{ file: path, text, lines: text.split("\n").length }],
  };
}

/** The files there are, as DIR/NAME.traineddata. */
function models() {
  const found = ["4.0.0", "4.0.0_best_int"].flatMap((variant) => {
    try {
      const name = `@tesseract.js-data/eng/${variant}/eng.traineddata.gz`;
      const bytes = gunzipSync(readFileSync(peers.resolve(name)));
      return [{ name: variant === "4.0.0" ? "standard" : "best_int", bytes }];
    } catch {
      return [];
    }
  });
  if (existsSync(DEBIAN))
    found.unshift({ name: "fast", bytes: readFileSync(DEBIAN) });
  for (const { name, bytes } of found)
    writeFileSync(join(folder, `${name}.traineddata`), bytes);
  return found.map(({ name }) => name);
}

/** The shortest of some rounds, a line. @param {Picture[]} list @param {() => unknown} round */
async function timed(list, round) {
  const count = list.reduce((sum, { lines }) => sum + lines, 0);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await round();
    best = Math.min(best, (performance.now() - start) / count);
  }
  return best;
}

/** @param {string} name @param {Picture[]} list @param {boolean} page @returns {Promise<Measured>} */
async function gatewise(name, list, page) {
  const { load, toGrey } = await import("../dist/tesseract/index.js");
  const bytes = readFileSync(join(folder, `${name}.traineddata`));
  const start = performance.now();
  const { recognizer } = load(bytes);
  const ready = performance.now() - start;
  const read = () =>
    list.map(({ file }) => {
      const image = toGrey(PNG.sync.read(readFileSync(file)));
      const found = page
        ? recognizer.recognizePage(image)
        : recognizer.recognize(image);
      return found.text;
    });
  return { ready, texts: read(), each: await timed(list, read) };
}

/** @param {string} name @param {Picture[]} list @param {boolean} page @returns {Promise<Measured>} */
async function tesseractJs(name, list, page) {
  const { createWorker, OEM, PSM } = peers("tesseract.js");
  const start = performance.now();
  const worker = await createWorker(name, OEM.LSTM_ONLY, {
    langPath: folder,
    gzip: false,
    cacheMethod: "none",
  });
  await worker.setParameters({
    tessedit_pageseg_mode: page ? PSM.SINGLE_BLOCK : PSM.SINGLE_LINE,
  });
  const ready = performance.now() - start;
  const files = list.map(({ file }) => readFileSync(file));
  const read = async () => {
    const texts = [];
    for (const file of files)
      texts.push((await worker.recognize(file)).data.text);
    return texts;
  };
  const texts = await read();
  const each = await timed(list, read);
  await worker.terminate();
  return { ready, texts, each };
}

/** One thread, as the others; its start is not counted: twice the pictures less once. @param {string} name @param {Picture[]} list @param {boolean} page @returns {Promise<Measured>} */
async function native(name, list, page) {
  /** @param {Picture[]} of */
  const run = (of) => {
    const names = join(folder, "list.txt");
    writeFileSync(names, of.map(({ file }) => file).join("\n"));
    const args = ["--tessdata-dir", folder, "-l", name, "--oem", "1"];
    const start = performance.now();
    const output = execFileSync(
      "tesseract",
      [names, "-", ...args, "--psm", page ? "6" : "7"],
      {
        encoding: "utf8",
        env: { ...process.env, OMP_THREAD_LIMIT: "1" },
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    return { output, ms: performance.now() - start };
  };
  const lines = list.reduce((sum, picture) => sum + picture.lines, 0);
  let once = Number.POSITIVE_INFINITY;
  let twice = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    once = Math.min(once, run(list).ms);
    twice = Math.min(twice, run([...list, ...list]).ms);
  }
  const texts = run(list).output.split("\f").slice(0, list.length);
  const each = (twice - once) / lines;
  return { ready: once - each * lines, texts, each };
}

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

try {
  const row = table(["", "wrong", "of", "a line", "ready"], [40, 7, 6, 10, 10]);
  for (const [kind, list] of Object.entries(pictures())) {
    if (!list.length) {
      console.log("../shared: not there, its lines are left out");
      continue;
    }
    for (const name of models())
      for (const [reader, measure] of /** @type {const} */ ([
        ["gatewise", gatewise],
        ["tesseract.js", tesseractJs],
        ["native", native],
      ])) {
        const label = `${kind}, ${name}, ${reader}`;
        try {
          const { ready, texts, each } = await measure(
            name,
            list,
            kind === "page",
          );
          const wrong = list.reduce(
            (sum, { text }, i) =>
              sum +
              distance(text, (texts[i] ?? "").replace(/\n+/g, "\n").trim()),
            0,
          );
          const all = list.reduce((sum, { text }) => sum + text.length, 0);
          row([label, `${wrong}`, `${all}`, time(each), time(ready)]);
        } catch (error) {
          console.log(`${label}: left out, ${String(error).split("\n")[0]}`);
        }
      }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
