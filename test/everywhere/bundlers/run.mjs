// The packed package through every bundler, `npm run test:bundlers`: built with default settings, run in Chromium, and
// compared with Node to the bit. Then publint, attw and the sizes.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, launch } from "../hosts/browsers.mjs";
import { PATIENCE } from "../hosts/net.mjs";
import { inPackages, output } from "../hosts/runtimes.mjs";
import { serve } from "../hosts/server.mjs";
import { installInto, makeStage } from "../stage.mjs";
import { APP, bundlers, write } from "./apps.mjs";
import { next, startNext } from "./next.mjs";
import { checkSizes } from "./sizes.mjs";

/** @typedef {{ auto: string, output: number[] }} Answer */

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const required = process.env["CI"] === "true";
/** @type {string[]} */
const problems = [];
const started = performance.now();
const { folder, tarball } = await makeStage();
await write(folder, { "answer.mjs": APP });
const url = pathToFileURL(join(folder, "answer.mjs")).href;
/** @type {{ answer: Answer }} */
const { answer: expected } = await import(url);

const browser =
  chromium.program && (await launch(chromium.program, chromium.options));

for (const { name, program, build } of bundlers) {
  await attempt(name, program && chromium.program, async () => {
    const fresh = join(folder, `fresh-${name.replace(" ", "-")}`);
    await installInto(fresh, tarball);
    const { origin, close } = await serve(await build(fresh, String(program)));
    try {
      compare(name, await answerOf(`${origin}/index.html`), "relaxed");
    } finally {
      await close();
    }
  });
}

await attempt("Next", next && chromium.program, async () => {
  const fresh = join(folder, "fresh-next");
  await installInto(fresh, tarball);
  const app = await startNext(fresh);
  try {
    compare("Next, server", app.server, expected.auto);
    compare("Next, client", await answerOf(app.url), "relaxed");
    compare("Next, edge", await app.edge(), "simd");
  } finally {
    await app.close();
  }
});

await attempt("publint", inPackages(".bin/publint"), async () => {
  await output(String(inPackages(".bin/publint")), [tarball, "--strict"]);
  console.log("ok publint");
});
await attempt("attw", inPackages(".bin/attw"), async () => {
  await output(String(inPackages(".bin/attw")), [
    tarball,
    "--profile=esm-only",
    // binaries, and scripts that threads load by address, have no types
    "--exclude-entrypoints",
    "simd.wasm",
    "relaxed.wasm",
    "worklet-processor.js",
    "worklet-clock.js",
    "worker-script.js",
  ]);
  console.log("ok attw");
});
if (wanted.length === 0 || wanted.includes("sizes"))
  problems.push(...(await checkSizes(folder)));

if (browser) await browser.close();
await rm(folder, { recursive: true, force: true });
for (const problem of problems) console.error(`FAILED ${problem}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`${problems.length} failures, ${seconds} s`);
process.exit(problems.length > 0 ? 1 : 0);

/**
 * @param {string} name
 * @param {string | undefined} program
 * @param {() => Promise<void>} run
 */
async function attempt(name, program, run) {
  if (wanted.length > 0 && !wanted.some((w) => name.toLowerCase().includes(w)))
    return;
  if (!program) {
    const line = `${name}: absent; tools/install-runtimes.sh installs it`;
    if (required) problems.push(line);
    else console.log(`skipped ${line}`);
    return;
  }
  await run().catch((error) =>
    problems.push(`${name}: ${error}\n${error.stdout ?? ""}`),
  );
}

/** What globalThis.answer of a page becomes. */
async function answerOf(/** @type {string} */ address) {
  if (!browser) throw new Error("no browser");
  const page = await browser.browser.newPage();
  try {
    await page.goto(address, { timeout: PATIENCE });
    await page.waitForFunction("globalThis.answer", { timeout: PATIENCE });
    return page.evaluate("globalThis.answer");
  } finally {
    await page.close();
  }
}

/**
 * @param {string} name
 * @param {Answer} got
 * @param {string} auto
 */
function compare(name, got, auto) {
  const same = expected.output.every((value, i) => value === got.output[i]);
  if (!same || got.output.length !== expected.output.length)
    problems.push(`${name}: expected ${expected.output}, got ${got.output}`);
  else if (got.auto !== auto)
    problems.push(`${name}: expected ${auto} to be chosen, got ${got.auto}`);
  else console.log(`ok ${name}: ${got.auto}`);
}
