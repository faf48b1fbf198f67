// @ts-nocheck: what it imports is installed by npm run bench:peers alone.

/**
 * TensorFlow.js on its wasm backend, one thread: its own Keras layers with PyTorch's weights. Its GRU knows only
 * the reset before the product: compare it with `resetAfter: false`.
 */

import { createRequire } from "node:module";
import { dirname } from "node:path";

// The packages' entries for Node are CommonJS.
const require = createRequire(import.meta.url);

// TensorFlow.js 4.22 asks util for what Node 23 took away.
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
const files = dirname(require.resolve("@tensorflow/tfjs-backend-wasm"));

wasm.setWasmPaths(`${files}/`);
wasm.setThreadsCount(1);
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
await tf.setBackend("wasm");
await tf.ready();

/** PyTorch's gates in Keras's order: i f g o as it is, r z n → z r h. */
const GATES = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], RNN: [0] };

/** [G·H, size] → [size, G·H], the gates in Keras's order. */
function kernel({ data }, size, hiddenSize, order) {
  const width = order.length * hiddenSize;
  const values = new Float32Array(data.length);
  order.forEach((gate, place) => {
    for (let j = 0; j < hiddenSize; j++)
      for (let k = 0; k < size; k++)
        values[k * width + place * hiddenSize + j] =
          data[(gate * hiddenSize + j) * size + k];
  });
  return tf.tensor2d(values, [size, width]);
}

export async function tensorflow(
  { kind, batch, steps, inputSize, hiddenSize },
  weights,
  input,
) {
  const order = GATES[kind];
  const options = {
    units: hiddenSize,
    returnSequences: true,
    activation: "tanh",
    recurrentActivation: "sigmoid",
    // Whatever is quickest: setWeights replaces it.
    kernelInitializer: "zeros",
    recurrentInitializer: "zeros",
  };
  const layer =
    kind === "LSTM"
      ? tf.layers.lstm(options)
      : kind === "GRU"
        ? tf.layers.gru(options)
        : tf.layers.simpleRNN(options);
  const x = tf.tensor3d(input, [batch, steps, inputSize]);
  tf.tidy(() => void layer.apply(x)); // makes the weights
  const block = ({ data }, gate) =>
    data.subarray(gate * hiddenSize, (gate + 1) * hiddenSize);
  const bias = order.flatMap((gate) => {
    const own = block(weights.bias_ih_l0, gate);
    const recurrent = block(weights.bias_hh_l0, gate);
    return Array.from(own, (value, j) => value + recurrent[j]);
  });
  layer.setWeights([
    kernel(weights.weight_ih_l0, inputSize, hiddenSize, order),
    kernel(weights.weight_hh_l0, hiddenSize, hiddenSize, order),
    tf.tensor1d(bias),
  ]);
  const run = () => {
    const y = tf.tidy(() => layer.apply(x));
    const values = y.dataSync();
    y.dispose();
    return values;
  };
  return {
    run,
    output: async () => run(),
    close: () => {
      x.dispose();
      layer.dispose();
    },
  };
}
