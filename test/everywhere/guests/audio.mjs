// @ts-nocheck: runs in a browser, which resolves its imports by address
// How long an LSTM-40 takes in a real AudioWorklet: minutes of audio at 48 kHz through gatewise/worklet, each quantum
// measured with the clock of startClock, which this page may have because it is cross-origin isolated.
import { Linear, LSTM, Sequential } from "/node_modules/gatewise/dist/index.js";
import {
  addProcessor,
  GatewiseNode,
} from "/node_modules/gatewise/dist/worklet/index.js";

/**
 * @typedef {import("gatewise/worklet").LoadReport} LoadReport
 * @typedef {{ worst: number, timed: number }} Window the longest of 10 s, in ms, and the share that could be timed
 * @typedef {{ runs: LoadReport[], quanta: { median: number, often: number, nearlyAlways: number }, windows: Window[] }} AudioReport
 */

const RATE = 48_000;
const SECONDS = 60;
const QUANTA = (RATE * SECONDS) / 128;
const RUNS = 4;
/** Quanta of 10 s. Other work stops the audio thread now and then: the least disturbed of many windows says most. */
const WINDOW = (RATE * 10) / 128;
/** Numbers of the clock, in front of those of the quanta. */
const CLOCK = 4;

export async function audioReport() {
  const model = new Sequential([
    new LSTM({ inputSize: 1, hiddenSize: 40 }),
    new Linear({ inputSize: 40, outputSize: 1 }),
  ]);
  // startClock's own, but with room for the quanta behind it
  const time = new Int32Array(new SharedArrayBuffer(4 * (CLOCK + QUANTA)));
  const worker = new Worker("/node_modules/gatewise/dist/worklet-clock.js");
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
    worker.postMessage(time);
  });
  const clock = { time, stop: () => worker.terminate() };
  const runs = [];
  const took = [];
  for (let i = 0; i < RUNS; i++) {
    runs.push(await render(model, clock));
    took.push(time.slice(CLOCK, CLOCK + QUANTA - 1)); // the last one is not settled
  }
  clock.stop();
  return { runs, quanta: summary(took), windows: took.flatMap(windowsOf) };
}

async function render(model, clock) {
  const context = new OfflineAudioContext(1, RATE * SECONDS, RATE);
  await context.audioWorklet.addModule("./quanta.mjs");
  await addProcessor(
    context,
    "/node_modules/gatewise/dist/worklet-processor.js",
  );
  const node = new GatewiseNode(context, { model, channels: 1, clock });
  await node.ready;
  const source = new OscillatorNode(context, { frequency: 110 });
  source.connect(node).connect(context.destination);
  source.start();
  await context.startRendering();
  return node.report();
}

function windowsOf(run) {
  const windows = [];
  for (let start = 0; start < run.length; start += WINDOW) {
    const quanta = run.subarray(start, start + WINDOW);
    const timed = quanta.filter((microseconds) => microseconds >= 0);
    const worst = timed.reduce((most, each) => Math.max(most, each), 0) / 1000;
    windows.push({ worst, timed: timed.length / quanta.length });
  }
  return windows;
}

/** Milliseconds: of all quanta the median, 99 and 99.9 %. */
function summary(took) {
  const all = took
    .flatMap((run) => [...run])
    .filter((microseconds) => microseconds >= 0)
    .sort((a, b) => a - b);
  const [median, often, nearlyAlways] = [0.5, 0.99, 0.999].map(
    (share) => (all[Math.floor(share * all.length)] ?? 0) / 1000,
  );
  return { median, often, nearlyAlways };
}
