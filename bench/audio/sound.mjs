/** What the bench hears: speech by espeak-ng (Debian package), and noise over it; the same on every run. */
import { mix, RATE, speak } from "../../tools/speech.mjs";

const WIND =
  "The north wind and the sun were disputing which was the stronger, when a traveller came along wrapped in a warm cloak.";
const AGREED =
  "They agreed that the one who first succeeded should be considered stronger.";
const GAVE_UP = "At last the north wind gave up the attempt.";
const OBLIGED = "And so he was obliged to confess.";

/** 60 s in which five sentences are spoken by three voices, with pauses from 1 to 8 s, on a ground of soft noise. */
export const conversation = () =>
  mix(60, 0.01, [
    [1, speak(WIND, "en-us")],
    [13, speak(AGREED, "en-gb")],
    [25, speak(WIND, "en-gb-scotland", 140)],
    [40, speak(GAVE_UP, "en-us", 180)],
    [50, speak(OBLIGED, "en-gb")],
  ]);

/** 20 s in which a voice speaks nearly all the time, and nothing else. */
export const voice = () =>
  mix(20, 0, [
    [0.5, speak(WIND, "en-us")],
    [8.5, speak(AGREED, "en-gb")],
    [14, speak(GAVE_UP, "en-us", 170)],
    [17, speak(OBLIGED, "en-gb", 170)],
  ]);

/** What may be heard behind a voice. @type {Readonly<Record<string, (seconds: number) => Float32Array>>} */
export const NOISES = {
  // white and brown noise: a fan, a road
  fan: (seconds) => mix(seconds, 1, []),
  // eight people who talk at once
  babble: (seconds) =>
    mix(
      seconds,
      0,
      ["en-us", "en-gb", "en-gb-scotland", "de", "fr", "es", "it", "nl"].map(
        (name, i) => [
          0,
          speak(`${WIND} ${AGREED} `.repeat(3), name, 130 + 10 * i),
        ],
      ),
    ),
};

/** @param {Float32Array} samples */
const powerOf = (samples) => samples.reduce((sum, x) => sum + x * x, 0);

/**
 * A voice with noise behind it.
 *
 * @param {Float32Array} clean @param {Float32Array} noise @param {number} decibels of the voice above the noise
 */
export function noisy(clean, noise, decibels) {
  const gain = Math.sqrt(
    powerOf(clean) / powerOf(noise) / 10 ** (decibels / 10),
  );
  return clean.map((x, i) => x + gain * (noise[i] ?? 0));
}

/**
 * Decibels of signal to noise that do not change with how loud a sound is (SI-SDR, Le Roux et al. 2019).
 *
 * @param {Float32Array} clean @param {Float32Array} sound
 */
export function signalToNoise(clean, sound) {
  let dot = 0;
  clean.forEach((x, i) => (dot += x * (sound[i] ?? 0)));
  const gain = dot / powerOf(clean);
  let noise = 0;
  clean.forEach((x, i) => (noise += (gain * x - (sound[i] ?? 0)) ** 2));
  return 10 * Math.log10((gain * gain * powerOf(clean)) / noise);
}

/** Seconds of a sound. @param {Float32Array} samples */
export const secondsOf = (samples) => samples.length / RATE;
