// Makes queue/thread.js, the script of a worker's threads, in one file. Tests call `bundleQueueThread`; the package has
// it in pieces that it shares with the other entries.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withoutPako } from "./jsfive.mjs";

const root = new URL("../", import.meta.url);

/** @param {string} outfile */
export async function bundleQueueThread(outfile) {
  await build({
    entryPoints: [fileURLToPath(new URL("src/queue/thread.ts", root))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    absWorkingDir: fileURLToPath(root),
    plugins: [withoutPako],
    logLevel: "warning",
  });
}
