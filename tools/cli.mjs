// Makes dist/cli.js, the program `gatewise`: one file with all that it uses, so that installing the package installs
// nothing else. Tests call `bundleCli` themselves.
import { chmod, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withoutPako } from "./jsfive.mjs";

const root = new URL("../", import.meta.url);

/** @param {string} outfile */
export async function bundleCli(outfile) {
  const { version } = JSON.parse(
    await readFile(new URL("package.json", root), "utf8"),
  );
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL("src/cli/main.ts", root))],
    outfile,
    bundle: true,
    platform: "node",
    // optional packages of the user: what draws pictures, and what work and score need
    external: ["echarts", "bullmq", "ioredis", "@opentelemetry/api"],
    format: "esm",
    target: "node20",
    // without a map, which would be mostly of libraries; names stay, so that a stack trace can be read
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    absWorkingDir: fileURLToPath(root),
    define: { GATEWISE_VERSION: JSON.stringify(version) },
    banner: {
      // commander and cli-progress are CommonJS: they ask for Node's own modules by require
      js: `#!/usr/bin/env node
import { createRequire as gatewiseRequire } from "node:module";
const require = gatewiseRequire(import.meta.url);`,
    },
    plugins: [withoutPako],
    logLevel: "warning",
  });
  await chmod(outfile, 0o755);
  return metafile;
}
