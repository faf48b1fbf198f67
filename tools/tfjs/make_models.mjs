// @ts-nocheck: what it imports is installed in this folder alone.

/*
 * Makes test/tfjs/fixtures: layers models that TensorFlow.js saves, an input, and what it computes for that.
 *
 *     cd tools/tfjs && npm install && node make_models.mjs
 *
 * The quantised ones are quantised as its converter (Python) does it, and run by TensorFlow.js from those files.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { quantised, QUANTISATIONS } from "./quantise.mjs";

const folder = fileURLToPath(
  new URL("../../test/tfjs/fixtures/", import.meta.url),
);
const { layers } = tf;

/** mulberry32, so that files are the same on every machine. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const count = (shape) => shape.reduce((product, n) => product * n, 1);

/** Every weight, biases too, from U(-1, 1). */
function randomise(model, seed) {
  const random = seeded(seed);
  model.setWeights(
    model.getWeights().map(({ shape }) => {
      const values = Float32Array.from(
        { length: count(shape) },
        () => 2 * random() - 1,
      );
      return tf.tensor(values, shape);
    }),
  );
}

const sequential = (...list) => tf.sequential({ layers: list });
const sequence = [6, 3]; // [T, I]

function functional() {
  const input = tf.input({ shape: sequence, name: "signal" });
  const lstm = layers.lstm({ units: 4, returnSequences: true, name: "a" });
  const gru = layers.gru({ units: 5, returnState: true, name: "b" });
  const dense = layers.dense({ units: 2, activation: "sigmoid", name: "c" });
  const [last] = gru.apply(lstm.apply(input));
  return tf.model({ inputs: input, outputs: dense.apply(last) });
}

/** @type {Record<string, () => tf.LayersModel>} */
const models = {
  lstm: () =>
    sequential(
      layers.lstm({ units: 5, returnSequences: true, inputShape: sequence }),
      layers.dropout({ rate: 0.3 }),
      layers.lstm({ units: 4, recurrentActivation: "sigmoid" }),
      layers.dense({ units: 3, activation: "softmax" }),
    ),
  gru: () =>
    sequential(
      layers.gru({ units: 5, returnSequences: true, inputShape: sequence }),
      layers.gru({
        units: 3,
        recurrentActivation: "sigmoid",
        activation: "softsign",
        useBias: false,
      }),
    ),
  "simple-rnn": () =>
    sequential(
      layers.simpleRNN({
        units: 5,
        returnSequences: true,
        inputShape: sequence,
      }),
      layers.simpleRNN({ units: 4, activation: "relu", useBias: false }),
      layers.dense({ units: 1, useBias: false }),
    ),
  "go-backwards": () =>
    sequential(
      layers.lstm({
        units: 4,
        goBackwards: true,
        returnSequences: true,
        inputShape: sequence,
      }),
      layers.gru({ units: 3, goBackwards: true }),
    ),
  ...Object.fromEntries(
    [
      ["concat", "lstm", true],
      ["sum", "gru", false],
      ["mul", "simpleRNN", true],
      ["ave", "lstm", false],
    ].map(([mergeMode, kind, returnSequences]) => [
      `bidirectional-${mergeMode}`,
      () =>
        sequential(
          layers.bidirectional({
            layer: layers[kind]({ units: 4, returnSequences }),
            mergeMode,
            inputShape: sequence,
          }),
          layers.dense({ units: 2 }),
        ),
    ]),
  ),
  embedding: () =>
    sequential(
      layers.embedding({
        inputDim: 7,
        outputDim: 3,
        maskZero: true,
        inputLength: 6,
      }),
      layers.lstm({ units: 4, returnSequences: true }),
      layers.gru({ units: 3 }),
      layers.dense({ units: 2, activation: "tanh" }),
    ),
  masking: () =>
    sequential(
      layers.masking({ maskValue: -1, inputShape: sequence }),
      layers.bidirectional({
        layer: layers.lstm({ units: 3, returnSequences: true }),
        mergeMode: "concat",
      }),
      layers.simpleRNN({ units: 4, returnSequences: true, goBackwards: true }),
    ),
  "several-cells": () =>
    sequential(
      layers.rnn({
        cell: [
          layers.lstmCell({ units: 4 }),
          layers.gruCell({ units: 3 }),
          layers.simpleRNNCell({ units: 5 }),
        ],
        returnSequences: true,
        inputShape: sequence,
      }),
      layers.rnn({ cell: layers.gruCell({ units: 2 }) }),
    ),
  activations: () =>
    sequential(
      layers.dense({ units: 5, inputShape: sequence }),
      layers.leakyReLU({ alpha: 0.4 }),
      layers.elu(),
      layers.timeDistributed({
        layer: layers.dense({ units: 4, activation: "elu" }),
      }),
      layers.lstm({
        units: 4,
        activation: "softplus",
        recurrentActivation: "hardSigmoid",
        returnSequences: true,
      }),
      layers.activation({ activation: "selu" }),
      layers.gru({ units: 3, activation: "selu", returnSequences: true }),
      layers.dense({ units: 3 }),
      layers.thresholdedReLU({ theta: 0.2 }),
      layers.dense({ units: 3 }),
      layers.softmax({ axis: 2 }),
    ),
  functional,
};

