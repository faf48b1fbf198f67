// Makes the scripts that threads load by address, each one file that imports nothing: a worklet or a worker on a
// page without a bundler resolves no package names. tools/build.mjs calls `bundle`, and so do tests.
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("../", import.meta.url);

/**
 * The loader makes a TextDecoder when it is imported, which a worklet does not have: it gets tools/text-decoder.mjs.
 *
 * @type {import("esbuild").Plugin}
 */
export const withoutTextDecoder = {
  name: "without TextDecoder",
  setup({ onLoad }) {
    const stub = fileURLToPath(new URL("tools/text-decoder.mjs", root));
    onLoad(
      { filter: /assemblyscript.loader.index\.js$/ },
      async ({ path }) => ({
        contents: `import { TextDecoder } from ${JSON.stringify(stub)};\n${await readFile(path, "utf8")}`,
        resolveDir: dirname(path),
      }),
    );
  },
};

/** @param {string} entry @param {string} outfile */
export async function bundle(entry, outfile) {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: fileURLToPath(root),
    entryPoints: [fileURLToPath(new URL(entry, root))],
    outfile,
    bundle: true,
    external: ["node:worker_threads"],
    plugins: [withoutTextDecoder],
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    // an uncaught error prints its line
    lineLimit: 120,
    logLevel: "warning",
  });
  return metafile;
}
