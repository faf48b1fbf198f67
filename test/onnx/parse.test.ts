import { expect, test } from "vitest";
import { parse, toOnnx } from "../../src/formats/onnx/index.js";
import { FormatError, Linear, LSTM, Sequential } from "../../src/index.js";
import { modelBytes } from "./support/build.js";

test("parse gives the initializers, whatever the operations", () => {
  const bytes = modelBytes({
    nodes: [{ type: "NoSuchOperation", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", shape: [1] }],
    outputs: [{ name: "y" }],
    initializers: [
      { name: "w", shape: [2, 1], data: [1.5, -2] },
      { name: "n", dtype: "int64", shape: [1], data: [3n] },
    ],
  });
  const { tensors, ignored } = parse(bytes);
  expect(tensors).toEqual({
    w: { shape: [2, 1], data: Float32Array.of(1.5, -2) },
  });
  expect(ignored).toEqual(["n: int64 [1]"]);
});

test("a model of ours: the numbers of its layers, and integers are told", () => {
  const linear = new Linear({ inputSize: 4, outputSize: 2 });
  const model = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 4 }),
    linear,
  ]);
  const { tensors, ignored } = parse(toOnnx(model));
  const sums = Object.values(tensors).map(({ data }) => data.length);
  expect(sums).toContain(4 * 4 * 3); // W of the LSTM
  const { weight } = linear.stateDict();
  const numbers = Object.values(tensors).map(({ data }) => [...data].sort());
  expect(numbers).toContainEqual([...weight!.data].sort());
  for (const line of ignored) expect(line).toMatch(/: int64 \[/);
});

test("damage is refused by its place", () => {
  expect(() => parse(new Uint8Array(0))).toThrow(FormatError);
  expect(() =>
    parse(toOnnx(new Sequential([new LSTM({ inputSize: 1, hiddenSize: 1 })])), {
      filez: 1,
    } as never),
  ).toThrow(/filez/);
});
