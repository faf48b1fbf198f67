// Checks examples/voice and examples/denoise in Chromium and Firefox, with microphones that speak:
//
//     npm run build && npm run site && npm run test:audio
//     node test/browser-audio/run.mjs firefox
//
// Browsers and puppeteer-core come from tools/install-runtimes.sh, Silero's models with site/ or bench/peers, those of noise
// suppression from ../shared. What is absent is skipped by name, and is an error under CI=true, ../shared apart.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkNode } from "./node-check.mjs";
import { hosts, inBrowser, silentSound } from "./hosts.mjs";
import { give, hear, listen, openRecording, said } from "./pages.mjs";

const path = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../../${name}`, import.meta.url));
const speech = path("test/audio/fixtures/speech.wav");
const silero = ["site", "bench/peers"]
  .map((folder) =>
    path(`${folder}/node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx`),
  )
  .find((file) => existsSync(file));
const conformance = (/** @type {string} */ name) =>
  path(`../shared/conformance/models/onnx/${name}.onnx`);
const { models } = JSON.parse(
  readFileSync(path("test/audio/fixtures/speech.json"), "utf8"),
);
/** Chromium plays a file as its microphone where no other process has it open for writing. */
const microphone = join(mkdtempSync(join(tmpdir(), "gatewise-")), "speech.wav");
writeFileSync(microphone, readFileSync(speech));

/**
 * @template T
 * @param {string} script @param {readonly string[]} args @param {(origin: string) => Promise<T>} use
 */
async function served(script, args, use) {
  const server = spawn(process.execPath, [path(script), ...args], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  try {
    return await use(String(line).trim());
  } finally {
    server.kill();
  }
}

let failed = false;
/** @param {string} name @param {() => Promise<unknown>} check */
async function step(name, check) {
  try {
    const answer = await check();
    const skipped = answer === null;
    if (skipped && process.env["CI"] === "true") failed = true;
    console.log(
      `${name}: ${skipped ? "not installed, skipped" : (answer ?? "passed")}`,
    );
  } catch (error) {
    failed = true;
    console.log(`${name}: ${String(error)}`);
  }
}

/** @param {import("./hosts.mjs").Host} host @param {string} silero */
async function voice(host, silero) {
  const script = "test/browser-audio/serve-voice.mjs";
  await served(script, [silero, speech], async (origin) => {
    const open = async (/** @type {any} */ page) => {
      await page.goto(`${origin}examples/voice/index.html`);
      await said(page, /^Silero is ready\.$/);
    };
    await step(`${host.name}, voice`, () =>
      inBrowser(host, "heard", microphone, async (page) => {
        await open(page);
        await give(page, "#model", path("package.json"));
        await said(page, /^package\.json: /);
        await openRecording(page, speech, models.v5.usual);
        await give(page, "#recording", path("package.json"));
        await said(page, /^package\.json: /);
        if (host.name === "Firefox") await page.evaluate(hear);
        await listen(page);
      }),
    );
    for (const [kind, text] of /** @type {const} */ ([
      ["refused", /^The microphone was not allowed\.$/],
      ["absent", /^There is no microphone\.$/],
    ]))
      await step(`${host.name}, voice, microphone ${kind}`, () =>
        inBrowser(host, kind, microphone, async (page) => {
          await open(page);
          await page.click("#listen");
          await said(page, text);
          await openRecording(page, speech, models.v5.usual);
        }),
      );
  });
}

/** @param {import("./hosts.mjs").Host} host @param {string} name @param {readonly string[]} files */
async function denoise(host, name, files) {
  if (!files.every(existsSync)) {
    console.log(`${name}: no ../shared, skipped`);
    return;
  }
  const script = "test/browser-audio/serve-denoise.mjs";
  await served(script, [speech, ...files], async (origin) => {
    await step(`${host.name}, denoise by ${name}`, () =>
      inBrowser(host, "heard", microphone, async (page) => {
        await page.goto(`${origin}examples/denoise/index.html`);
        await said(page, /ready\.$/);
        const figures = await page.evaluate(checkNode, files.length);
        if (figures.problems.length)
          throw new Error(figures.problems.join("; "));
        await give(page, "#model", path("package.json"));
        await said(page, /^package\.json: /);
        await give(page, "#recording", speech);
        await said(page, /^speech\.wav plays\.$/);
        await said(page, /^Load ([\d.]+ %|unknown)/, "#detail");
        await page.click("#a");
        await page.waitForFunction("rig().node.level === 0");
        await page.click("#b");
        await page.waitForFunction("rig().node.level === 1");
        if (host.name === "Firefox") await page.evaluate(hear);
        await page.click("#microphone");
        await said(page, /^Microphone at \d+ Hz/);
        await page.waitForFunction(
          "rig().levels.some(([before]) => before > 0.05)",
        );
        await page.click("#microphone");
        await said(page, /^Stopped\.$/);
        const { mean, worst, missed, latency, load } = figures;
        // NaN, which comes as null, where a busy machine let no quantum be timed
        const times = Number.isFinite(load)
          ? `load ${(100 * load).toFixed(1)} %, mean quantum ${mean.toFixed(3)} ms, worst ${worst.toFixed(2)} ms`
          : "no quantum timed";
        return `passed (${times}, ${missed} missed, ${latency.toFixed(1)} ms late)`;
      }),
    );
  });
}

const sound = silentSound();
const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
for (const host of hosts) {
  if (wanted.length && !wanted.includes(host.name.toLowerCase())) continue;
  if (silero) await voice(host, silero);
  else await step(`${host.name}, voice`, async () => null);
  await denoise(host, "GTCRN", [conformance("gtcrn_simple")]);
  await denoise(host, "DTLN", [
    conformance("dtln_model_1"),
    conformance("dtln_model_2"),
  ]);
}
sound?.stop();
if (failed) process.exitCode = 1;
