/** The whole models of ../shared/conformance/models: files, the inputs and expected outputs beside them, and a pass of each. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Graph } from "gatewise/onnx";
import { parse } from "gatewise/safetensors";

/**
 * @typedef {import("gatewise").Tensor} Tensor
 * @typedef {Record<string, Tensor>} Tensors
 * @typedef {import("gatewise").Sequential | Graph} AnyModel
 *
 * @typedef {object} Case
 * @property {string} set its folder
 * @property {string} file
 * @property {Uint8Array} bytes
 * @property {Record<string, any>} options that load needs for it
 * @property {Tensors} inputs
 * @property {Tensors} outputs empty where nothing says what is expected
 * @property {Record<string, string>} metadata
 */

const folder = new URL("../../../shared/conformance/models/", import.meta.url);

/** The folders of models, and of each its files. */
export const SETS = [
  "onnx",
  "tflite",
  "keras",
  "rtneural",
  "torch",
  "torchscript",
];
const MODEL = /\.(onnx|tflite|h5|keras|json|pt|pth)$/;

/** What a file does not say: its README in words. @type {Record<string, Record<string, any>>} */
const OPTIONS = {
  "unitree_h1_motion.pt": { chain: ["memory", "actor.0", "elu", "actor.2"] },
};

/** @param {string} set @returns {Case[] | null} null where the folder is absent */
export function casesOf(set) {
  const own = new URL(`${set}/`, folder);
  if (!existsSync(own)) return null;
  const read = (/** @type {string} */ name) => readFileSync(new URL(name, own));
  return readdirSync(own)
    .filter((file) => MODEL.test(file) && file !== "cases.json")
    .sort()
    .map((file) => {
      const beside = `${file.replace(/\.\w+$/, "")}.safetensors`;
      const { tensors, metadata } = existsSync(new URL(beside, own))
        ? parse(read(beside))
        : { tensors: {}, metadata: /** @type {Record<string, string>} */ ({}) };
      return {
        set,
        file,
        bytes: read(file),
        options: OPTIONS[file] ?? JSON.parse(metadata["options"] ?? "{}"),
        inputs: withPrefix(tensors, "in/"),
        outputs: withPrefix(tensors, "out/"),
        metadata,
      };
    });
}

/** @param {Tensors} tensors @param {string} prefix @returns {Tensors} */
const withPrefix = (tensors, prefix) =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );

/** @param {Tensor} tensor @param {number} step @returns {Tensor} */
function stepOf({ shape, data }, step) {
  const own = shape.slice(1);
  const size = own.reduce((all, n) => all * n, 1);
  return { shape: own, data: data.slice(step * size, (step + 1) * size) };
}

/** @param {string | undefined} text */
const scaleOf = (text) =>
  /** @type {[number, number] | null} */ (JSON.parse(text ?? "null"));

/**
 * The inputs of each step, without those that are fed back; by the model's own names, integers where it takes integers.
 *
 * @param {Graph} model @param {Case} own @param {number} steps @param {Record<string, string>} feedback
 * @returns {Tensors[]}
 */
function stepsFor(model, { inputs, metadata }, steps, feedback) {
  const scale = scaleOf(metadata["input_q"]);
  const free = model.inputs.filter(({ name }) => !(name in inputs));
  const ports = Object.entries(inputs).map(([name, value]) => {
    const port =
      model.inputs.find((each) => each.name === name) ?? free.shift();
    const data =
      scale && port?.type.startsWith("int")
        ? value.data.map((x) => Math.round(x / scale[0]) + scale[1])
        : value.data;
    return { name, as: port?.name ?? name, value: { ...value, data } };
  });
  return Array.from({ length: Math.max(1, steps) }, (_, step) =>
    Object.fromEntries(
      ports
        .filter(({ name }) => !(name in feedback))
        .map(({ as, value }) => [
          as,
          isWide(value, steps) ? stepOf(value, step) : value,
        ]),
    ),
  );
}

/** Whether it has the steps in front. @param {Tensor} tensor @param {number} steps */
const isWide = ({ shape }, steps) => steps > 1 && shape[0] === steps;

/** @param {Case} own */
const stepsIn = ({ metadata }) => ({
  steps: Number(metadata["steps"] ?? 0),
  /** @type {Record<string, string>} */
  feedback: JSON.parse(metadata["feedback"] ?? "{}"),
});

/**
 * A pass over the inputs of a case, which may be repeated: what comes out, by the names of the case, of all steps one after
 * another; of states the last.
 *
 * @param {AnyModel} model @param {Case} own
 * @returns {() => Record<string, Float32Array>}
 */
export function passOf(model, own) {
  const { outputs, metadata } = own;
  const states = new Set(Object.values(stepsIn(own).feedback));
  const run = runOf(model, own);
  const scale = scaleOf(metadata["output_q"]);
  const isInteger =
    model instanceof Graph && model.outputs[0]?.type.startsWith("int");
  const names = Object.keys(outputs);
  return () => {
    const list = run();
    return Object.fromEntries(
      names.map((name, place) => {
        const parts = list.map(
          (found) => found[name] ?? Object.values(found)[place],
        );
        const kept = states.has(name) ? parts.slice(-1) : parts;
        const data = kept.flatMap((tensor) => Array.from(tensor?.data ?? []));
        const real =
          scale && isInteger
            ? data.map((q) => (q - scale[1]) * scale[0])
            : data;
        return [name, Float32Array.from(real)];
      }),
    );
  };
}

/**
 * The same without collecting: what the model gives at each step.
 *
 * @param {AnyModel} model @param {Case} own
 * @returns {() => Tensors[]}
 */
export function runOf(model, own) {
  const { steps, feedback } = stepsIn(own);
  if (!(model instanceof Graph)) {
    const [input] = Object.values(own.inputs);
    if (!input) throw new Error(`${own.file}: expected an input`);
    const list = isWide(input, steps)
      ? Array.from({ length: steps }, (_, step) => stepOf(input, step))
      : [input];
    return () => list.map((each) => ({ "": model.forward(each).output }));
  }
  const list = stepsFor(model, own, steps, feedback);
  if (!Object.keys(feedback).length)
    return () => list.map((each) => model.run(each));
  const state = Object.fromEntries(
    Object.keys(feedback).map((name) => [
      name,
      /** @type {Tensor} */ (own.inputs[name]),
    ]),
  );
  const stream = model.stream({ states: feedback, state });
  return () => {
    stream.reset();
    return list.map((each) => stream.step(each));
  };
}

/**
 * The inputs of each step by the graph's own names, with the states that this graph hands on: what quantize calibrates on.
 *
 * @param {Graph} model @param {Case} own
 * @returns {Tensors[]}
 */
export function framesOf(model, own) {
  const { steps, feedback } = stepsIn(own);
  const results = runOf(model, own)();
  return stepsFor(model, own, steps, feedback).map((frame, step) => {
    const states = Object.entries(feedback).map(([input, output]) => [
      input,
      step ? results[step - 1]?.[output] : own.inputs[input],
    ]);
    return { ...frame, ...Object.fromEntries(states) };
  });
}
