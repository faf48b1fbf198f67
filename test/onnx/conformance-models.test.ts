import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, loadGraph } from "../../src/formats/onnx/index.js";
import type { Tensor } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { countArrays } from "../support/count-arrays.js";
import { backends } from "../support/layers.js";

/*
 * Whole models of ../shared/conformance/models, real ones and some of ours, with what onnxruntime makes of them.
 */

const folder = new URL(
  "../../../shared/conformance/models/onnx/",
  import.meta.url,
);
const present = existsSync(folder);
const names = present
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".onnx"))
      .map((file) => file.slice(0, -5))
  : [];
const read = (file: string) => readFileSync(new URL(file, folder));

interface Case {
  readonly inputs: Record<string, Tensor>;
  readonly outputs: Record<string, Tensor>;
  readonly steps: number;
  readonly feedback: Record<string, string>;
  readonly tolerance: number;
}

function caseOf(name: string): Case {
  const { tensors, metadata } = parse(read(`${name}.safetensors`));
  const of = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  return {
    inputs: of("in/"),
    outputs: of("out/"),
    steps: Number(metadata["steps"] ?? 1),
    feedback: JSON.parse(metadata["feedback"] ?? "{}"),
    tolerance: Number(metadata["tolerance"]),
  };
}

/** What one step of a tensor with the steps in front is. */
function stepOf({ shape, data }: Tensor, step: number): Tensor {
  const own = shape.slice(1);
  const size = own.reduce((all, n) => all * n, 1);
  return { shape: own, data: data.slice(step * size, (step + 1) * size) };
}

/** The inputs of the first step. */
const firstOf = ({ inputs, steps, feedback }: Case): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [
      key,
      steps > 1 && !(key in feedback) && value.shape[0] === steps
        ? stepOf(value, 0)
        : value,
    ]),
  );

/** The largest |got - expected|, relative to the largest expected number from 1 on. */
function error(got: Tensor, expected: Tensor, largest: number): number {
  expect(got.shape).toEqual(expected.shape);
  let worst = 0;
  expected.data.forEach((value, i) => {
    worst = Math.max(worst, Math.abs((got.data[i] as number) - value));
  });
  return worst / Math.max(1, largest);
}

const largestOf = ({ data }: Tensor): number =>
  data.reduce((all, n) => Math.max(all, Math.abs(n)), 0);

describe.skipIf(!present)("a whole model", () => {
  describe.each(names)("%s", (name) => {
    const own = caseOf(name);
    test("is the same when it was saved and read, to the bit", () => {
      const { model } = load(read(`${name}.onnx`));
      const given = firstOf(own);
      const again = loadGraph(model.save());
      expect(again.run(given)).toEqual(model.run(given));
    });

    // its Loop makes values of other shapes from step to step
    test.skipIf(name === "torch_scripted_loop_if")(
      "makes no arrays but its outputs after the first run",
      () => {
        const { model } = load(read(`${name}.onnx`));
        const given = firstOf(own);
        for (let i = 0; i < 2; i++) model.run(given);
        const made = countArrays(() => model.run(given));
        // integers are exact in float64, which inputs are copied to
        const integers = model.inputs.filter(({ type }) => type !== "float32");
        expect(made).toBe(model.outputs.length + integers.length);
      },
    );

    test.each(backends)("gives what onnxruntime gives, on %s", (backend) => {
      const { model } = load(read(`${name}.onnx`), { backend });
      const { inputs, outputs, steps, feedback, tolerance } = own;
      let worst = 0;
      if (steps === 1) {
        const results = model.run(inputs);
        for (const [key, expected] of Object.entries(outputs))
          worst = Math.max(
            worst,
            error(results[key] as Tensor, expected, largestOf(expected)),
          );
      } else {
        const states = Object.keys(feedback);
        const initial = Object.fromEntries(
          states.map((key) => [key, inputs[key] as Tensor]),
        );
        const stream = model.stream({ states: feedback, state: initial });
        for (let step = 0; step < steps; step++) {
          const given = Object.entries(inputs)
            .filter(([key]) => !states.includes(key))
            .map(([key, value]) => [
              key,
              value.shape[0] === steps ? stepOf(value, step) : value,
            ]);
          const results = stream.step(
            Object.fromEntries(given) as Record<string, Tensor>,
          );
          for (const [key, expected] of Object.entries(outputs)) {
            const isState = Object.values(feedback).includes(key);
            if (isState && step < steps - 1) continue;
            const wanted = isState ? expected : stepOf(expected, step);
            const found = error(
              results[key] as Tensor,
              wanted,
              largestOf(expected),
            );
            worst = Math.max(worst, found);
          }
        }
      }
      expect(worst).toBeLessThanOrEqual(tolerance);
      if (process.env["SHOW_ERRORS"])
        console.log(name, backend, worst.toExponential(1), tolerance);
    });
  });
});
