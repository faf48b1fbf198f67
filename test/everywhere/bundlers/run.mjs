// The packed package through every bundler, `npm run test:bundlers`: built with default settings, run in Chromium, and
// compared with Node to the bit. Then publint, attw and the sizes.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, launch } from "../hosts/browsers.mjs";
import { PATIENCE } from "../hosts/net.mjs";
import { inPackages, output } from "../hosts/runtimes.mjs";
import { serve } from "../hosts/server.mjs";
import { asksFor } from "../hostless.mjs";
import { programOf } from "../pages.mjs";
import { installInto, makeStage } from "../stage.mjs";
import { appOf, bundlers, pageApp, write } from "./apps.mjs";
import { next, startNext } from "./next.mjs";
import { checkSizes } from "./sizes.mjs";

/** What a page, a worker or a worklet loads: it asks nothing of its host. */
const CORE = [
  "index.js",
  "safetensors.js",
  "worker/index.js",
  "worklet/index.js",
  "worker-script.js",
  "worklet-processor.js",
  "worklet-clock.js",
];

/**
 * @typedef {{
 *   auto: string,
 *   output: number[],
 *   names: string[],
 *   shown?: string,
 *   pooled?: number[],
 *   played?: number[],
 * }} Answer
 */

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const required = process.env["CI"] === "true";
/** @type {string[]} */
const problems = [];
const started = performance.now();
const { folder, tarball, packageFolder } = await makeStage();
const app = appOf(
  JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")),
);
await write(folder, { "answer.mjs": app });
const { shows } = await programOf("bundlers", folder);
const url = pathToFileURL(join(folder, "answer.mjs")).href;
/** @type {{ answer: Answer }} */
const { answer: expected } = await import(url);

const browser =
  chromium.program && (await launch(chromium.program, chromium.options));

for (const { name, program, threads, build } of bundlers) {
  await attempt(name, program && chromium.program, async () => {
    const fresh = join(folder, `fresh-${name.replace(" ", "-")}`);
    await installInto(fresh, tarball);
    await programOf("bundlers", fresh);
    const { origin, close } = await serve(
      await build(fresh, String(program), pageApp(app, threads)),
    );
    try {
      compare(name, await answerOf(`${origin}/index.html`), "relaxed", true);
    } finally {
      await close();
    }
  });
}

await attempt("Next", next && chromium.program, async () => {
  const fresh = join(folder, "fresh-next");
  await installInto(fresh, tarball);
  await programOf("bundlers", fresh);
  const running = await startNext(fresh, app);
  try {
    compare("Next, server", running.server, expected.auto);
    compare("Next, client", await answerOf(running.url), "relaxed", true);
    compare("Next, edge", await running.edge(), "simd");
  } finally {
    await running.close();
  }
});

await attempt("files", process.execPath, async () => {
  const home = join(folder, "node_modules/gatewise");
  for (const file of CORE) {
    const asked = await asksFor(join(home, "dist", file));
    if (asked.length > 0) problems.push(`dist/${file}: asks for ${asked}`);
  }
  console.log(`ok files: ${CORE.length} ask nothing of their host`);
});
await attempt("publint", inPackages(".bin/publint"), async () => {
  await output(String(inPackages(".bin/publint")), [tarball, "--strict"]);
  console.log("ok publint");
});
await attempt("attw", inPackages(".bin/attw"), async () => {
  await output(String(inPackages(".bin/attw")), [
    tarball,
    "--profile=esm-only",
    "--exclude-entrypoints",
    ...(await withoutTypes()),
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

/** What globalThis.answer of a page becomes, or the first error that the page has not caught. */
async function answerOf(/** @type {string} */ address) {
  if (!browser) throw new Error("no browser");
  const page = await browser.browser.newPage();
  const failed = new Promise((_, reject) => page.once("pageerror", reject));
  const answered = async () => {
    await page.goto(address, { timeout: PATIENCE });
    await page.waitForFunction("globalThis.answer", { timeout: PATIENCE });
    return page.evaluate("globalThis.answer");
  };
  try {
    return await Promise.race([answered(), failed]);
  } finally {
    await page.close();
  }
}

/**
 * @param {string} name
 * @param {Answer} got
 * @param {string} auto
 * @param {boolean} [isPage] whether it has threads
 */
function compare(name, got, auto, isPage = false) {
  const found = [];
  const same = (/** @type {string} */ what, a = "nothing", b = "nothing") => {
    if (a !== b) found.push(`${what}: expected ${a}, got ${b}`);
  };
  const { output, names } = expected;
  same("output", output.join(), got.output.join());
  same("exports", names.join("\n"), got.names.join("\n"));
  same("chosen", auto, got.auto);
  if (isPage) {
    if (!got.shown?.includes(shows))
      found.push(`docs: expected to show ${shows}, got ${got.shown}`);
    same("in a worker", output.join(), got.pooled?.join());
    const far = output.filter(
      (x, i) => !(Math.abs(x - (got.played?.[i] ?? NaN)) < 1e-6),
    );
    if (far.length > 0)
      found.push(`in a worklet: expected ${output}, got ${got.played}`);
  }
  for (const text of found) problems.push(`${name}: ${text}`);
  if (found.length === 0)
    console.log(`ok ${name}: ${auto}${isPage ? ", worker, worklet" : ""}`);
}

/** Entries that no program imports: binaries, and scripts that threads load by address. */
async function withoutTypes() {
  const { exports } = JSON.parse(await readFile("package.json", "utf8"));
  return Object.keys(exports)
    .filter(
      (entry) =>
        entry.endsWith(".wasm") ||
        (entry.endsWith(".js") &&
          !JSON.stringify(exports[entry]).includes(".d.ts")),
    )
    .map((entry) => entry.slice("./".length));
}
