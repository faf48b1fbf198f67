import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tflite/index.js";
import { type Graph, loadGraph } from "../../src/graph/index.js";
import type { Tensor } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";

/*
 * Small models of many operators, with what TensorFlow Lite itself made of them, run after run of one interpreter:
 * tools/tflite/make_models.mjs.
 */

const folder = new URL("fixtures/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".tflite"))
  .map((file) => file.slice(0, -7));
const read = (file: string) => readFileSync(new URL(file, folder));

type Tensors = Record<string, Tensor>;

/** Inputs and outputs, run by run. */
function runsOf(name: string): { inputs: Tensors; outputs: Tensors }[] {
  const { tensors } = parse(read(`${name}.safetensors`));
  const [first] = Object.values(tensors) as [Tensor];
  return Array.from({ length: first.shape[0] as number }, (_, step) => {
    const of = (prefix: string): Tensors =>
      Object.fromEntries(
        Object.entries(tensors)
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, { shape, data }]) => {
            const size = data.length / (shape[0] as number);
            const own = data.slice(step * size, (step + 1) * size);
            return [
              key.slice(prefix.length),
              { shape: shape.slice(1), data: own },
            ];
          }),
      );
    return { inputs: of("in/"), outputs: of("out/") };
  });
}

/** Of all outputs, relative to the largest expected number from 1 on. */
function worstError(got: Tensors, expected: Tensors): [number, string] {
  let worst: [number, string] = [0, ""];
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const own = got[name] as Tensor;
    expect([name, own.shape]).toEqual([name, shape]);
    const largest = data.reduce((all, n) => Math.max(all, Math.abs(n)), 1);
    data.forEach((value, i) => {
      const found = own.data[i] as number;
      const error = Object.is(found, value)
        ? 0
        : Math.abs(found - value) / largest;
      if (!(error <= worst[0])) worst = [error, name];
    });
  }
  return worst;
}

/** All runs, what is kept handed on. */
function runAll(model: Graph, name: string): [number, string] {
  const stream = model.streamable ? model.stream() : null;
  return runsOf(name)
    .map(({ inputs, outputs }) => {
      const got = stream ? stream.step(inputs) : model.run(inputs);
      return worstError(got, outputs);
    })
    .reduce((a, b) => (a[0] >= b[0] ? a : b));
}

describe.each(names)("%s", (name) => {
  test.each(backends)(
    "is what TensorFlow Lite makes of it, on %s",
    (backend) => {
      const { model } = load(read(`${name}.tflite`), { backend });
      const [error, output] = runAll(model, name);
      expect(`${output} ${error <= boundOf(name) ? "right" : error}`).toBe(
        `${output} right`,
      );
    },
  );

  test("is the same when it was saved and read", () => {
    const { model } = load(read(`${name}.tflite`));
    const again = loadGraph(model.save());
    expect(again.inputs).toEqual(model.inputs);
    expect(runAll(again, name)).toEqual(runAll(model, name));
  });
});

test.each<[string, string[]]>([
  ["bilstm", ["gates i f c o, one bias", "gates i f c o, one bias, backwards"]],
  ["birnn", ["RELU, one bias", "RELU, one bias, backwards"]],
  ["lstm-peepholes-projection", ["gates i f c o, one bias, peepholes i f o"]],
  ["lstm-clip", ["gates i f c o, one bias, cell clip 0.4"]],
  [
    "lstm-projection-bias-clip",
    ["gates i f c o, one bias, projection clip 0.7"],
  ],
])("the report tells how %s is read", (name, conventions) => {
  const { layers } = load(read(`${name}.tflite`)).report;
  const recurrent = layers.filter(({ type }) => /SEQUENCE/.test(type));
  expect(recurrent.map(({ convention }) => convention)).toEqual(conventions);
});

/**
 * Integers are TensorFlow Lite's own. What is rounded from floats may be a step beside them, and its convolutions round
 * once where its reference kernels, whose numbers these are, round twice: 3 of 1456 differ here.
 */
function boundOf(name: string): number {
  if (name === "hybrid") return tolerances.tfliteHybrid;
  if (name === "int8-rounded" || name === "int8-convolution")
    return tolerances.tfliteStep;
  return name.startsWith("int8") ? 0 : tolerances.tflite;
}