function inputOf(name, model) {
  const random = seeded(99);
  const [, ...shape] = model.inputs[0].shape;
  const batch = [4, ...shape];
  const values = Float32Array.from({ length: count(batch) }, () =>
    Math.fround(2 * random() - 1),
  );
  if (name === "embedding")
    values.forEach((x, i) => (values[i] = Math.floor((x + 1) * 3.5)));
  if (name === "embedding" || name === "masking") {
    // padding in front, behind, in between, and everywhere
    const masked = [[4, 5], [0, 1], [2], [0, 1, 2, 3, 4, 5]];
    const [, steps, features = 1] = batch;
    masked.forEach((list, row) => {
      for (const step of list) {
        const at = (row * steps + step) * features;
        values.fill(name === "masking" ? -1 : 0, at, at + features);
      }
    });
  }
  return tf.tensor(values, batch);
}

async function artifactsOf(model) {
  let saved;
  await model.save({
    save: async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0) } };
    },
  });
  return saved;
}

/** model.json and its weight files, as TensorFlow.js's own handlers write them. */
function filesOf(artifacts, pieces = 1) {
  const { modelTopology, format, generatedBy, convertedBy } = artifacts;
  const { weightSpecs, weightData } = artifacts;
  const each = Math.ceil(weightData.byteLength / pieces);
  const paths = Array.from(
    { length: pieces },
    (_, i) => `group1-shard${i + 1}of${pieces}.bin`,
  );
  const weightsManifest = [{ paths, weights: weightSpecs }];
  const model = {
    modelTopology,
    format,
    generatedBy,
    convertedBy,
    weightsManifest,
  };
  const parts = paths.map((path, i) => [
    path,
    new Uint8Array(weightData.slice(i * each, (i + 1) * each)),
  ]);
  return { model, parts };
}

const plain = ({ shape, dataSync }, tensor) => ({
  shape,
  data: Array.from(dataSync.call(tensor), (x) => Number(x.toPrecision(9))),
});

async function write(name, artifacts, input, pieces) {
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const output = loaded.predict(input);
  const { model, parts } = filesOf(artifacts, pieces);
  const path = `${folder}${name}/`;
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}model.json`, JSON.stringify(model));
  for (const [file, bytes] of parts) writeFileSync(path + file, bytes);
  const cases = { input: plain(input, input), output: plain(output, output) };
  writeFileSync(`${path}case.json`, JSON.stringify(cases));
  console.log(name, output.shape.join(" × "));
}

await tf.setBackend("cpu");
rmSync(folder, { recursive: true, force: true });
for (const [index, [name, make]] of Object.entries(models).entries()) {
  const model = make();
  randomise(model, index + 1);
  const input = inputOf(name, model);
  const artifacts = await artifactsOf(model);
  await write(name, artifacts, input, name === "functional" ? 3 : 1);
  if (name !== "lstm") continue;
  for (const dtype of QUANTISATIONS)
    await write(`quantised-${dtype}`, quantised(artifacts, dtype), input);
}
