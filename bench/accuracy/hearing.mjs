/** Models that hear, on what bench:audio speaks (espeak-ng) and on the recording of ../shared. */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { NoiseSuppression, VoiceActivity } from "gatewise/audio";
import { load } from "gatewise/onnx";
import { quantize } from "gatewise/quantize";
import { canSpeak } from "../../tools/speech.mjs";
import { SUPPRESSIONS } from "../audio/noise.mjs";
import { SILERO, sileroFile, suppressionFiles } from "../audio/peers.mjs";
import {
  conversation,
  noisy,
  NOISES,
  secondsOf,
  signalToNoise,
  voice,
} from "../audio/sound.mjs";
import { casesOf, framesOf, passOf } from "../lib/conformance.mjs";
import { inEach, inPrecision, ROUNDED } from "./precisions.mjs";

/** @typedef {import("gatewise/onnx").Graph} Graph */
/** @typedef {import("./tables.mjs").Task} Task */

const RECORDED = "silero_vad_16k_op15.onnx";
const DECIBELS = [0, 5, 10];

/** What is not there is left out by name. @returns {Task[]} */
export function hearing() {
  const speaks = canSpeak();
  if (!speaks)
    console.log("espeak-ng: not installed, what is spoken is left out");
  return [
    ...recorded(),
    ...(speaks
      ? [...Object.keys(SILERO).flatMap(spoken), ...suppressed()]
      : []),
  ];
}

/**
 * How far probabilities move, and how many decisions.
 *
 * @param {string} task @param {Record<"float32" | "int8" | "fast", ArrayLike<number>>} probabilities
 * @param {import("./tables.mjs").Bytes} [bytes] @param {string[]} [timed]
 * @returns {Task[]}
 */
function moved(task, { float32, int8, fast }, bytes, timed) {
  const exact = Array.from(float32);
  const most = (/** @type {ArrayLike<number>} */ own) =>
    Math.max(...exact.map((p, i) => Math.abs(Number(own[i]) - p)));
  const flips = (/** @type {ArrayLike<number>} */ own) =>
    exact.filter((p, i) => p > 0.5 !== Number(own[i]) > 0.5).length;
  return [
    {
      task,
      figure: "largest change of a probability",
      kind: "number",
      int8: most(int8),
      fast: most(fast),
      ...(bytes && { bytes }),
      ...(timed && { timed }),
    },
    {
      task: "the same",
      figure: "decisions at 0.5 that differ",
      kind: "count",
      of: exact.length,
      int8: flips(int8),
      fast: flips(fast),
    },
  ];
}

/** 3 s of a recording. @returns {Task[]} */
function recorded() {
  const own = casesOf("onnx")?.find(({ file }) => file === RECORDED);
  if (!own) return [];
  const models = inEach((precision) => inPrecision(own, precision));
  const of = (/** @type {typeof models.int8} */ model) =>
    passOf(model, own)()["output"] ?? [];
  return moved(
    "voice activity: Silero, 3 s of a recording",
    {
      float32: of(models.float32),
      int8: of(models.int8),
      fast: of(models.fast),
    },
    {
      float32: models.float32.save().length,
      int8: models.int8.save().length,
    },
    [own.file],
  );
}

/** The frames of a reference case, in which somebody else speaks. @param {Graph} model @param {string} file */
function framesFor(model, file) {
  const own = casesOf("onnx")?.find((each) => each.file === file);
  return own ? framesOf(model, own) : null;
}

