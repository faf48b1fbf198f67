import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tflite/index.js";
import { type Graph, loadGraph } from "../../src/graph/index.js";
import type { Tensor } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { backends } from "../support/layers.js";

/*
 * Whole models of ../shared/conformance/models: DTLN, wake words, digits, with what an interpreter in float64 makes of
 * them.
 */

const folder = new URL(
  "../../../shared/conformance/models/tflite/",
  import.meta.url,
);
const present = existsSync(folder);
const names = present
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".tflite"))
      .map((file) => file.slice(0, -7))
  : [];
const read = (file: string) => readFileSync(new URL(file, folder));

type Tensors = Record<string, Tensor>;

function caseOf(name: string) {
  const { tensors, metadata } = parse(read(`${name}.safetensors`));
  const of = (prefix: string): Tensors =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  return {
    inputs: of("in/"),
    outputs: of("out/"),
    steps: Number(metadata["steps"] ?? 1),
    feedback: JSON.parse(metadata["feedback"] ?? "{}") as Record<
      string,
      string
    >,
    tolerance: Number.parseFloat(metadata["tolerance"] ?? ""),
    inputScale: JSON.parse(metadata["input_q"] ?? "null") as
      [number, number] | null,
    outputScale: JSON.parse(metadata["output_q"] ?? "null") as
      [number, number] | null,
  };
}

/** What one step of a tensor with the steps in front is. */
function stepOf({ shape, data }: Tensor, step: number): Tensor {
  const own = shape.slice(1);
  const size = own.reduce((all, n) => all * n, 1);
  return { shape: own, data: data.slice(step * size, (step + 1) * size) };
}

const mapped = ({ shape, data }: Tensor, f: (x: number) => number): Tensor => ({
  shape,
  data: data.map(f),
});

/** The largest |got - expected| of all steps, relative to the largest expected number from 1 on. */
function worstError(model: Graph, own: ReturnType<typeof caseOf>): number {
  const { inputs, outputs, steps, feedback, inputScale, outputScale } = own;
  const isInteger = model.inputs[0]?.type === "int8";
  const states: Tensors = Object.fromEntries(
    Object.keys(feedback).map((name) => [name, inputs[name] as Tensor]),
  );
  let worst = 0;
  for (let step = 0; step < steps; step++) {
    const given: Tensors = { ...states };
    for (const [name, tensor] of Object.entries(inputs)) {
      if (name in feedback) continue;
      const [scale, zero] = inputScale ?? [1, 0];
      const x = stepOf(tensor, step);
      given[name] = isInteger
        ? mapped(x, (n) => Math.round(n / scale) + zero)
        : x;
    }
    const results = model.run(given);
    for (const [input, output] of Object.entries(feedback))
      states[input] = results[output] as Tensor;
    for (const [name, tensor] of Object.entries(outputs)) {
      if (Object.values(feedback).includes(name) && step < steps - 1) continue;
      const expected = Object.values(feedback).includes(name)
        ? tensor
        : stepOf(tensor, step);
      const got = results[name] as Tensor;
      const [scale, zero] = outputScale ?? [1, 0];
      const real = isInteger ? mapped(got, (q) => (q - zero) * scale) : got;
      expect(real.shape).toEqual(expected.shape);
      const largest = expected.data.reduce(
        (all, n) => Math.max(all, Math.abs(n)),
        1,
      );
      expected.data.forEach((value, i) => {
        const error = Math.abs((real.data[i] as number) - value) / largest;
        worst = Math.max(worst, error);
      });
      if (name.startsWith("Stateful"))
        expect(real.data.indexOf(Math.max(...real.data))).toBe(
          expected.data.indexOf(Math.max(...expected.data)),
        );
    }
  }
  return worst;
}

describe.skipIf(!present)("a model of TensorFlow Lite", () => {
  describe.each(names)("%s", (name) => {
    const own = caseOf(name);

    test.each(backends)("is right on %s", (backend) => {
      const { model } = load(read(`${name}.tflite`), { backend });
      const worst = worstError(model, own);
      if (process.env["WORST"]) console.log(name, backend, worst);
      expect(worst).toBeLessThan(own.tolerance);
    });

    test.runIf(name.startsWith("while"))("runs its WHILE as a layer", () => {
      const { report } = load(read(`${name}.tflite`));
      expect(report.layers[0]).toMatchObject({
        type: "GRU",
        convention: "a Loop that is this cell, GRU(13 → 20)",
      });
    });

    test("is right in floats", () => {
      const { model } = load(read(`${name}.tflite`), { dequantize: true });
      expect(worstError(model, own)).toBeLessThan(own.tolerance);
    });

    test("is the same when it was saved and read, to the bit", () => {
      const { model } = load(read(`${name}.tflite`));
      const again = loadGraph(model.save());
      expect(again.inputs).toEqual(model.inputs);
      expect(worstError(again, own)).toBe(worstError(model, own));
    });
  });
});
