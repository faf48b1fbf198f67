// The program `gatewise`. In the package it shares its chunks with the library (tools/build.mjs), and dist/cli.js starts
// it; tests call `bundleCli`, which makes one file of it from the sources as they are.
import { builtinModules } from "node:module";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withoutPako } from "./jsfive.mjs";

const root = new URL("../", import.meta.url);
const { version } = JSON.parse(
  await readFile(new URL("package.json", root), "utf8"),
);

/** What a build that has the program in it needs. */
export const FOR_CLI = {
  // optional packages of the user: what draws pictures, and what gatewise/queue, work and score need
  external: [
    "echarts",
    "bullmq",
    "ioredis",
    "@opentelemetry/api",
    "node:*",
    ...builtinModules,
  ],
  define: { GATEWISE_VERSION: JSON.stringify(version) },
};

/** commander and cli-progress are CommonJS: they ask for Node's own modules by require. */
const REQUIRE = `import { createRequire as gatewiseRequire } from "node:module";`;

/**
 * Writes dist/cli.js. `require` has to be there before the first chunk is.
 *
 * @param {string} outfile
 * @returns {Promise<undefined>} nothing is bundled here
 */
export async function startCli(outfile) {
  await writeFile(
    outfile,
    `#!/usr/bin/env node
${REQUIRE}
globalThis.require ??= gatewiseRequire(import.meta.url);
await import("./cli/main.js");
`,
  );
  await chmod(outfile, 0o755);
}

/** @param {string} outfile */
export async function bundleCli(outfile) {
  const { metafile } = await build({
    ...FOR_CLI,
    entryPoints: [fileURLToPath(new URL("src/cli/main.ts", root))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    absWorkingDir: fileURLToPath(root),
    banner: {
      js: `#!/usr/bin/env node
${REQUIRE}
const require = gatewiseRequire(import.meta.url);`,
    },
    plugins: [withoutPako],
    logLevel: "warning",
  });
  await chmod(outfile, 0o755);
  return metafile;
}
