// @ts-nocheck: what it imports is installed by npm run bench:peers alone.
// Models that hear, beside onnxruntime-web: time to ready, time a frame, and what they make of the same sound.
//
//     npm run build && (cd bench/peers && npm ci) && node bench/peers/audio.mjs [folder of GTCRN's and DTLN's .onnx]
//
// Speech is espeak-ng's (Debian package).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { NoiseSuppression, VoiceActivity } from "../../dist/audio/index.js";
import { load } from "../../dist/formats/onnx/index.js";
import { mix, RATE, speak } from "../../tools/speech.mjs";

const require = createRequire(import.meta.url);
const ort = require("onnxruntime-web");
ort.env.wasm.numThreads = 1;
const [folder = "../shared/conformance/models/onnx"] = process.argv.slice(2);
const silero = (/** @type {string} */ name) =>
  readFileSync(
    require
      .resolve("@ricky0123/vad-web/package.json")
      .replace("package.json", `dist/silero_vad_${name}.onnx`),
  );
const TEXT =
  "The north wind and the sun were disputing which was the stronger, when a traveller came along wrapped in a warm cloak.";
const speeches = /** @type {const} */ ([
  [1, speak(TEXT, "en-us")],
  [
    13,
    speak(
      "They agreed that the one who first succeeded should be considered stronger.",
      "en-gb",
    ),
  ],
  [25, speak(TEXT, "en-gb-scotland", 140)],
  [40, speak("At last the north wind gave up the attempt.", "en-us", 180)],
  [50, speak("And so he was obliged to confess.", "en-gb")],
]);
const sound = mix(60, 0.01, speeches);

const ms = (/** @type {number} */ x) => `${x.toFixed(3)} ms`;
/** @param {number[]} times */
const summary = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  const mean = times.reduce((a, b) => a + b) / times.length;
  return `mean ${ms(mean)}, median ${ms(sorted[times.length >> 1] ?? 0)}, 99 % ${ms(sorted[Math.floor(0.99 * times.length)] ?? 0)}, worst ${ms(sorted.at(-1) ?? 0)}`;
};
/** @template T @param {() => T} run @returns {[number, T]} */
function timed(run) {
  const started = performance.now();
  const result = run();
  return [performance.now() - started, result];
}
const bufferOf = (/** @type {Uint8Array} */ bytes) =>
  new Uint8Array(bytes).buffer;

/** Downloads. */
const { resolve } = require;
const sizeOf = (/** @type {string} */ path) => {
  const bytes = readFileSync(path);
  return `${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(0)} kB`;
};
const dist = resolve("onnxruntime-web").replace(/dist\/.*$/, "dist/");
console.log(
  "onnxruntime-web, gzipped:",
  sizeOf(`${dist}ort-wasm-simd-threaded.wasm`),
  "wasm,",
  sizeOf(`${dist}ort.wasm.bundle.min.mjs`),
  "js; vad-web's bundle.min.js",
  sizeOf(
    resolve("@ricky0123/vad-web/package.json").replace(
      "package.json",
      "dist/bundle.min.js",
    ),
  ),
);

