// @ts-nocheck: what it reads is installed in this folder alone.

/*
 * TensorFlow Lite's interpreter as @tensorflow/tfjs-tflite carries it, in Node: its own kernels, without TensorFlow.js.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";

const require = createRequire(import.meta.url);
const script =
  require.resolve("@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.js");
// what its script takes Node's modules by
globalThis.require = require;
globalThis.__dirname = script.replace(/[^/]*$/, "");
const factory = runInThisContext(
  `${readFileSync(script, "utf8")};tflite_web_api_ModuleFactory`,
);
const lite = await factory({
  wasmBinary: readFileSync(script.replace(/js$/, "wasm")),
  print() {},
  printErr(line) {
    if (!line.startsWith("INFO")) console.error(line);
  },
});

const listOf = (vector) =>
  Array.from({ length: vector.size() }, (_, i) => vector.get(i));

/** A model with the state that it has between runs. */
export class Interpreter {
  #runner;

  constructor(bytes) {
    const at = lite._malloc(bytes.length);
    lite.HEAPU8.set(bytes, at);
    const made = lite.TFLiteWebModelRunner.CreateFromBufferAndOptions(
      at,
      bytes.length,
      {
        numThreads: 1,
        enableProfiling: false,
        maxProfilingBufferEntries: 16,
      },
    );
    if (!made.ok()) throw new Error(made.errorMessage());
    this.#runner = made.value();
  }

  /** Numbers by the inputs' names → { shape, type, data } by the outputs'. */
  run(inputs) {
    for (const tensor of listOf(this.#runner.GetInputs()))
      if (inputs[tensor.name]) tensor.data().set(inputs[tensor.name]);
    if (!this.#runner.Infer()) throw new Error("the run failed");
    return Object.fromEntries(
      listOf(this.#runner.GetOutputs()).map((tensor) => [
        tensor.name,
        {
          shape: tensor.shape ? tensor.shape.split(",").map(Number) : [],
          type: tensor.dataType,
          data: Array.from(tensor.data()),
        },
      ]),
    );
  }
}
