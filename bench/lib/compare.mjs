/**
 * gatewise beside its peers, on the Node that runs this: node bench/lib/compare.mjs [--filter=TEXT] [--json=FILE].
 * npm run bench:peers starts it, once for each Node.
 *
 * The outputs are compared before anything is timed; a peer that disagrees ends the run.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GRU, LSTM, RNN } from "gatewise";
import { onnxruntimeNode, onnxruntimeWeb } from "../peers/onnxruntime.mjs";
import { tensorflow } from "../peers/tensorflow.mjs";
import * as plain from "../plain.mjs";
import { CASES, label } from "./cases.mjs";
import { agree, uniform } from "./data.mjs";
import { availableBackends, host, versionIn } from "./host.mjs";
import { turns, warm } from "./turns.mjs";

/**
 * @typedef {import("gatewise").Backend} Backend
 * @typedef {import("./cases.mjs").Case} Case
 * @typedef {import("./turns.mjs").Contender & { output: () => Promise<ArrayLike<number>>, close?: () => void }} Peer
 *   output: (B, T, H) from zeros
 */

const { values: options } = parseArgs({
  options: { filter: { type: "string" }, json: { type: "string" } },
});
const backends = availableBackends().filter((backend) => backend !== "js");
const LAYERS = {
  LSTM: { Layer: LSTM, plain: plain.lstm },
  GRU: { Layer: GRU, plain: plain.gru },
  RNN: { Layer: RNN, plain: plain.rnn },
};

/**
 * A single step is a stream's step, which carries the state on; the peers start every run from zeros.
 *
 * @param {string} name
 * @param {Case} layer
 * @param {LSTM | GRU | RNN} ours
 * @param {Float32Array} input
 * @returns {Peer}
 */
function gatewise(name, { batch, steps, inputSize, hiddenSize }, ours, input) {
  const sequences = { shape: [batch, steps, inputSize], data: input };
  const forward = () => ours.forward(sequences).output.data;
  if (batch * steps > 1)
    return { name, run: forward, output: async () => forward() };
  const stream = ours.stream();
  const out = new Float32Array(hiddenSize);
  return {
    name,
    run: () => stream.step(input, out),
    output: async () => {
      stream.reset();
      return stream.step(input, out);
    },
  };
}

/**
 * @param {Case} layer
 * @param {import("gatewise").StateDict} weights
 * @param {Float32Array} input
 * @returns {Peer}
 */
function plainJavaScript(layer, weights, input) {
  const { kind, batch, steps, inputSize, hiddenSize } = layer;
  const ours = LAYERS[kind].plain({ weights, inputSize, hiddenSize });
  const rows = Array.from({ length: batch }, (_, row) =>
    input.subarray(row * steps * inputSize, (row + 1) * steps * inputSize),
  );
  const run = () => rows.map((row) => ours.sequence(row, steps));
  return {
    name: "plain JS",
    run,
    output: async () => run().flatMap((values) => Array.from(values)),
  };
}

/** @param {Case} layer */
async function compare(layer) {
  const { kind, batch, steps, inputSize, hiddenSize } = layer;
  const { Layer } = LAYERS[kind];
  const sizes = { inputSize, hiddenSize, seed: 7 };
  const weights = new Layer(sizes).stateDict();
  const input = uniform(batch * steps * inputSize);
  const ours = backends.map((backend) =>
    gatewise(backend, layer, new Layer({ ...sizes, backend }), input),
  );
  const web = {
    name: "onnxruntime-web",
    ...(await onnxruntimeWeb(layer, weights, input)),
  };
  const peers = [
    web,
    {
      name: "onnxruntime-node",
      ...(await onnxruntimeNode(layer, weights, input)),
    },
    plainJavaScript(layer, weights, input),
  ];
  const tfjs = {
    name: "tfjs-wasm",
    ...(await tensorflow(layer, weights, input)),
  };
  // The GRU of TensorFlow.js resets before the product: it is compared, and timed, beside ours of that kind.
  const before = gatewise(
    "reset before",
    layer,
    new GRU({ ...sizes, resetAfter: false }),
    input,
  );
  const all = [...ours, ...peers, tfjs, ...(kind === "GRU" ? [before] : [])];

  const reference = Float32Array.from(await web.output());
  /** @type {Record<string, number>} */
  const differences = {};
  for (const peer of all) {
    const isOther = kind === "GRU" && (peer === tfjs || peer === before);
    const expected = isOther
      ? Float32Array.from(await before.output())
      : reference;
    differences[peer.name] = agree(
      `${label(layer)}, ${peer.name}`,
      await peer.output(),
      expected,
    );
  }
  const timings = await turns(all);
  for (const peer of all) await peer.close?.();
  return { layer: label(layer), ...layer, differences, timings };
}

const chosen = CASES.filter((layer) =>
  label(layer).includes(options.filter ?? ""),
);

// All kinds and shapes once for long enough, so that every engine has compiled all it will run.
for (const { kind, batch } of chosen) {
  const sizes = { inputSize: 64, hiddenSize: 64 };
  const layer = { kind, batch, steps: 20, ...sizes };
  const weights = new LAYERS[kind].Layer(sizes).stateDict();
  const input = uniform(batch * 20 * 64);
  for (const make of [onnxruntimeWeb, onnxruntimeNode]) {
    const peer = await make(layer, weights, input);
    await warm(peer.run, 500);
    await peer.close();
  }
}

const cases = [];
for (const layer of chosen) {
  const result = await compare(layer);
  cases.push(result);
  process.stderr.write(".");
}
process.stderr.write("\n");

const modules = new URL("../peers/node_modules/", import.meta.url);
const report = {
  host: host(),
  backends,
  peers: Object.fromEntries(
    [
      "onnxruntime-web",
      "onnxruntime-node",
      "@tensorflow/tfjs",
      "@tensorflow/tfjs-backend-wasm",
    ].map((name) => [name, versionIn(new URL(`${name}/`, modules))]),
  ),
  cases,
};
writeFileSync(options.json ?? 1, JSON.stringify(report, null, 2));
// onnxruntime-node and the wasm backend of TensorFlow.js keep handles open.
process.exit(0);
