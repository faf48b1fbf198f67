/**
 * Who speaks when, in a WAV file:
 *
 *     npm run build && npm pack @ricky0123/vad-web@0.0.31 && tar xzf ricky0123-vad-web-0.0.31.tgz
 *     node examples/voice/voice.mjs package/dist/silero_vad_v5.onnx speech.wav
 */
import { readFile, writeFile } from "node:fs/promises";
import { VoiceActivity } from "gatewise/audio";
import { readWav, writeWav } from "../wav.mjs";

const [model, speech, folder] = process.argv.slice(2);
if (!model || !speech) {
  console.error(
    "usage: node voice.mjs MODEL.onnx SPEECH.wav [FOLDER for the segments]",
  );
  process.exit(2);
}

const { samples, sampleRate } = readWav(await readFile(speech));
const probabilities = [];
const vad = new VoiceActivity({
  model: await readFile(model),
  sampleRate,
  onFrameProcessed: ({ isSpeech }) => probabilities.push(isSpeech),
});

let count = 0;
for await (const { start, end, audio } of vad.segments(samples)) {
  const seconds = (ms) => (ms / 1000).toFixed(2).padStart(7);
  console.log(`${seconds(start)} s to ${seconds(end)} s`);
  count++;
  if (folder)
    await writeFile(`${folder}/${count}.wav`, writeWav(audio, 16_000));
}
console.log(`${count} ${count === 1 ? "segment" : "segments"}`);

const bars = " ▁▂▃▄▅▆▇█";
const shown = 100;
const line = Array.from({ length: shown }, (_, i) => {
  const from = Math.floor((i * probabilities.length) / shown);
  const to = Math.max(
    from + 1,
    Math.floor(((i + 1) * probabilities.length) / shown),
  );
  const most = Math.max(0, ...probabilities.slice(from, to));
  return bars[Math.round(most * (bars.length - 1))];
});
console.log(line.join(""));
