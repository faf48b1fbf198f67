/**
 * gatewise beside its peers, on the Node that runs this: node bench/lib/compare.mjs [--filter=TEXT] [--json=FILE].
 * npm run bench:peers starts it, once for each Node, and with --ours once more where gatewise alone is measured.
 *
 * The outputs are compared before anything is timed; a peer that disagrees ends the run.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GRU, LSTM, RNN } from "gatewise";
import { init } from "gatewise/threads";
import * as plain from "../plain.mjs";
import { CASES, label } from "./cases.mjs";
import { agree, INT8_TOLERANCE, TOLERANCE, uniform } from "./data.mjs";
import { availableBackends, host, versionIn } from "./host.mjs";
import { turns, warm } from "./turns.mjs";
import { nameOf, PRECISIONS, THREADS, VARIANTS } from "./variants.mjs";

/**
 * @typedef {import("gatewise").Backend} Backend
 * @typedef {import("./cases.mjs").Case} Case
 * @typedef {import("./variants.mjs").Precision} Precision
 * @typedef {import("./turns.mjs").Contender & { output: () => Promise<ArrayLike<number>>, close?: () => void }} Peer
 *   output: (B, T, H) from zeros
 */

const { values: options } = parseArgs({
  options: {
    filter: { type: "string" },
    json: { type: "string" },
    ours: { type: "boolean", default: false },
    share: { type: "string", default: "250" },
  },
});
/** Ms of each contender, of which there are up to twenty. */
const share = Number(options.share);
const TURNS = { warmup: share * 0.6, share };

const backends = availableBackends().filter((backend) => backend !== "js");
const LAYERS = {
  LSTM: { Layer: LSTM, plain: plain.lstm },
  GRU: { Layer: GRU, plain: plain.gru },
  RNN: { Layer: RNN, plain: plain.rnn },
};

const peersHere = options.ours
  ? null
  : {
      ...(await import("../peers/onnxruntime.mjs")),
      ...(await import("../peers/tensorflow.mjs")),
    };

/** Plain JavaScript takes a second for LSTM 1024: products of a call from which on it sits out. */
const MOST_PLAIN = 5e8;

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

/**
 * onnxruntime in all of its ways: on one thread and on several, of an LSTM in int8 too.
 *
 * @param {Omit<Case, "target">} layer
 * @param {import("gatewise").StateDict} weights
 * @param {Float32Array} input
 * @param {NonNullable<typeof peersHere>} peers
 */
async function onnxruntimes(layer, weights, input, peers) {
  /** @type {(Peer & { int8: boolean })[]} */
  const all = [];
  for (const [engine, make] of /** @type {const} */ ([
    ["onnxruntime-web", peers.onnxruntimeWeb],
    ["onnxruntime-node", peers.onnxruntimeNode],
  ]))
    for (const variant of VARIANTS) {
      const { precision, threads } = variant;
      const int8 = precision === "int8";
      if (precision === "int8-fast" || (int8 && layer.kind !== "LSTM"))
        continue;
      const peer = await make(layer, weights, input, threads, int8);
      all.push({ name: nameOf(engine, variant), int8, ...peer });
    }
  return all;
}

/**
 * Layers that run for the first time while there are threads run on those.
 *
 * @param {Case} layer
 * @param {number} threads
 * @param {Float32Array} input
 * @returns {(Peer & { precision: Precision })[]}
 */
function ownVariants(layer, threads, input) {
  const { kind, inputSize, hiddenSize } = layer;
  return PRECISIONS.map((precision) => {
    const own = new LAYERS[kind].Layer({
      inputSize,
      hiddenSize,
      seed: 7,
      precision,
    });
    const name = nameOf("gatewise", { precision, threads });
    return { precision, ...gatewise(name, layer, own, input) };
  });
}

