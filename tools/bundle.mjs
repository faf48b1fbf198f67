// Makes the scripts that threads load by address, each one file that imports nothing: a worklet or a worker on a
// page without a bundler resolves no package names. `npm run build` runs it; tests call `bundle` themselves.
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
  await build({
    entryPoints: [fileURLToPath(new URL(entry, root))],
    outfile,
    bundle: true,
    external: ["node:worker_threads"],
    plugins: [withoutTextDecoder],
    minify: true,
    sourcemap: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = fileURLToPath(new URL("dist/", root));
  await bundle("src/worklet/processor.ts", `${dist}worklet-processor.js`);
  await bundle("src/worklet/clock-script.ts", `${dist}worklet-clock.js`);
  await bundle("src/worker/script.ts", `${dist}worker-script.js`);
}
