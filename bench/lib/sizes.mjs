/** What a user downloads: the binaries, and the entries as a bundler leaves them. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = new URL("../../", import.meta.url);

/** @typedef {{ name: string, bytes: number, gzipped: number }} Size */

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Size}
 */
const measure = (name, bytes) => ({
  name,
  bytes: bytes.length,
  gzipped: gzipSync(bytes, { level: 9 }).length,
});

/** @param {string[]} code what an application imports */
async function bundle(...code) {
  const { outputFiles } = await build({
    stdin: { contents: code.join("\n"), resolveDir: fileURLToPath(root) },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    // of gatewise/queue, which runs in Node alone
    external: ["node:*", "bullmq", "ioredis", "@opentelemetry/api"],
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return /** @type {Uint8Array} */ (outputFiles[0]?.contents);
}

/** What stands beside the formats: each is an entry of its own. */
const BESIDE = [
  "audio",
  "decode",
  "quantize",
  "queue",
  "tesseract",
  "threads",
  "train",
  "vis",
];

/**
 * Where an entry lies in dist/, if not in a folder of its name.
 *
 * @type {Readonly<Record<string, string>>}
 */
const FOLDERS = { train: "training" };

const CORE = 'export * from "./dist/index.js";';
const LSTM = 'export { LSTM } from "./dist/index.js";';
const SAFETENSORS =
  'export { parse, serialize } from "./dist/formats/safetensors/index.js";';

/**
 * What an entry adds to the core.
 *
 * @param {string} name @param {string} code that imports it @param {Size} core
 */
async function added(name, code, core) {
  const both = await bundle(CORE, code);
  const { bytes, gzipped } = measure("", both);
  return {
    name: `gatewise/${name}`,
    bytes: bytes - core.bytes,
    gzipped: gzipped - core.gzipped,
  };
}

/** Reads build/ and dist/: build first. Each reader counts what its load adds to the core. */
export async function sizes() {
  const core = measure("gatewise", await bundle(CORE));
  const formats = readdirSync(new URL("dist/formats/", root)).filter((name) =>
    existsSync(new URL(`dist/formats/${name}/index.js`, root)),
  );
  return [
    ...["simd.wasm", "relaxed.wasm"].map((name) =>
      measure(name, readFileSync(new URL(`build/${name}`, root))),
    ),
    core,
    measure("LSTM alone", await bundle(LSTM)),
    measure("parse and serialize", await bundle(SAFETENSORS)),
    ...(await Promise.all([
      ...formats.map((format) => {
        const entry = `./dist/formats/${format}/index.js`;
        return added(format, `export { load } from "${entry}";`, core);
      }),
      ...BESIDE.map((name) =>
        added(
          name,
          // by a name, as some export an init of their own
          `export * as own from "./dist/${FOLDERS[name] ?? name}/index.js";`,
          core,
        ),
      ),
    ])),
  ];
}
