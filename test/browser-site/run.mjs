// The site as `npm run site` has built it, in a folder of its host: all of it in Chromium, its pages in Firefox too.
//
//     npm run site && npm run test:site                    all of it
//     npm run test:site -- pages search                    some of it
//     npm run test:site -- lighthouse                      slow: a minute a page
//
// The browsers and puppeteer-core come from tools/install-runtimes.sh, axe-core and lighthouse from site/. What is absent is
// skipped by name, and is an error under CI=true.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serve } from "../../site/serve.mjs";
import { chromium, firefox, launch } from "../everywhere/hosts/browsers.mjs";
import { inPackages } from "../everywhere/hosts/runtimes.mjs";
import { openModels } from "./models.mjs";
import { checkPages } from "./pages.mjs";
import { checkSearch } from "./search.mjs";
import { measureLighthouse } from "./lighthouse.mjs";

const dist = fileURLToPath(new URL("../../site/dist", import.meta.url));
const asked = process.argv.slice(2);
const checks = { pages: checkPages, search: checkSearch, models: openModels };

if (!inPackages("puppeteer-core/package.json"))
  skip("puppeteer-core: not installed");
else if (!existsSync(`${dist}/index.html`))
  skip("site/dist: not built, npm run site builds it");
else {
  await run("Chromium", chromium, Object.keys(checks));
  await run("Firefox", firefox, ["pages"]);
}

/** @param {string} what */
function skip(what) {
  console.log(`${what}, skipped`);
  if (process.env["CI"] === "true") process.exitCode = 1;
}

/**
 * @param {string} name
 * @param {typeof chromium | typeof firefox} host
 * @param {readonly string[]} own names of the checks that it runs
 */
async function run(name, { program, options }, own) {
  if (!program) {
    skip(`${name}: not installed`);
    return;
  }
  // under a path, as on GitHub Pages: every address has to be relative
  const { origin, close } = await serve(dist, 0, "/some/folder/");
  const { browser, close: quit } = await launch(program, options);
  try {
    for (const [kind, check] of Object.entries(checks)) {
      if (!own.includes(kind) || (asked.length && !asked.includes(kind)))
        continue;
      const started = performance.now();
      const problems = await check(browser, origin);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      for (const problem of problems)
        console.error(`${name}, ${kind}: ${problem}`);
      console.log(
        `${name}, ${kind}: ${problems.length ? "failed" : "passed"} (${seconds} s)`,
      );
      if (problems.length) process.exitCode = 1;
    }
    if (name === "Chromium" && asked.includes("lighthouse"))
      await measureLighthouse(browser, origin);
  } finally {
    await quit();
    close();
  }
}
