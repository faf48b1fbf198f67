import { describe, expect, test } from "vitest";
import { load, loadGraph, toOnnx } from "../../src/formats/onnx/index.js";
import { load as loadAny } from "../../src/formats/load/index.js";
import { GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { quantize, saveCompact } from "../../src/quantize/index.js";
import { assemble, parse } from "../../src/safetensors.js";
import { toHalves, toInt16 } from "../../src/quantize/storage.js";
import {
  expectSameDict,
  expectSameTensor,
  worstError,
} from "../support/compare.js";
import { Random } from "../support/random.js";

const model = () =>
  new Sequential([
    new LSTM({ inputSize: 16, hiddenSize: 64, seed: 1 }),
    new GRU({ inputSize: 64, hiddenSize: 48, seed: 2 }),
    new Linear({ inputSize: 48, outputSize: 5, seed: 3 }),
  ]);
const x = new Random(1).tensor([2, 12, 16]);

describe.each([
  ["float16", 5e-4, 1.9],
  ["int16", 4e-5, 1.8],
] as const)("%s", (storage, tolerance, ratio) => {
  test("half of the file; loaded it is float32, a rounding away, and stays so", () => {
    const own = model();
    const bytes = saveCompact(own, storage, { by: "test" });
    expect(own.save().length / bytes.length).toBeGreaterThan(ratio);
    const read = Sequential.load(bytes);
    const { output } = read.forward(x);
    const error = worstError(output.data, own.forward(x).output.data);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(tolerance);
    expect(`${read.layers[0]}`).toBe("LSTM(16 → 64)");
    // biases are as they were
    const [before, after] = [own, read].map((each) => each.stateDict());
    expect(after!["0.bias_ih_l0"]).toEqual(before!["0.bias_ih_l0"]);
    const again = Sequential.load(saveCompact(read, storage));
    expectSameDict(again.stateDict(), read.stateDict());
  });

  test("a graph too; integers of its own stay int8", () => {
    const graph = load(toOnnx(model())).model;
    const bytes = saveCompact(graph, storage);
    expect(graph.save().length / bytes.length).toBeGreaterThan(1.8);
    const { output } = loadGraph(bytes).forward(x);
    const error = worstError(output.data, graph.forward(x).output.data);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(tolerance);
    expectSameTensor(loadAny(bytes).model.forward(x).output, output);
    const { model: rounded } = quantize(model());
    const small = saveCompact(rounded, storage);
    expect(small.length).toBe(rounded.save().length);
    expectSameTensor(
      Sequential.load(small).forward(x).output,
      rounded.forward(x).output,
    );
  });
});

test("gatewise/load takes the files of graphs with integers for graphs", () => {
  const graph = load(toOnnx(model()), { precision: "int8" }).model;
  for (const bytes of [graph.save(), saveCompact(graph, "int16")]) {
    const { output } = loadGraph(bytes).forward(x);
    expectSameTensor(loadAny(bytes).model.forward(x).output, output);
  }
});

test("halves are the nearest ones, ties to even", () => {
  const cases: [value: number, bits: number][] = [
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -26, 0x0400],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2],
    [-(2 ** -24) * 3, 0x8003],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
  ];
  const values = Float32Array.from(cases, ([value]) => value);
  expect([...toHalves(values, "x")]).toEqual(cases.map(([, bits]) => bits));
  const [bits] = toHalves(Float32Array.of(Number.NaN), "x");
  expect(bits! & 0x7fff).toBeGreaterThan(0x7c00);
  // every float16 is itself
  const widened = (raw: Uint16Array) =>
    parse(assemble([["x", "F16", [raw.length], raw]])).tensors["x"]!.data;
  for (let half = 0; half < 0x7c00; half += 7) {
    const data = widened(Uint16Array.of(half, half | 0x8000));
    expect([...toHalves(data, "x")]).toEqual([half, half | 0x8000]);
  }
});

test("what cannot be stored so says so, or stays float32", () => {
  const linear = new Linear({ inputSize: 2, outputSize: 2 });
  const model = new Sequential([linear]);
  const set = (...numbers: number[]) => {
    const dict = linear.stateDict();
    dict["weight"]!.data.set(numbers);
    linear.loadStateDict(dict);
    return parse(saveCompact(model, "int16")).tensors["0.weight"]!.data;
  };
  for (const value of [Infinity, Number.NaN])
    expect([...set(value, 1, 2, 3)]).toEqual([value, 1, 2, 3]);
  expect(worstError(set(0, 0, 1e-44, 0), [0, 0, 1e-44, 0])).toBeLessThan(1e-43);
  set(7e4, 1, 2, 3);
  expect(() => saveCompact(model, "float16")).toThrow(
    "0.weight: expected numbers within ±65519 for float16, got 70000",
  );
  expect(() => saveCompact(model, "int4" as never)).toThrow(
    /^storage: expected/,
  );
  expect(() => saveCompact({} as never, "int16")).toThrow(/^model: expected/);
  for (const metadata of ["text", 7, null, ["a"], new Map()])
    expect(() => saveCompact(model, "int16", metadata as never)).toThrow(
      "metadata: expected an object, got",
    );
  const { values, scales } = toInt16({
    shape: [2, 2],
    data: Float32Array.of(1, -2, 0, 0),
  })!;
  expect([...values]).toEqual([16384, -32767, 0, 0]);
  expect([...scales]).toEqual([Math.fround(2 / 32767), 0]);
});
