/**
 * Writes the speech that tests and examples hear, spoken by Debian's espeak-ng, and what others make of it:
 *
 *     (cd bench/peers && npm ci) && node tools/make_speech.mjs
 *
 * test/audio/fixtures/speech.wav: 6 s, 16 kHz, two sentences with silence between.
 * test/audio/fixtures/speech.json: for each of the models that @ricky0123/vad-web has, the probabilities that its own classes
 * get from onnxruntime-web, frame by frame, and the segments.
 */
import { writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { mix, RATE, speak, wav } from "./speech.mjs";

const root = new URL("../", import.meta.url);
const require = createRequire(new URL("bench/peers/package.json", root));
/** @type {(file: string) => any} */
const vadWeb = (file) => require(`@ricky0123/vad-web/${file}`);
const { FrameProcessor, defaultFrameProcessorOptions } = vadWeb(
  "dist/frame-processor.js",
);
const { Silero, SileroLegacy } = vadWeb("dist/models/index.js");
/** @type {any} the peer is not installed where types are checked */
const ort = require(/** @type {string} */ ("onnxruntime-web"));
ort.env.wasm.numThreads = 1;
console.log = () => undefined; // vad-web tells what it loads

const samples = mix(6, 0.002, [
  [0.3, speak("Good morning, can you hear me?", "en-us")],
  [4.4, speak("Yes, every word.", "en-gb-scotland")],
]);
const path = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`test/audio/fixtures/${name}`, root));
// what is read from the file is what the models hear
const bytes = wav(samples);
writeFileSync(path("speech.wav"), bytes);
const heard = Float32Array.from(
  new Int16Array(bytes.buffer, bytes.byteOffset + 44),
  (x) => x / 32_768,
);

/** @param {string} name @param {any} Model @param {number} size @param {object} options */
async function segmentsOf(name, Model, size, options) {
  const file = require.resolve("@ricky0123/vad-web/package.json");
  const model = await Model.new(ort, async () => {
    const bytes = await readFile(
      file.replace("package.json", `dist/silero_vad_${name}.onnx`),
    );
    return bytes.buffer.slice(
      bytes.byteOffset,
      bytes.byteOffset + bytes.length,
    );
  });
  /** @type {number[]} */
  const probabilities = [];
  /** @type {{ start: number, end: number, samples: number }[]} */
  const segments = [];
  const ms = size / (RATE / 1000);
  let at = 0;
  let start = 0;
  const processor = new FrameProcessor(
    model.process,
    model.reset_state,
    { ...defaultFrameProcessorOptions, ...options },
    ms,
  );
  processor.resume();
  const handle = (/** @type {any} */ { msg, probs, audio }) => {
    if (msg === "FRAME_PROCESSED") probabilities.push(probs.isSpeech);
    if (msg === "SPEECH_START") start = at * ms;
    if (msg === "SPEECH_END")
      segments.push({
        start,
        end: Math.min(at + 1, Math.floor(heard.length / size)) * ms,
        samples: audio.length,
      });
  };
  for (; (at + 1) * size <= heard.length; at++)
    await processor.process(heard.slice(at * size, (at + 1) * size), handle);
  processor.endSegment(handle);
  return { probabilities, segments };
}

const quick = { redemptionMs: 100, minSpeechMs: 500, preSpeechPadMs: 200 };
/** @type {Record<string, object>} */
const models = {};
for (const [name, Model, size] of /** @type {const} */ ([
  ["legacy", SileroLegacy, 1536],
  ["v5", Silero, 512],
  ["v6", Silero, 512],
])) {
  const usual = await segmentsOf(name, Model, size, {});
  const { segments } = await segmentsOf(name, Model, size, quick);
  models[name] = {
    probabilities: usual.probabilities.map((p) => Number(p.toFixed(6))),
    usual: usual.segments,
    quick: segments,
  };
}
await writeFile(
  path("speech.json"),
  `${JSON.stringify({ made: `@ricky0123/vad-web ${vadWeb("package.json").version}`, quick, models })}\n`,
);
