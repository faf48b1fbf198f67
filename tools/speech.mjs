/**
 * Speech for tests, examples and benchmarks, by espeak-ng (Debian package), and noise; always the same.
 */
import { spawnSync } from "node:child_process";

export const RATE = 16_000;

/** Whether there is an espeak-ng. */
export const canSpeak = () =>
  spawnSync("espeak-ng", ["--version"]).status === 0;

/**
 * A text spoken, at 16 kHz.
 *
 * @param {string} text @param {string} voice
 */
export function speak(text, voice = "en-us", wordsAMinute = 160) {
  const { status, stdout } = spawnSync(
    "espeak-ng",
    ["-v", voice, "-s", `${wordsAMinute}`, "--stdout", text],
    { maxBuffer: 2 ** 28 },
  );
  if (status !== 0)
    throw new Error("espeak-ng: expected it to speak, got an error");
  const rate = stdout.readUInt32LE(24);
  const start = stdout.indexOf("data") + 8;
  const count = (stdout.length - start) >> 1;
  const at = (/** @type {number} */ i) =>
    i < count ? stdout.readInt16LE(start + 2 * i) / 32_768 : 0;
  // espeak's voices have next to nothing above 8 kHz: lines between samples do
  return Float32Array.from(
    { length: Math.floor((count * RATE) / rate) },
    (_, i) => {
      const place = (i * rate) / RATE;
      const whole = Math.floor(place);
      const share = place - whole;
      return (1 - share) * at(whole) + share * at(whole + 1);
    },
  );
}

/** Numbers in [-1, 1), the same on every run. */
export function randomNumbers(seed = 1) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/**
 * Speech on a ground of noise, white and brown, as loud as `noise` on average.
 *
 * @param {number} seconds @param {number} noise root of its mean square
 * @param {readonly (readonly [second: number, speech: Float32Array])[]} speeches
 */
export function mix(seconds, noise, speeches) {
  const samples = new Float32Array(seconds * RATE);
  const random = randomNumbers();
  let brown = 0;
  for (let i = 0; i < samples.length; i++) {
    brown = 0.98 * brown + random();
    samples[i] = 0.21 * noise * (brown + 2 * random());
  }
  for (const [second, speech] of speeches)
    speech.forEach((x, i) => {
      const at = Math.round(second * RATE) + i;
      if (at < samples.length) samples[at] = (samples[at] ?? 0) + 0.7 * x;
    });
  return samples;
}

/**
 * A WAV file of 16 bits.
 *
 * @param {Float32Array} samples
 */
export function wav(samples, rate = RATE) {
  const bytes = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const word = (/** @type {number} */ at, /** @type {string} */ text) =>
    bytes.set(new TextEncoder().encode(text), at);
  word(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((x, i) =>
    view.setInt16(
      44 + 2 * i,
      Math.max(-32_768, Math.min(32_767, Math.round(32_768 * x))),
      true,
    ),
  );
  return bytes;
}
