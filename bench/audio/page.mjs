// @ts-nocheck: runs in a page, in which ort and vad are globals of their own scripts
import * as audio from "/dist/audio/index.js";
import { compareSuppressions } from "/bench/audio/noise.mjs";
import { compareVoices } from "/bench/audio/voice.mjs";

const read = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};
const sound = async (name) =>
  new Float32Array((await read(`/sound/${name}`)).buffer);
const modelsOf = (files) => Promise.all(files.map((file) => read(file)));

ort.env.wasm.wasmPaths = "/ort/";
ort.env.wasm.numThreads = 1; // the page is isolated for its clock; others have one thread
console.debug = console.log = () => undefined;

globalThis.measure = {
  voices: async (model, size) => {
    const bytes = await read(`/vad/silero_vad_${model}.onnx`);
    return compareVoices(
      (handlers) => new audio.VoiceActivity({ model: bytes, ...handlers }),
      async (handlers) => {
        const mic = await vad.MicVAD.new({
          model,
          startOnLoad: false,
          baseAssetPath: "/vad/",
          onnxWASMBasePath: "/ort/",
          ...handlers,
        });
        mic.frameProcessor.resume();
        return {
          process: mic.processFrame,
          finish: () =>
            mic.frameProcessor.endSegment(mic.handleFrameProcessorEvent),
        };
      },
      size,
      await sound("conversation"),
    );
  },
  suppressions: async (model, files) =>
    compareSuppressions(
      audio,
      ort,
      model,
      await modelsOf(files),
      await sound("noisy"),
    ),
  quanta: async (model, files) => {
    const { quantaOf } = await import("/bench/audio/quanta.mjs");
    return quantaOf(model, await modelsOf(files), await sound("noisy"));
  },
};