/** Speech with pauses, and speech in a fan's noise. @param {string} name @returns {Task[]} */
function spoken(name) {
  const file = sileroFile(name);
  if (!existsSync(file)) {
    console.log(`${basename(file)}: not installed, left out`);
    return [];
  }
  const bytes = readFileSync(file);
  const clean = voice();
  const fan = NOISES["fan"]?.(secondsOf(clean)) ?? clean;
  const sounds = [conversation(), noisy(clean, fan, 5)];
  const probabilities = (/** @type {Graph} */ model) =>
    sounds.flatMap((sound) => {
      /** @type {number[]} */
      const list = [];
      new VoiceActivity({
        model,
        onFrameProcessed: ({ isSpeech }) => list.push(isSpeech),
      }).process(sound);
      return list;
    });
  const models = inEach((precision) => load(bytes, { precision }).model);
  const float32 = probabilities(models.float32);
  const plain = moved(
    `Silero ${name}, 80 s spoken`,
    {
      float32,
      int8: probabilities(models.int8),
      fast: probabilities(models.fast),
    },
    { float32: models.float32.save().length, int8: models.int8.save().length },
  );
  // the oldest has frames of three times the size
  const frames = name === "legacy" ? null : framesFor(models.float32, RECORDED);
  if (!frames) return plain;
  const [int8 = [], fast = []] = ROUNDED.map((precision) =>
    probabilities(
      quantize(models.float32, { precision, calibrate: [frames] }).model,
    ),
  );
  const calibrated = moved("calibrated", { float32, int8, fast });
  return [...plain, ...calibrated];
}

/** @returns {Task[]} a voice in each noise at each level: means of all */
function suppressed() {
  const clean = voice();
  const mixed = Object.values(NOISES).flatMap((make) => {
    const noise = make(secondsOf(clean));
    return DECIBELS.map((decibels) => noisy(clean, noise, decibels));
  });
  const cleaned = (/** @type {Graph[]} */ model) => {
    const suppression = new NoiseSuppression({ model });
    return mixed.map((sound) => suppression.clean(sound));
  };
  return Object.keys(SUPPRESSIONS).flatMap((name) => {
    const files = suppressionFiles(name);
    if (!files) return [];
    const models = inEach((precision) =>
      files.map((file) => load(readFileSync(file), { precision }).model),
    );
    const float32 = cleaned(models.float32);
    const [int8 = [], fast = []] = ROUNDED.map((precision) =>
      cleaned(
        models.float32.map((model, i) => {
          const frames = framesFor(model, basename(String(files[i])));
          return quantize(model, { precision, calibrate: [frames ?? []] })
            .model;
        }),
      ),
    );
    return [
      ...denoised(
        `denoising: ${name}, a voice in six noises`,
        clean,
        { float32, int8: cleaned(models.int8), fast: cleaned(models.fast) },
        {
          bytes: { float32: sizeOf(models.float32), int8: sizeOf(models.int8) },
          timed: files.map((file) => basename(file)),
        },
      ),
      ...denoised("calibrated", clean, { float32, int8, fast }),
    ];
  });
}

/** Of their files. @param {readonly Graph[]} models */
const sizeOf = (models) =>
  models.reduce((sum, model) => sum + model.save().length, 0);

/** @param {readonly number[]} list */
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;

/**
 * @param {string} task @param {Float32Array} clean
 * @param {Record<"float32" | "int8" | "fast", Float32Array[]>} sounds
 * @param {Pick<Task, "bytes" | "timed">} [more]
 * @returns {Task[]}
 */
function denoised(task, clean, { float32, int8, fast }, more = {}) {
  const signal = (/** @type {Float32Array[]} */ sounds) =>
    mean(sounds.map((sound) => signalToNoise(clean, sound)));
  const beside = (/** @type {Float32Array[]} */ sounds) =>
    mean(
      sounds.map((sound, i) =>
        signalToNoise(/** @type {Float32Array} */ (float32[i]), sound),
      ),
    );
  return [
    {
      task,
      figure: "SI-SDR of the cleaned sound",
      kind: "decibels",
      float32: signal(float32),
      int8: signal(int8),
      fast: signal(fast),
      ...more,
    },
    {
      task: "the same",
      figure: "SI-SDR beside float32's",
      kind: "decibels",
      int8: beside(int8),
      fast: beside(fast),
    },
  ];
}
