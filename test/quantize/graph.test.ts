import { expect, test } from "vitest";
import { loadGraph } from "../../src/graph/index.js";
import { LSTM, Linear, Sequential } from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { expectSameTensor, worstError } from "../support/compare.js";
import { Random } from "../support/random.js";

test("a graph in int8: near float32, saved and loaded to the bit, and float32 again where asked", () => {
  const model = new Sequential([
    new LSTM({ inputSize: 5, hiddenSize: 24, seed: 1 }),
    new Linear({ inputSize: 24, outputSize: 3, seed: 2 }),
  ]);
  const bytes = toOnnx(model);
  const x = new Random(1).tensor([2, 12, 5]);
  const exact = load(bytes).model.forward(x).output;
  for (const precision of ["int8", "int8-fast"] as const) {
    const { model: graph } = load(bytes, { precision });
    const { output } = graph.forward(x);
    const error = worstError(output.data, exact.data);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02);
    const saved = graph.save();
    expectSameTensor(loadGraph(saved).forward(x).output, output);
    const wide = loadGraph(saved, { precision: "float32" }).forward(x).output;
    expect(worstError(wide.data, output.data)).toBeGreaterThan(0);
  }
  expect(() => load(bytes, { precision: "int4" as never })).toThrow(
    /^precision: expected/,
  );
});
