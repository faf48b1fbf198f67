/** What bench/peers has installed, and the models: their files, and vad-web's detectors as Node runs them. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "../lib/pages.mjs";
import { SUPPRESSIONS } from "./noise.mjs";

const require = createRequire(join(root, "bench/peers/package.json"));

/** The folder of a package of bench/peers. @param {string} name */
export const packageFolder = (name) =>
  join(root, "bench/peers/node_modules", name);

/** @param {string} name */
export const versionOf = (name) =>
  JSON.parse(readFileSync(join(packageFolder(name), "package.json"), "utf8"))
    .version;

export const VAD = "@ricky0123/vad-web";
export const ORT = "onnxruntime-web";

/** Silero's models by the names that vad-web has for them, and the samples of a frame. */
export const SILERO = /** @type {const} */ ({ v5: 512, v6: 512, legacy: 1536 });

/** @param {string} name */
export const sileroFile = (name) =>
  join(packageFolder(VAD), `dist/silero_vad_${name}.onnx`);

/** Where GTCRN's and DTLN's models are; not in the repository. */
const conformance = join(root, "../shared/conformance/models/onnx");

/** The files of a model of noise suppression; null where they are not there. @param {string} name */
export function suppressionFiles(name) {
  const files = (SUPPRESSIONS[name]?.files ?? []).map((file) =>
    join(conformance, `${file}.onnx`),
  );
  return files.every((file) => existsSync(file)) ? files : null;
}

/** @returns {any} onnxruntime-web, on one thread */
export function onnxruntime() {
  const ort = require(ORT);
  ort.env.wasm.numThreads = 1;
  return ort;
}

/**
 * vad-web's own classes, as its MicVAD puts them together, which itself needs a page.
 *
 * @param {string} name @param {import("./voice.mjs").Handlers} handlers
 * @returns {Promise<import("./voice.mjs").Detector>}
 */
export async function vadWeb(name, handlers) {
  const dist = dirname(require.resolve(VAD));
  const { FrameProcessor, defaultFrameProcessorOptions } = require(
    join(dist, "frame-processor.js"),
  );
  const { Silero, SileroLegacy } = require(join(dist, "models/index.js"));
  const Model = name === "legacy" ? SileroLegacy : Silero;
  const { log } = console;
  console.log = () => undefined; // it tells what it loads
  const bytes = new Uint8Array(readFileSync(sileroFile(name)));
  const model = await Model.new(onnxruntime(), async () => bytes.buffer);
  console.log = log;
  const handle = (/** @type {any} */ { msg, probs, audio }) => {
    if (msg === "FRAME_PROCESSED") handlers.onFrameProcessed(probs);
    if (msg === "SPEECH_START") handlers.onSpeechStart();
    if (msg === "SPEECH_END") handlers.onSpeechEnd(audio);
  };
  const size = SILERO[/** @type {keyof typeof SILERO} */ (name)];
  const processor = new FrameProcessor(
    model.process,
    model.reset_state,
    defaultFrameProcessorOptions,
    size / 16,
  );
  processor.resume();
  return {
    process: (frame) => processor.process(frame, handle),
    finish: () => processor.endSegment(handle),
  };
}
