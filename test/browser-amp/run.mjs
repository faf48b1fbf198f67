// Checks examples/amp in Chromium and Firefox:
//
//     npm run build && npm run test:amp
//
// Browsers and puppeteer-core come from tools/install-runtimes.sh; one that is absent is skipped by name, and is an
// error under CI=true.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { chromium, launch } from "../everywhere/hosts/browsers.mjs";
import { PATIENCE } from "../everywhere/hosts/net.mjs";
import { firstOf, inPackages } from "../everywhere/hosts/runtimes.mjs";
import { check } from "./check.mjs";
import { learnInPage } from "./learn.mjs";

const hosts = [
  { name: "Chromium", ...chromium },
  {
    name: "Firefox",
    program: firstOf("/usr/bin/firefox-esr"),
    options: { browser: "firefox" },
  },
];

/** What a user may give the page, and what it says then. @type {readonly (readonly [string, RegExp])[]} */
const FILES = [
  ["test/audio/fixtures/amp.nam", /^amp\.nam plays, on (relaxed|simd)\./],
  ["test/audio/fixtures/aida.json", /^aida\.json plays, on (relaxed|simd)\./],
  ["examples/amp/amp.safetensors", /^amp\.safetensors plays, on /],
  ["package.json", /^FormatError: /],
];

const script = fileURLToPath(
  new URL("../../examples/amp/serve.mjs", import.meta.url),
);
const server = spawn(process.execPath, [script], {
  env: { ...process.env, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = await once(server.stdout, "data");
const origin = String(line).trim();

try {
  for (const { name, program, options } of hosts) {
    if (!program || !inPackages("puppeteer-core/package.json")) {
      console.log(`${name}: not installed, skipped`);
      if (process.env["CI"] === "true") process.exitCode = 1;
      continue;
    }
    const { browser, close } = await launch(program, options);
    try {
      const page = await browser.newPage();
      await page.goto(`${origin}examples/amp/index.html`);
      const { problems, mean, quanta } = await page.evaluate(check);
      problems.push(...(await swapInPage(page)));
      await page.goto(`${origin}examples/amp/learn.html?seconds=6`);
      problems.push(...(await learnInPage(page, PATIENCE)).problems);
      const figures = `${quanta} quanta of LSTM-40, ${mean.toFixed(3)} ms a channel`;
      console.log(`${name}: ${problems.join("; ") || "passed"} (${figures})`);
      if (problems.length) process.exitCode = 1;
    } finally {
      await close();
    }
  }
} finally {
  server.kill();
}

/**
 * Plays in the page itself, as a user does, and puts other models in the amplifier's place.
 *
 * @param {any} page
 */
async function swapInPage(page) {
  const found = [];
  await page.click("#play");
  const input = await page.$("#model");
  for (const [file, said] of FILES) {
    await page.evaluate("document.querySelector('#message').textContent = ''");
    await input.uploadFile(
      fileURLToPath(new URL(`../../${file}`, import.meta.url)),
    );
    await page.waitForFunction(
      "document.querySelector('#message').textContent",
      { timeout: PATIENCE },
    );
    const text = await page.evaluate(
      "document.querySelector('#message').textContent",
    );
    if (!said.test(text)) found.push(`${file}: expected ${said}, got ${text}`);
  }
  return found;
}