/** @param {Case} layer */
async function compare(layer) {
  const { kind, batch, steps, inputSize, hiddenSize } = layer;
  const { Layer } = LAYERS[kind];
  const sizes = { inputSize, hiddenSize, seed: 7 };
  const weights = new Layer(sizes).stateDict();
  const input = uniform(batch * steps * inputSize);
  const named = (/** @type {string} */ name) => `${label(layer)}, ${name}`;
  const own = ownVariants(layer, 1, input);
  // backends that "auto" does not choose
  const others = backends
    .slice(1)
    .map((backend) =>
      gatewise(backend, layer, new Layer({ ...sizes, backend }), input),
    );
  /** @type {Record<string, number>} */
  const differences = {};
  const web = peersHere
    ? await onnxruntimes(layer, weights, input, peersHere)
    : [];
  const first = /** @type {Peer} */ (web[0] ?? own[0]);
  const reference = Float32Array.from(await first.output());
  for (const peer of [...own, ...others, ...web]) {
    const int8 =
      "int8" in peer
        ? peer.int8
        : "precision" in peer && peer.precision !== "float32";
    differences[peer.name] = agree(
      named(peer.name),
      await peer.output(),
      reference,
      int8 ? INT8_TOLERANCE : TOLERANCE,
    );
  }
  /** @type {Peer[]} */
  const all = [...own, ...others, ...web];
  if (options.ours) {
    // apart from onnxruntime, whose threads look for work, on our cores, for a while after each of its runs
    const threads = await init({ threads: THREADS });
    if (threads.reason) throw new Error(threads.reason);
    const shared = ownVariants(layer, THREADS, input);
    for (const [index, peer] of shared.entries()) {
      const one = /** @type {Peer} */ (own[index]);
      // the bits of one thread
      const alone = Float32Array.from(await one.output());
      agree(named(peer.name), await peer.output(), alone, 0);
    }
    const timings = await turns([...own, ...shared], TURNS);
    await threads.close();
    return { layer: label(layer), ...layer, differences, timings };
  }

  if (batch * steps * hiddenSize * (inputSize + hiddenSize) * 4 < MOST_PLAIN) {
    const peer = plainJavaScript(layer, weights, input);
    differences[peer.name] = agree(
      named(peer.name),
      await peer.output(),
      reference,
    );
    all.push(peer);
  }
  const { tensorflow } = /** @type {NonNullable<typeof peersHere>} */ (
    peersHere
  );
  const tfjs = {
    name: "tfjs-wasm",
    ...(await tensorflow(layer, weights, input)),
  };
  all.push(tfjs);
  if (kind === "GRU") {
    // The GRU of TensorFlow.js resets before the product: it is compared, and timed, beside ours of that kind.
    const other = { ...sizes, resetAfter: false };
    const before = gatewise("reset before", layer, new GRU(other), input);
    differences[tfjs.name] = agree(
      named(tfjs.name),
      await tfjs.output(),
      Float32Array.from(await before.output()),
    );
    all.push(before);
  } else
    differences[tfjs.name] = agree(
      named(tfjs.name),
      await tfjs.output(),
      reference,
    );
  const timings = await turns(all, TURNS);
  for (const peer of all) await peer.close?.();
  return { layer: label(layer), ...layer, differences, timings };
}

const chosen = CASES.filter((layer) =>
  label(layer).includes(options.filter ?? ""),
);
if (!chosen.length)
  throw new Error(
    `--filter: expected a part of ${CASES.map(label).join("; ")}, got ${options.filter}`,
  );

// All kinds and shapes once for long enough, so that every engine has compiled all it will run.
for (const { kind, batch } of chosen) {
  const sizes = { inputSize: 64, hiddenSize: 64 };
  const layer = { kind, batch, steps: 20, ...sizes };
  const weights = new LAYERS[kind].Layer(sizes).stateDict();
  const input = uniform(batch * 20 * 64);
  const peers = peersHere
    ? await onnxruntimes(layer, weights, input, peersHere)
    : [];
  for (const peer of peers) {
    await warm(peer.run, share * 0.6);
    await peer.close?.();
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
    (options.ours
      ? []
      : [
          "onnxruntime-web",
          "onnxruntime-node",
          "@tensorflow/tfjs",
          "@tensorflow/tfjs-backend-wasm",
        ]
    ).map((name) => [name, versionIn(new URL(`${name}/`, modules))]),
  ),
  cases,
};
writeFileSync(options.json ?? 1, JSON.stringify(report, null, 2));
// onnxruntime-node and the wasm backend of TensorFlow.js keep handles open.
process.exit(0);
