// @ts-nocheck: what it imports is installed in this folder alone.

/*
 * Makes test/tflite/fixtures: small models of many operators, and what TensorFlow Lite makes of random inputs.
 *
 *     npm run build && cd tools/tflite && npm install --legacy-peer-deps && node make_models.mjs
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serialize } from "../../dist/safetensors.js";
import { floats } from "./floats.mjs";
import { integers } from "./integers.mjs";
import { recurrent } from "./recurrent.mjs";

const folder = fileURLToPath(
  new URL("../../test/tflite/fixtures/", import.meta.url),
);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

for (const [name, make] of Object.entries({
  ...floats,
  ...recurrent,
  ...integers,
})) {
  const { bytes, steps, results, tensors } = make();
  const dict = {};
  const stack = (key, list, shape) => {
    dict[key] = {
      shape: [list.length, ...shape],
      data: Float32Array.from(list.flat()),
    };
  };
  for (const input of Object.keys(steps[0]))
    stack(
      `in/${input}`,
      steps.map((step) => Array.from(step[input])),
      tensors.find((tensor) => tensor.name === input).shape,
    );
  for (const output of Object.keys(results[0]))
    stack(
      `out/${output}`,
      results.map((result) => result[output].data),
      results[0][output].shape,
    );
  writeFileSync(`${folder}${name}.tflite`, bytes);
  writeFileSync(
    `${folder}${name}.safetensors`,
    serialize(dict, { by: "@tensorflow/tfjs-tflite 0.0.1-alpha.10" }),
  );
  console.log(name, bytes.length, Object.keys(results[0]).length);
}
