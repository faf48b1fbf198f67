/** The bench's part in Node: gatewise, tesseract.js and native Tesseract, on one thread each. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { load, toGrey } from "../../dist/tesseract/index.js";
import { median } from "../audio/voice.mjs";
import { NO_DICTIONARIES } from "./files.mjs";
import { openTesseractJs } from "./tesseract-js.mjs";
import { inTurns } from "./turns.mjs";

/**
 * @typedef {import("./files.mjs").Picture} Picture
 * @typedef {import("./turns.mjs").Reader} Reader
 * @typedef {import("../audio/node.mjs").Download} Download
 *
 * @typedef {object} Place Node, or a browser
 * @property {string} name
 * @property {(model: string, list: readonly Picture[], page: boolean) => Promise<import("./turns.mjs").Read>} read
 * @property {(model: string, rounds: number) => Promise<{ ours: number, theirs: number, downloads?: { ours: Download, theirs: Download } }>} ready
 * @property {() => Promise<void>} close
 */

/** @param {string} folder with NAME.traineddata @returns {Place} */
export const node = (folder) => ({
  name: `Node ${process.versions.node.split(".")[0]}`,
  read: async (model, list, page) => {
    const theirs = [
      await tesseractJs(folder, model, list, page, {}),
      await tesseractJs(folder, model, list, page, NO_DICTIONARIES),
    ];
    try {
      const all = await inTurns([
        gatewise(folder, model, list, page, undefined),
        gatewise(folder, model, list, page, "float32"),
        gatewise(folder, model, list, page, "int8-fast"),
        ...theirs,
      ]);
      return {
        ...all,
        ...native(folder, model, list, page, {}),
        ...native(folder, model, list, page, NO_DICTIONARIES),
      };
    } finally {
      for (const { close } of theirs) await close();
    }
  },
  ready: async (model, rounds) => {
    const script = fileURLToPath(new URL("ready.mjs", import.meta.url));
    const once = (/** @type {string} */ side) =>
      Number(execFileSync(process.execPath, [script, side, folder, model]));
    const ours = [];
    const theirs = [];
    for (let i = 0; i < rounds; i++) {
      ours.push(once("ours"));
      theirs.push(once("theirs"));
    }
    return { ours: median(ours), theirs: median(theirs) };
  },
  close: async () => undefined,
});

/**
 * @param {string} folder @param {string} model @param {readonly Picture[]} list @param {boolean} page
 * @param {"float32" | "int8-fast" | undefined} precision
 * @returns {Reader}
 */
function gatewise(folder, model, list, page, precision) {
  const bytes = readFileSync(join(folder, `${model}.traineddata`));
  const { recognizer } = load(bytes, precision && { precision });
  const files = list.map(({ file }) => readFileSync(file));
  return {
    name: precision ? `gatewise, ${precision}` : "gatewise",
    read: async () =>
      files.map((file) => {
        const image = toGrey(PNG.sync.read(file));
        return page
          ? recognizer.recognizePage(image).text
          : recognizer.recognize(image).text;
      }),
  };
}

/**
 * @param {string} folder @param {string} model @param {readonly Picture[]} list @param {boolean} page
 * @param {Record<string, string>} config
 * @returns {Promise<Reader & { close(): Promise<void> }>}
 */
async function tesseractJs(folder, model, list, page, config) {
  const worker = await openTesseractJs(folder, model, page, config);
  const files = list.map(({ file }) => readFileSync(file));
  return {
    name: named("tesseract.js", config),
    read: async () => {
      const texts = [];
      for (const file of files)
        texts.push((await worker.recognize(file)).data.text);
      return texts;
    },
    close: () => worker.terminate(),
  };
}

const named = (
  /** @type {string} */ name,
  /** @type {Record<string, string>} */ config,
) => (Object.keys(config).length ? `${name}, no dictionaries` : name);

/**
 * Its start is not counted: a line is what twice the pictures take longer than once, shared among their lines.
 *
 * @param {string} folder @param {string} model @param {readonly Picture[]} list @param {boolean} page
 * @param {Record<string, string>} config
 * @returns {import("./turns.mjs").Read}
 */
function native(folder, model, list, page, config) {
  const names = join(folder, "list.txt");
  const args = ["--tessdata-dir", folder, "-l", model, "--oem", "1"];
  const own = Object.entries(config).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  const run = (/** @type {readonly Picture[]} */ of) => {
    writeFileSync(names, of.map(({ file }) => file).join("\n"));
    const started = performance.now();
    const { stdout, error } = spawnSync(
      "tesseract",
      [names, "-", ...args, "--psm", page ? "6" : "7", ...own],
      { encoding: "utf8", env: { ...process.env, OMP_THREAD_LIMIT: "1" } },
    );
    if (error) throw error;
    return { stdout, ms: performance.now() - started };
  };
  const name = named("native", config);
  try {
    let once = Number.POSITIVE_INFINITY;
    let twice = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      once = Math.min(once, run(list).ms);
      twice = Math.min(twice, run([...list, ...list]).ms);
    }
    const texts = run(list).stdout.split("\f").slice(0, list.length);
    return { [name]: { texts, each: twice - once } };
  } catch (error) {
    console.log(`${name}: left out, ${String(error)}`);
    return {};
  }
}
