/**
 * npm run bench:models: loads the whole models of ../shared/conformance/models, runs them on every backend, and prints
 * how far each is from its expected outputs. Build first. `-- onnx tflite` for some of the sets.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { load } from "../dist/formats/load/index.js";
import { Graph } from "../dist/formats/onnx/index.js";
import { parse } from "../dist/safetensors.js";
import { table } from "./lib/text.mjs";

/** @typedef {import("../dist/index.js").Tensor} Tensor */
/** @typedef {Record<string, Tensor>} Tensors */

const folder = new URL("../../shared/conformance/models/", import.meta.url);
const SETS = ["onnx", "tflite", "keras", "rtneural", "torch", "torchscript"];
const BACKENDS = /** @type {const} */ (["relaxed", "simd", "js"]);
const MODEL = /\.(onnx|tflite|h5|keras|json|pt|pth)$/;

/** @param {Tensor} tensor @param {number} step @returns {Tensor} */
function stepOf({ shape, data }, step) {
  const own = shape.slice(1);
  const size = own.reduce((all, n) => all * n, 1);
  return { shape: own, data: data.slice(step * size, (step + 1) * size) };
}

/** @param {Tensors} tensors @param {string} prefix @returns {Tensors} */
const withPrefix = (tensors, prefix) =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );

/** @param {string | undefined} text */
const scaleOf = (text) =>
  /** @type {[number, number] | null} */ (JSON.parse(text ?? "null"));

/**
 * What the model makes of inputs by their names in the case.
 *
 * @param {any} model @param {Tensors} inputs @param {[number, number] | null} scale @returns {Tensors}
 */
function outputsOf(model, inputs, scale) {
  if (!(model instanceof Graph)) {
    const [input] = Object.values(inputs);
    return { "": model.forward(input).output };
  }
  const free = model.inputs.filter(({ name }) => !(name in inputs));
  const given = Object.entries(inputs).map(([name, value]) => {
    const port =
      model.inputs.find((each) => each.name === name) ?? free.shift();
    const isInteger = port?.type.startsWith("int") && scale;
    const data = isInteger
      ? value.data.map((x) => Math.round(x / scale[0]) + scale[1])
      : value.data;
    return [port?.name ?? name, { ...value, data }];
  });
  return model.run(Object.fromEntries(given));
}

/**
 * The largest error of all runs, relative to the largest expected number from 1 on.
 *
 * @param {any} model @param {Tensors} tensors @param {Record<string, string>} metadata
 */
function worstOf(model, tensors, metadata) {
  const [inputs, outputs] = [
    withPrefix(tensors, "in/"),
    withPrefix(tensors, "out/"),
  ];
  const steps = Number(metadata["steps"] ?? 0);
  /** @type {Record<string, string>} */
  const feedback = JSON.parse(metadata["feedback"] ?? "{}");
  const fed = new Set(Object.values(feedback));
  const [inScale, outScale] = [
    scaleOf(metadata["input_q"]),
    scaleOf(metadata["output_q"]),
  ];
  const wide = (/** @type {Tensor} */ { shape }) =>
    steps > 1 && shape[0] === steps;
  const states = Object.fromEntries(
    Object.keys(feedback).map((name) => [
      name,
      /** @type {Tensor} */ (inputs[name]),
    ]),
  );
  let worst = 0;
  for (let step = 0; step < Math.max(1, steps); step++) {
    const given = Object.entries(inputs).map(([name, value]) => [
      name,
      states[name] ?? (wide(value) ? stepOf(value, step) : value),
    ]);
    const found = outputsOf(model, Object.fromEntries(given), inScale);
    const list = Object.values(found);
    for (const [input, output] of Object.entries(feedback))
      states[input] = /** @type {Tensor} */ (found[output]);
    Object.entries(outputs).forEach(([name, value], i) => {
      if (fed.has(name) && step < steps - 1) return;
      const expected =
        wide(value) && !fed.has(name) ? stepOf(value, step) : value;
      const own = found[name] ?? list[i];
      if (own?.data.length !== expected.data.length) worst = NaN;
      const largest = expected.data.reduce(
        (all, x) => Math.max(all, Math.abs(x)),
        1,
      );
      expected.data.forEach((x, k) => {
        const got = own?.data[k] ?? NaN;
        const real = outScale ? (got - outScale[1]) * outScale[0] : got;
        const error = Math.abs(real - x) / largest;
        if (!(error <= worst)) worst = error;
      });
    });
  }
  return worst;
}

/** @param {string} set @param {string} file @returns {Promise<string[]>} */
async function rowOf(set, file) {
  const at = (/** @type {string} */ name) =>
    readFileSync(new URL(`${set}/${name}`, folder));
  const expected = `${file.replace(/\.\w+$/, "")}.safetensors`;
  const known = existsSync(new URL(`${set}/${expected}`, folder));
  const { tensors, metadata } = known
    ? parse(at(expected))
    : { tensors: {}, metadata: /** @type {Record<string, string>} */ ({}) };
  const errors = [];
  for (const backend of BACKENDS) {
    try {
      const options = JSON.parse(metadata["options"] ?? "{}");
      const { model } = load(at(file), { ...options, backend });
      errors.push(
        known ? worstOf(model, tensors, metadata).toExponential(1) : "loads",
      );
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      return [file, `${name}: ${message}`.replace(/\s+/g, " ").slice(0, 70)];
    }
  }
  return [
    file,
    ...errors,
    (metadata["tolerance"] ?? "").replace(/[ (,].*/, ""),
  ];
}

const wanted = process.argv.slice(2);
for (const set of SETS) {
  if (wanted.length && !wanted.includes(set)) continue;
  const own = new URL(`${set}/`, folder);
  if (!existsSync(own)) {
    console.log(`${set}: ${own.pathname} is absent`);
    continue;
  }
  const row = table([set, ...BACKENDS, "tolerance"], [36, 9]);
  for (const file of readdirSync(own).sort())
    if (MODEL.test(file) && file !== "cases.json") row(await rowOf(set, file));
  console.log();
}
