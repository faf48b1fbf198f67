/**
 * npm run bench:audio: models that hear, beside what people run them with today, in Node, Chromium and Firefox:
 *
 *     voice   Silero's models by gatewise/audio and by @ricky0123/vad-web with its onnxruntime-web: time a frame, cold start,
 *             download, segments on 60 s of speech, the longest quantum in an AudioWorklet
 *     noise   GTCRN and DTLN by gatewise/audio and by onnxruntime-web: time a frame, the longest quantum, latency, signal to
 *             noise before and after
 *
 *     npm run bench:audio -- --only=chromium,voice   some of it
 *     npm run bench:audio -- --write                 writes bench/results/audio.json, and its tables into docs/audio.md
 *
 * Needs espeak-ng, `npm ci` in bench/peers, browsers and puppeteer-core (tools/install-runtimes.sh); GTCRN and DTLN are read
 * from ../shared. What is not there is left out by name.
 */

import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { canSpeak } from "../tools/speech.mjs";
import { browser } from "./audio/browser.mjs";
import { node } from "./audio/node.mjs";
import { SUPPRESSIONS } from "./audio/noise.mjs";
import {
  ORT,
  packageFolder,
  SILERO,
  sileroFile,
  suppressionFiles,
  VAD,
  versionOf,
} from "./audio/peers.mjs";
import {
  conversation,
  noisy,
  NOISES,
  secondsOf,
  signalToNoise,
  voice,
} from "./audio/sound.mjs";
import { tables } from "./audio/tables.mjs";
import { busyHost } from "./lib/host.mjs";
import { publish } from "./lib/results.mjs";
import { hosts } from "./lib/pages.mjs";

/** @typedef {import("./audio/tables.mjs").Results} Results */

const ROUNDS = 5;
const DECIBELS = [0, 5, 10];
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const PLACES = ["node", "chromium", "firefox"];
const PARTS = ["voice", "noise"];
const only = options.only.split(",").filter(Boolean);
const unknown = only.find((word) => ![...PLACES, ...PARTS].includes(word));
if (unknown)
  fail(`--only: expected of ${[...PLACES, ...PARTS].join()}, got ${unknown}`);
if (options.write && only.length) fail("--write: expected no --only beside it");
const wanted = (/** @type {string} */ word, /** @type {string[]} */ of) =>
  only.includes(word) || !of.some((other) => only.includes(other));
if (!canSpeak()) fail("espeak-ng: expected it to be installed");
if (!existsSync(packageFolder(VAD))) fail("bench/peers: npm ci there first");

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

const clean = voice();
const noises = Object.fromEntries(
  Object.entries(NOISES).map(([name, make]) => [name, make(secondsOf(clean))]),
);
const sounds = {
  conversation: conversation(),
  noisy: noisy(clean, noises["fan"] ?? clean, 5),
};
/** @type {(readonly [string, () => Promise<import("./audio/node.mjs").Place>])[]} */
const places = [["node", async () => node(sounds)]];
for (const one of hosts())
  places.push([one.name.toLowerCase(), () => browser(one, sounds)]);
const suppressions = Object.keys(SUPPRESSIONS).flatMap((name) => {
  const files = suppressionFiles(name);
  if (!files) console.log(`${name}: no ../shared, left out`);
  return files ? [{ name, files }] : [];
});

/** @type {Results} */
const results = {
  host: busyHost(),
  peers: { [VAD]: versionOf(VAD), [ORT]: versionOf(ORT) },
  places: [],
  downloads: {},
  signal: [],
};

for (const [key, open] of places) {
  if (!wanted(key, PLACES)) continue;
  const place = await open();
  console.error(`${place.name} …`);
  /** @type {Results["places"][number]} */
  const own = { name: place.name, voices: {}, suppressions: {}, quanta: {} };
  results.places.push(own);
  try {
    if (wanted("voice", PARTS))
      for (const [name, size] of Object.entries(SILERO)) {
        const { downloads, ...ready } = await place.ready(name, ROUNDS);
        if (downloads) results.downloads[name] = downloads;
        own.voices[name] = { ...(await place.voices(name, size)), ready };
        const quanta = await place.quanta?.(name, [sileroFile(name)]);
        if (quanta) own.quanta[`Silero ${name}`] = quanta;
      }
    if (wanted("noise", PARTS))
      for (const { name, files } of suppressions) {
        own.suppressions[name] = await place.suppressions(name, files);
        const quanta = await place.quanta?.(name, files);
        if (quanta) own.quanta[name] = quanta;
      }
  } finally {
    await place.close();
  }
}

if (wanted("noise", PARTS)) {
  const { NoiseSuppression } = await import("../dist/audio/index.js");
  for (const [noise, samples] of Object.entries(noises))
    for (const decibels of DECIBELS) {
      const sound = noisy(clean, samples, decibels);
      const after = suppressions.map(({ name, files }) => {
        const model = files.map((file) => readFileSync(file));
        const suppressed = new NoiseSuppression({ model }).clean(sound);
        return [name, signalToNoise(clean, suppressed)];
      });
      results.signal.push({
        noise,
        before: signalToNoise(clean, sound),
        after: Object.fromEntries(after),
      });
    }
}

await publish(results, {
  tables: tables(results),
  name: "audio",
  page: "audio.md",
  write: options.write,
});
