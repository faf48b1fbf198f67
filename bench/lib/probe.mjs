/** The bench's own AssemblyScript, compiled with the kernel's own options. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// Node 20 has relaxed SIMD behind a flag.
if (Number.parseInt(process.versions.node) < 21)
  setFlagsFromString("--experimental-wasm-relaxed-simd");

const root = new URL("../../", import.meta.url);
const path = (/** @type {string} */ file) => fileURLToPath(new URL(file, root));

/** Where a probe's data may begin: its own lies below. */
export const PROBE_AT = 4096;

/**
 * Compiles `bench/<folder>/assembly/<entry>` and runs it in `pages` of memory.
 *
 * @param {string} folder
 * @param {string} entry
 * @param {"relaxed" | "simd"} target of asconfig.json
 * @param {number} pages
 */
export function probe(folder, entry, target, pages) {
  const { targets, options } = JSON.parse(
    readFileSync(path("asconfig.json"), "utf8"),
  );
  const flags = Object.entries({ ...options, ...targets[target] }).flatMap(
    ([key, value]) =>
      key === "outFile" || value === false
        ? []
        : value === true
          ? [`--${key}`]
          : [value].flat().flatMap((one) => [`--${key}`, String(one)]),
  );
  const file = path(`bench/${folder}/build/${target}.wasm`);
  execFileSync(process.execPath, [
    path("node_modules/assemblyscript/bin/asc.js"),
    path(`bench/${folder}/assembly/${entry}`),
    "--outFile",
    file,
    ...flags,
  ]);
  const memory = new WebAssembly.Memory({ initial: pages });
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(readFileSync(file)),
    { env: { memory } },
  );
  return { memory, exports };
}
