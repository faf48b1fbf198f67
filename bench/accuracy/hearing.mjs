/** Models that hear, on what bench:audio speaks (espeak-ng) and on the recording of ../shared. */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { NoiseSuppression, VoiceActivity } from "gatewise/audio";
import { load } from "gatewise/onnx";
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
import { casesOf, passOf } from "../lib/conformance.mjs";
import { inEach, inPrecision, keyOf } from "./precisions.mjs";

/** @typedef {import("./precisions.mjs").Precision} Precision */
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
 * @param {import("./tables.mjs").Bytes} bytes @param {string[]} timed
 * @returns {Task[]}
 */
function moved(task, { float32, int8, fast }, bytes, timed = []) {
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
      bytes,
      timed,
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
  const models = inEach((precision) => load(bytes, { precision }).model);
  const probabilities = inEach((precision) => {
    const key = keyOf(precision);
    return sounds.flatMap((sound) => {
      /** @type {number[]} */
      const list = [];
      new VoiceActivity({
        model: models[key],
        onFrameProcessed: ({ isSpeech }) => list.push(isSpeech),
      }).process(sound);
      return list;
    });
  });
  return moved(`Silero ${name}, 80 s spoken`, probabilities, {
    float32: models.float32.save().length,
    int8: models.int8.save().length,
  });
}

/** @returns {Task[]} a voice in each noise at each level: means of all */
function suppressed() {
  const clean = voice();
  const mixed = Object.values(NOISES).flatMap((make) => {
    const noise = make(secondsOf(clean));
    return DECIBELS.map((decibels) => noisy(clean, noise, decibels));
  });
  return Object.keys(SUPPRESSIONS).flatMap((name) => {
    const files = suppressionFiles(name);
    if (!files) return [];
    const models = inEach((precision) =>
      files.map((file) => load(readFileSync(file), { precision }).model),
    );
    const cleaned = inEach((precision) => {
      const key = keyOf(precision);
      const suppression = new NoiseSuppression({ model: models[key] });
      return mixed.map((sound) => suppression.clean(sound));
    });
    const mean = (/** @type {number[]} */ list) =>
      list.reduce((sum, x) => sum + x, 0) / list.length;
    const signal = (/** @type {Float32Array[]} */ sounds) =>
      mean(sounds.map((sound) => signalToNoise(clean, sound)));
    const beside = (/** @type {Float32Array[]} */ sounds) =>
      mean(
        sounds.map((sound, i) =>
          signalToNoise(
            /** @type {Float32Array} */ (cleaned.float32[i]),
            sound,
          ),
        ),
      );
    const size = (/** @type {typeof models.int8} */ list) =>
      list.reduce((sum, model) => sum + model.save().length, 0);
    return [
      {
        task: `denoising: ${name}, a voice in six noises`,
        figure: "SI-SDR of the cleaned sound",
        kind: /** @type {const} */ ("decibels"),
        float32: signal(cleaned.float32),
        int8: signal(cleaned.int8),
        fast: signal(cleaned.fast),
        bytes: { float32: size(models.float32), int8: size(models.int8) },
        timed: files.map((file) => basename(file)),
      },
      {
        task: "the same",
        figure: "SI-SDR beside float32's",
        kind: /** @type {const} */ ("decibels"),
        int8: beside(cleaned.int8),
        fast: beside(cleaned.fast),
      },
    ];
  });
}
