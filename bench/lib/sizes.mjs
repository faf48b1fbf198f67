/** What a user downloads: the binaries, and the entries as a bundler leaves them. */

import { readFileSync } from "node:fs";
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

/** @param {string} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, root))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return /** @type {Uint8Array} */ (outputFiles[0]?.contents);
}

/** Entries that read a format. Each is measured beside the core, which a page with a model has anyway. */
const FORMATS = ["rtneural"];

/** Reads build/ and dist/: build first. */
export async function sizes() {
  const core = measure("gatewise", await bundle("dist/index.js"));
  const added = FORMATS.map(async (format) => {
    const name = `gatewise/${format}`;
    const both = await bundle(`dist/formats/${format}/index.js`);
    const { bytes, gzipped } = measure(name, both);
    return {
      name,
      bytes: bytes - core.bytes,
      gzipped: gzipped - core.gzipped,
    };
  });
  return [
    ...["simd.wasm", "relaxed.wasm"].map((name) =>
      measure(name, readFileSync(new URL(`build/${name}`, root))),
    ),
    core,
    measure("gatewise/safetensors", await bundle("dist/safetensors.js")),
    ...(await Promise.all(added)),
  ];
}
