import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadGraph } from "../../src/graph/index.js";
import { load } from "../../src/formats/tflite/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { parse } from "../../src/safetensors.js";
import type { Tensor } from "../../src/tensor.js";
import { worstError } from "../support/compare.js";
import { Random } from "../support/random.js";

const read = (name: string) =>
  readFileSync(new URL(`fixtures/${name}.tflite`, import.meta.url));

/** Files whose matrices are int8: with float activations, and with none. */
describe.each(["hybrid", "int8-dense", "int8-convolution"])("%s", (name) => {
  const exact = load(read(name), { dequantize: true }).model;
  const { model, report } = load(read(name), { precision: "int8" });

  test("its matrices are the integers of the file, saved and read too", () => {
    expect(report.converted.join()).not.toContain("rounded again");
    const wide = parse(exact.save()).tensors;
    const kept = parse(model.save()).tensors;
    const matrices = Object.entries(kept).filter(([, t]) => "integers" in t);
    expect(matrices.length).toBeGreaterThan(0);
    for (const [own, tensor] of matrices) {
      // in other shapes: rows, or columns as rows
      const sorted = ({ data }: Tensor) => data.slice().sort();
      expect(sorted(tensor)).toEqual(sorted(wide[own]!));
      const { values } = (tensor as IntegerTensor).integers;
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(127);
    }
  });

  test("runs near floats, and the same when it was saved and read", () => {
    const inputs = Object.fromEntries(
      exact.inputs
        .filter(({ state }) => state === undefined)
        .map((port, i) => {
          const shape = port.shape.map((size) => (size === "?" ? 1 : size));
          return [port.name, new Random(i).tensor(shape as number[])];
        }),
    );
    const outputs = [exact, model, loadGraph(model.save())].map((each) =>
      each.streamable ? each.stream().step(inputs) : each.run(inputs),
    );
    const [wide, rounded, again] = outputs as Record<string, Tensor>[];
    for (const [own, { data }] of Object.entries(wide!)) {
      const most = Math.max(...data.map(Math.abs));
      expect(worstError(rounded![own]!.data, data)).toBeLessThan(
        0.002 * Math.max(1, most),
      );
      expect(again![own]!.data).toEqual(rounded![own]!.data);
    }
  });
});

test("integers of TensorFlow Lite's own are not to be had in a precision of ours", () => {
  expect(() =>
    load(read("int8-dense"), { precision: "int8", dequantize: false }),
  ).toThrow('dequantize: expected true with precision "int8", got false');
});
