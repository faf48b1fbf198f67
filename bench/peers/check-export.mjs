// @ts-nocheck: what it imports is installed by npm run bench:peers alone.

/**
 * Runs what toOnnx writes in onnxruntime, native and web, and compares with the models themselves:
 *
 *     npm run build && (cd bench/peers && npm ci) && node bench/peers/check-export.mjs
 */

import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import {
  exportCases,
  exportInput,
  quantizedCases,
  takesTokens,
  widened,
} from "../../test/onnx/support/export-cases.mjs";

const dist = new URL("../../dist/", import.meta.url);
const gatewise = await import(new URL("index.js", dist));
const { toOnnx } = await import(new URL("formats/onnx/index.js", dist));
const { quantize } = await import(new URL("quantize/index.js", dist));
const { Conv1d, GRU, LayerNorm, Linear, LSTM, Sequential } = gatewise;

/** Two implementations in float32, each with its own tanh and order of sums. */
const TOLERANCE = 2e-6;

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

function feedsOf({ Tensor }, model, { shape, data }) {
  const input = takesTokens(model)
    ? new Tensor("int64", BigInt64Array.from(data, BigInt), shape)
    : new Tensor("float32", data, shape);
  return { input };
}

/** `model`: what the file should compute in float32. */
async function worstIn(ort, model, bytes) {
  const session = await ort.InferenceSession.create(bytes, {
    logSeverityLevel: 3,
  });
  let worst = 0;
  for (const [batch, time] of [
    [2, 7],
    [1, 1],
    [5, 40],
  ]) {
    const input = exportInput(model, batch, time);
    const { output } = await session.run(feedsOf(ort, model, input));
    const { output: expected } = model.forward(input);
    if (String(output.dims) !== String(expected.shape)) return Infinity;
    expected.data.forEach((y, i) => {
      worst = Math.max(worst, Math.abs(y - output.data[i]));
    });
  }
  return worst;
}

/** Frame by frame, the states given back each time. */
async function worstOfSteps(ort, model, bytes) {
  const session = await ort.InferenceSession.create(bytes);
  const input = exportInput(model, 1, 9);
  const { output: expected } = model.forward(input);
  const { inputSize, outputSize } = model;
  const states = session.inputNames.filter((name) => name !== "input");
  let feeds = Object.fromEntries(
    states.map((name) => {
      const [part, index] = name.split("_");
      const { shape, data } = model.stream().state[index][part];
      // the batch is a recurrent layer's second axis, a convolution's first
      const [first, second] = shape;
      const dims = part === "history" ? [1, ...shape] : [first, 1, second];
      return [name, new ort.Tensor("float32", data, dims)];
    }),
  );
  let worst = 0;
  for (let t = 0; t < 9; t++) {
    const data = input.data.slice(t * inputSize, (t + 1) * inputSize);
    const shape = [1, 1, inputSize];
    const { output, ...next } = await session.run({
      ...feeds,
      ...feedsOf(ort, model, { shape, data }),
    });
    output.data.forEach((y, i) => {
      const error = Math.abs(y - expected.data[t * outputSize + i]);
      worst = Math.max(worst, error);
    });
    feeds = Object.fromEntries(
      states.map((name) => [name, next[`next_${name}`]]),
    );
  }
  return worst;
}

const streamed = new Sequential([
  new LSTM({ inputSize: 3, hiddenSize: 5, numLayers: 2 }),
  new Linear({ inputSize: 5, outputSize: 4, activation: "tanh" }),
  new GRU({ inputSize: 4, hiddenSize: 3 }),
  new LayerNorm({ size: 3 }),
  new Conv1d({
    inputSize: 3,
    outputSize: 4,
    kernelSize: 3,
    dilation: 2,
    padding: "causal",
  }),
]);

/** What onnxruntime rounds to 8 bits on the way. */
const DYNAMIC_TOLERANCE = 0.01;

async function worstDynamic(ort) {
  let worst = 0;
  for (const [name, make] of Object.entries(
    quantizedCases(gatewise, quantize),
  )) {
    const model = make();
    if (!model.layers.some(({ type }) => type === "LSTM")) continue;
    const file = toOnnx(model, { dynamic: true });
    const error = await worstIn(ort, widened(gatewise, model), file);
    if (!(error <= DYNAMIC_TOLERANCE))
      console.error(`${name}, DynamicQuantizeLSTM: off by ${error}`);
    worst = Math.max(worst, error);
  }
  return worst;
}

let failed = 0;
for (const [where, ort] of Object.entries({ native, web })) {
  const errors = new Map();
  const cases = {
    ...exportCases(gatewise),
    ...quantizedCases(gatewise, quantize),
  };
  for (const [name, make] of Object.entries(cases)) {
    const model = make();
    try {
      const expected = widened(gatewise, model);
      errors.set(name, await worstIn(ort, expected, toOnnx(model)));
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      errors.set(name, Infinity);
    }
  }
  const withStates = toOnnx(streamed, { states: true });
  errors.set("states", await worstOfSteps(ort, streamed, withStates));
  const wrong = [...errors].filter(([, error]) => !(error <= TOLERANCE));
  for (const [name, error] of wrong)
    console.error(`${name}, onnxruntime ${where}: off by ${error}`);
  const dynamic = await worstDynamic(ort);
  if (!(dynamic <= DYNAMIC_TOLERANCE)) failed++;
  console.log(
    `onnxruntime ${where}: DynamicQuantizeLSTM, largest error ${dynamic.toExponential(1)}`,
  );
  failed += wrong.length;
  const worst = Math.max(...errors.values());
  console.log(
    `onnxruntime ${where}: ${errors.size - wrong.length} of ${errors.size} models, largest error ${worst.toExponential(1)}`,
  );
}
if (failed) process.exitCode = 1;
