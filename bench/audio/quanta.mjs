// @ts-nocheck: runs in a page, which resolves its imports by address
/**
 * A model in a real AudioWorklet at 48 kHz, timed with a shared clock.
 *
 * @typedef {{ mean: number, worst: number, calmest: number, missed: number, quanta: number, latency: number, load: number }} Quanta
 *   milliseconds of a quantum over all renderings; calmest: the worst of the rendering that was disturbed least, of those
 *   in which the clock went on for nine of ten quanta; Infinity without any such; latency in milliseconds
 */
import { NoiseSuppression } from "/dist/audio/index.js";
import { addProcessor, GatewiseNode, startClock } from "/dist/worklet/index.js";
import { load } from "/dist/formats/onnx/index.js";

const RATE = 48_000;
/** Renderings of the whole sound. Other work stops the audio thread now and then: the least disturbed says most. */
const RENDERINGS = 6;
const processor = "/dist/worklet-processor.js";
const zeros = (...shape) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)),
});

/** Silero's models as the detectors that they are: frames with the context in front, numbers out. */
const DETECTORS = {
  legacy: [
    1536,
    1536,
    { h: "hn", c: "cn" },
    { h: zeros(2, 1, 64), c: zeros(2, 1, 64) },
  ],
  v5: [576, 512, { state: "stateN" }, { state: zeros(2, 1, 128) }],
  v6: [576, 512, { state: "stateN" }, { state: zeros(2, 1, 128) }],
};

async function nodeOf(context, name, models, clock) {
  const detector = DETECTORS[name];
  if (!detector) {
    const suppression = new NoiseSuppression({ model: models });
    return suppression.createNode(context, { processor, clock });
  }
  const [size, hop, states, initial] = detector;
  await addProcessor(context, processor);
  const stage = {
    takes: "frame",
    gives: "numbers",
    inputs: { sr: 16_000 },
    states,
    initial,
  };
  const node = new GatewiseNode(context, {
    model: load(models[0]).model,
    frames: { sampleRate: 16_000, size, hop, window: "none", stages: [stage] },
    channels: 1,
    clock,
  });
  node.latency = (await node.ready).latency;
  return node;
}

/** @param {string} name @param {readonly Uint8Array[]} models @param {Float32Array} sound at 16 kHz */
export async function quantaOf(name, models, sound) {
  const clock = await startClock(new Worker("/dist/worklet-clock.js"));
  const reports = [];
  let latency = 0;
  const buffer = new AudioBuffer({ length: sound.length, sampleRate: 16_000 });
  buffer.copyToChannel(sound, 0);
  for (let i = 0; i < RENDERINGS; i++) {
    const context = new OfflineAudioContext(1, 3 * sound.length, RATE);
    const node = await nodeOf(context, name, models, clock);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(node).connect(context.destination);
    source.start();
    await node.report(); // what it took to load is not played
    await context.startRendering();
    reports.push(await node.report());
    ({ latency } = node);
  }
  clock.stop();
  const sum = (of, list = reports) =>
    list.reduce((total, report) => total + of(report), 0);
  const timed = reports.filter(({ missed, quanta }) => missed < quanta);
  return {
    mean: sum(({ mean }) => mean, timed) / timed.length,
    worst: Math.max(...timed.map(({ worst }) => worst)),
    calmest: Math.min(
      ...reports
        .filter(({ missed, quanta }) => missed < quanta / 10)
        .map(({ worst }) => worst),
    ),
    missed: sum(({ missed }) => missed),
    quanta: sum(({ quanta }) => quanta),
    load: sum(({ load }) => load, timed) / timed.length,
    latency,
  };
}
