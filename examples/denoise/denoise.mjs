/**
 * Takes the noise from a WAV file, by GTCRN (one model) or DTLN (two):
 *
 *     npm run build
 *     node examples/denoise/denoise.mjs gtcrn_simple.onnx noisy.wav voice.wav
 *     node examples/denoise/denoise.mjs model_1.onnx model_2.onnx noisy.wav voice.wav
 *
 * The models: github.com/Xiaobin-Rong/gtcrn, stream/onnx_models; github.com/breizhn/DTLN, pretrained_model.
 */
import { readFile, writeFile } from "node:fs/promises";
import { NoiseSuppression } from "gatewise/audio";
import { readWav, writeWav } from "../wav.mjs";

const files = process.argv.slice(2);
if (files.length < 3) {
  console.error(
    "usage: node denoise.mjs MODEL.onnx [MODEL.onnx] NOISY.wav VOICE.wav",
  );
  process.exit(2);
}
const [noisy, voice] = files.splice(-2);
const { samples, sampleRate } = readWav(await readFile(noisy));
const model = await Promise.all(files.map((file) => readFile(file)));
const suppression = new NoiseSuppression({ model, sampleRate });

const started = performance.now();
const clean = suppression.clean(samples);
const took = (performance.now() - started) / 1000;
await writeFile(voice, writeWav(clean, sampleRate));

const decibels = (sound) =>
  (
    10 * Math.log10(sound.reduce((sum, x) => sum + x * x, 1e-12) / sound.length)
  ).toFixed(1);
const seconds = samples.length / sampleRate;
console.log(
  `${seconds.toFixed(2)} s of sound, ${decibels(samples)} dB before, ${decibels(clean)} dB after`,
);
console.log(
  `took ${took.toFixed(2)} s, ${((100 * took) / seconds).toFixed(1)} % of its time; ` +
    `live it would be ${((1000 * suppression.latency) / sampleRate).toFixed(0)} ms late`,
);
