import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import type { Tensor } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";

/*
 * Networks as PyTorch's exporter writes them, opset by opset, with the nodes that it puts around the layers:
 * tools/make_onnx_models.py made the files, and what PyTorch computes from the inputs in float64.
 */
const folder = new URL("fixtures/torch/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".onnx"))
  .map((file) => file.slice(0, -5));

/** Float32 sums of up to 20 products through up to 12 steps. */
const TOLERANCE = 2e-6;

const read = (file: string) => readFileSync(new URL(file, folder));
const under = (prefix: string, tensors: Record<string, Tensor>) =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );

test("four networks in four opsets, and one in the three that have lists", () =>
  expect(names.length).toBe(19));

describe.each(names)("PyTorch's export of %s", (name) => {
  const { tensors } = parse(read(`${name}.safetensors`));

  test.each(backends)("on %s", (backend) => {
    const { model, report } = load(read(`${name}.onnx`), { backend });
    expect(report.warnings).toEqual([]);
    expect(report.ignored).toEqual([]);
    expect(report.producer).toMatch(/^pytorch 1\.13/);
    // every recurrent layer was made at load
    for (const { convention } of report.layers)
      expect(convention).not.toMatch(/run time/);
    const results = model.run(under("in.", tensors));
    const expected = under("out.", tensors);
    expect(Object.keys(results)).toEqual(Object.keys(expected));
    for (const [key, { shape, data }] of Object.entries(expected)) {
      expect(results[key]!.shape).toEqual(shape);
      expectClose(results[key]!.data, data, TOLERANCE, key);
    }
  });
});

test.each(names.filter((name) => name.startsWith("streamed")))(
  "%s streams: frame by frame what it makes of the whole",
  (name) => {
    const { tensors } = parse(read(`${name}.safetensors`));
    const { frames, state } = under("in.", tensors);
    const { marks, next } = under("out.", tensors);
    const { model } = load(read(`${name}.onnx`));
    const stream = model.stream({
      states: { state: "next" },
      state: { state: state! },
    });
    const [steps = 0, batch = 0, size = 0] = frames!.shape;
    const made: number[] = [];
    for (let step = 0; step < steps; step++) {
      const from = step * batch * size;
      const data = frames!.data.slice(from, from + batch * size);
      const out = stream.run({ frames: { shape: [1, batch, size], data } });
      made.push(...out.marks!.data);
    }
    expectClose(made, marks!.data, TOLERANCE, "marks");
    expectClose(stream.state.state!.data, next!.data, TOLERANCE, "next");
  },
);
