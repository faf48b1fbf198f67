// What an application pays, tree-shaken and minified by esbuild, with both binaries inside.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BUDGETS } from "../../../bench/lib/budgets.mjs";

/** What is bundled, within the budgets of `npm run size`. */
const BUNDLES = [
  {
    name: "LSTM alone",
    code: 'export { LSTM } from "gatewise";',
    most: BUDGETS["LSTM alone"]?.gzipped ?? 0,
  },
  {
    name: "everything",
    code: 'export * from "gatewise"; export { parse, serialize } from "gatewise/safetensors";',
    most: BUDGETS["gatewise"]?.gzipped ?? 0,
  },
];

/**
 * @param {string} folder where the package is installed
 * @returns {Promise<string[]>} what is over its budget
 */
export async function checkSizes(folder) {
  const problems = [];
  for (const { name, code, most } of BUNDLES) {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
    });
    const bytes = outputFiles[0]?.contents ?? new Uint8Array();
    const gzipped = gzipSync(bytes).length;
    console.log(
      `size: ${name}: ${bytes.length} bytes, ${gzipped} gzipped, at most ${most}`,
    );
    if (gzipped > most)
      problems.push(`${name}: expected at most ${most}, got ${gzipped}`);
  }
  return problems;
}
