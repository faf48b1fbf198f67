// Makes the two scripts that threads load by address, each one file that imports nothing: a worklet or a worker on a
// page without a bundler resolves no package names. `npm run build` runs it; tests call `bundle` themselves.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("../", import.meta.url);

/** @param {string} entry @param {string} outfile */
export async function bundle(entry, outfile) {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, root))],
    outfile,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [entry, file] of [
    ["src/worklet/processor.ts", "worklet-processor.js"],
    ["src/worker/script.ts", "worker-script.js"],
  ]) {
    await bundle(entry, fileURLToPath(new URL(`dist/${file}`, root)));
  }
}
