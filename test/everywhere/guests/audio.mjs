// @ts-nocheck: runs in a browser, which resolves its imports by address
// How long an LSTM-40 takes in a real AudioWorklet: 10 s of audio at 48 kHz through gatewise/worklet, each quantum
// measured with the clock of startClock, which this page may have because it is cross-origin isolated.
import { Linear, LSTM, Sequential } from "/node_modules/gatewise/dist/index.js";
import {
  addProcessor,
  GatewiseNode,
  startClock,
} from "/node_modules/gatewise/dist/worklet/index.js";

/**
 * @typedef {import("gatewise/worklet").LoadReport} LoadReport
 * @typedef {{ runs: LoadReport[] }} AudioReport
 */

const RATE = 48_000;
const SECONDS = 10;
/** Other work on the machine stops the audio thread now and then: the least disturbed of a few runs says more. */
const RUNS = 10;

export async function audioReport() {
  const model = new Sequential([
    new LSTM({ inputSize: 1, hiddenSize: 40 }),
    new Linear({ inputSize: 40, outputSize: 1 }),
  ]);
  const clock = await startClock(
    new Worker("/node_modules/gatewise/dist/worklet-clock.js"),
  );
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await render(model, clock));
  clock.stop();
  return { runs };
}

async function render(model, clock) {
  const context = new OfflineAudioContext(1, RATE * SECONDS, RATE);
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