/** @type {(file: string) => any} */
const vadWeb = (file) => require(`@ricky0123/vad-web/${file}`);
const { FrameProcessor, defaultFrameProcessorOptions } = vadWeb(
  "dist/frame-processor.js",
);
const { Silero, SileroLegacy } = vadWeb("dist/models/index.js");
const { log } = console;
for (const [name, Model, size] of /** @type {const} */ ([
  ["v5", Silero, 512],
  ["v6", Silero, 512],
  ["legacy", SileroLegacy, 1536],
])) {
  const bytes = silero(name);
  console.log = () => undefined;
  const started = performance.now();
  const model = await Model.new(ort, async () => bufferOf(bytes));
  await model.process(new Float32Array(size));
  const ready = performance.now() - started;
  model.reset_state();
  console.log = log;
  /** @type {number[]} */
  const theirs = [];
  /** @type {string[]} */
  const segments = [];
  /** @type {number[]} */
  const probabilities = [];
  let at = 0;
  let start = 0;
  const handle = (/** @type {any} */ { msg, probs }) => {
    if (msg === "FRAME_PROCESSED") probabilities.push(probs.isSpeech);
    if (msg === "SPEECH_START") start = (at * size) / 16;
    if (msg === "SPEECH_END")
      segments.push(
        `${start}-${(Math.min(at + 1, Math.floor(sound.length / size)) * size) / 16}`,
      );
  };
  const processor = new FrameProcessor(
    async (/** @type {Float32Array} */ frame) => {
      const began = performance.now();
      const answer = await model.process(frame);
      theirs.push(performance.now() - began);
      return answer;
    },
    model.reset_state,
    defaultFrameProcessorOptions,
    size / 16,
  );
  processor.resume();
  for (; (at + 1) * size <= sound.length; at++)
    await processor.process(sound.slice(at * size, (at + 1) * size), handle);
  processor.endSegment(handle);

  /** @type {number[]} */
  const heard = [];
  const [ourReady, vad] = timed(
    () =>
      new VoiceActivity({
        model: bytes,
        onFrameProcessed: ({ isSpeech }) => heard.push(isSpeech),
      }),
  );
  /** @type {number[]} */
  const ours = [];
  for (let i = 0; (i + 1) * size <= sound.length; i++)
    ours.push(
      timed(() => vad.process(sound.subarray(i * size, (i + 1) * size)))[0],
    );
  const own = [];
  for await (const { start: from, end } of vad.segments(sound))
    own.push(`${from}-${end}`);
  const error = Math.max(
    ...probabilities.map((p, i) => Math.abs(p - (heard[i] ?? NaN))),
  );
  console.log(`Silero ${name}, ${ours.length} frames`);
  console.log(`  onnxruntime-web ready ${ms(ready)}, ${summary(theirs)}`);
  console.log(`  gatewise        ready ${ms(ourReady)}, ${summary(ours)}`);
  console.log(
    `  probabilities differ by ${error.toExponential(1)}; segments ${own.join() === segments.join() ? "equal" : "DIFFER"}: ${own.join(" ")}${own.join() === segments.join() ? "" : ` / ${segments.join(" ")}`}`,
  );
}

/** @param {Float32Array} clean @param {Float32Array} sound */
function snr(clean, sound) {
  // as loud as fits best: a network's gain is no noise
  let dot = 0;
  let power = 0;
  clean.forEach((x, i) => {
    dot += x * (sound[i] ?? 0);
    power += x * x;
  });
  const gain = dot / power;
  let noise = 0;
  clean.forEach((x, i) => (noise += (gain * x - (sound[i] ?? 0)) ** 2));
  return 10 * Math.log10((gain * gain * power) / noise);
}

for (const [name, files, hop] of /** @type {const} */ ([
  ["GTCRN", ["gtcrn_simple"], 256],
  ["DTLN", ["dtln_model_1", "dtln_model_2"], 128],
])) {
  const paths = files.map((file) => `${folder}/${file}.onnx`);
  if (!paths.every(existsSync)) {
    console.log(`${name}: not in ${folder}`);
    continue;
  }
  const bytes = paths.map((path) => readFileSync(path));
  const started = performance.now();
  const sessions = [];
  for (const one of bytes)
    sessions.push(await ort.InferenceSession.create(bufferOf(one)));
  const graphs = bytes.map((one) => load(one).model);
  const feeds = graphs.map((graph) =>
    Object.fromEntries(
      graph.inputs.map(({ name: input, shape }) => {
        const sizes = shape.map((size) =>
          typeof size === "number" ? size : 1,
        );
        const count = sizes.reduce((a, b) => a * b, 1);
        return [
          input,
          new ort.Tensor("float32", new Float32Array(count), sizes),
        ];
      }),
    ),
  );
  for (const [i, session] of sessions.entries())
    await session.run(feeds[i] ?? {});
  const ready = performance.now() - started;
  /** @type {number[]} */
  const theirs = [];
  for (let i = 0; i < 400; i++) {
    const began = performance.now();
    for (const [m, session] of sessions.entries())
      await session.run(feeds[m] ?? {});
    theirs.push(performance.now() - began);
  }
  const [ourReady, suppression] = timed(
    () => new NoiseSuppression({ model: bytes }),
  );
  const noisy = sound.slice(0, 20 * RATE);
  const clean = mix(60, 0, speeches).subarray(0, noisy.length);
  const loud = mix(60, 0.03, speeches).subarray(0, noisy.length);
  /** @type {number[]} */
  const ours = [];
  for (let at = 0; at + hop <= loud.length; at += hop)
    ours.push(timed(() => suppression.process(loud.subarray(at, at + hop)))[0]);
  const after = suppression.clean(loud);
  console.log(
    `${name}, ${ours.length} frames, ${suppression.latency} samples late`,
  );
  console.log(
    `  onnxruntime-web ready ${ms(ready)}, models alone ${summary(theirs)}`,
  );
  console.log(
    `  gatewise        ready ${ms(ourReady)}, all of it ${summary(ours)}`,
  );
  console.log(
    `  signal to noise ${snr(clean, loud).toFixed(1)} dB before, ${snr(clean, after).toFixed(1)} dB after`,
  );
}
