import { readdirSync, readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { load, parse } from "../../src/formats/load/index.js";
import { parse as parseNam } from "../../src/formats/nam/index.js";
import { parse as parseRtneural } from "../../src/formats/rtneural/index.js";
import { parse as parseTfjs } from "../../src/formats/tfjs/index.js";
import { parse as parseTflite } from "../../src/formats/tflite/index.js";
import { writeNpy } from "../../src/formats/numpy/npy.js";
import { writeNpz } from "../../src/formats/numpy/npz.js";
import { parse as parseOnnx, toOnnx } from "../../src/formats/onnx/index.js";
import { parse as parseTorch } from "../../src/formats/torch/index.js";
import { parse as parseKeras } from "../../src/formats/keras/index.js";
import { FormatError, Linear, Sequential, tensor } from "../../src/index.js";
import { serialize } from "../../src/safetensors.js";
import {
  bytesOf,
  guitarMlFile,
  namFile,
  rtneuralFile,
} from "../audio/files.js";
import { filesOf } from "../tfjs/files.js";

const fixture = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../${path}`, import.meta.url)));
const own = (name: string) => fixture(`tflite/fixtures/${name}.tflite`);

const linear = new Linear({ inputSize: 3, outputSize: 2, seed: 1 });
const onnx = toOnnx(new Sequential([linear]));
const torch = fixture("torch/fixtures/lstm.pt");
const keras = fixture("keras/fixtures/keras3-gru.keras");
const tfjs = filesOf("lstm");

describe("parse gives the same kind of result for every format", () => {
  test.each<[string, () => object, () => object]>([
    ["torch", () => parse(torch), () => parseTorch(torch)],
    ["keras", () => parse(keras), () => parseKeras(keras)],
    ["onnx", () => parse(onnx), () => parseOnnx(onnx)],
    ["tfjs", () => parse(tfjs), () => parseTfjs(tfjs)],
    ["tflite", () => parse(own("lstm")), () => parseTflite(own("lstm"))],
    [
      "nam",
      () => parse(bytesOf(namFile())),
      () => parseNam(bytesOf(namFile())),
    ],
    [
      "rtneural",
      () => parse(bytesOf(rtneuralFile())),
      () => parseRtneural(bytesOf(rtneuralFile())),
    ],
  ])("%s: by its own entry and by gatewise/load", (_, any, byFormat) => {
    const result = any() as ReturnType<typeof parse>;
    expect(Object.keys(result).sort()).toEqual([
      "ignored",
      "metadata",
      "tensors",
    ]);
    expect(byFormat()).toMatchObject(result);
    const tensors = Object.values(result.tensors);
    expect(tensors.length).toBeGreaterThan(0);
    for (const { shape, data } of tensors) {
      expect(data).toBeInstanceOf(Float32Array);
      expect(data).toHaveLength(shape.reduce((all, n) => all * n, 1));
    }
  });
});

test("safetensors, its integers listed", () => {
  const bytes = serialize({ a: tensor([1, 2]) }, { by: "me" });
  expect(parse(bytes)).toEqual({
    tensors: { a: tensor([1, 2]) },
    metadata: { by: "me" },
    ignored: [],
  });
});

test("NumPy's .npz and .npy, which have no layers", () => {
  const w = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const npz = writeNpz(new Map([["w", w]]));
  expect(parse(npz)).toEqual({ tensors: { w }, metadata: {}, ignored: [] });
  expect(parse(writeNpy(w)).tensors).toEqual({ array: w });
  expect(() => parse(npz, { maxBytes: 10 })).not.toThrow(); // stored: nothing unfolds
  const deflated = zipSync({ "w.npy": writeNpy(w) });
  expect(parse(deflated).tensors).toEqual({ w });
  expect(() => parse(deflated, { maxBytes: 10 })).toThrow(FormatError);
  expect(() => load(npz)).toThrow(/\.npz.*parse reads the arrays/);
});

test("weights of models that load refuses", () => {
  const wavenet = { ...namFile(), architecture: "WaveNet" };
  expect(() => load(bytesOf(wavenet))).toThrow(/WaveNet/);
  const { tensors, metadata } = parse(bytesOf(wavenet));
  expect(tensors["weights"]!.shape).toEqual([wavenet.weights.length]);
  expect(metadata["architecture"]).toBe("WaveNet");

  const { "model.json": json, ...weights } = filesOf("lstm");
  const model = JSON.parse(new TextDecoder().decode(json));
  const graphModel = {
    ...weights,
    "model.json": bytesOf({
      ...model,
      format: "graph-model",
      modelTopology: { node: [] },
    }),
  };
  expect(() => load(graphModel)).toThrow(/graph model/);
  expect(parse(graphModel).tensors).toEqual(parse(filesOf("lstm")).tensors);
});

test("the JSON of amplifiers, by the names that the file has", () => {
  const guitarMl = parse(bytesOf(guitarMlFile("GRU"))).tensors;
  expect(Object.keys(guitarMl)).toContain("rec.weight_ih_l0");
  const { model } = load(bytesOf(guitarMlFile("GRU")));
  const dict = (model as Sequential).stateDict();
  expect(guitarMl["rec.weight_ih_l0"]).toEqual(dict["0.weight_ih_l0"]);

  const layers = parse(bytesOf(rtneuralFile())).tensors;
  expect(Object.keys(layers).slice(0, 2)).toEqual([
    "layers[0].weights[0]",
    "layers[0].weights[1]",
  ]);
  const dense = { kernel: [[1, 2]], bias: [3, 4] };
  expect(
    parse(
      bytesOf({
        lstm: { "kernel:0": dense.kernel, units: 5 },
        conv1d: { "kernel:0": dense.kernel },
        dense: { "kernel:0": dense.kernel, "bias:0": dense.bias },
      }),
    ).tensors["dense/bias:0"],
  ).toEqual(tensor([3, 4]));
});

test("quantised weights are what their integers stand for", () => {
  const eight = filesOf("quantised-uint8");
  const { tensors } = parse(eight);
  const { model } = load(eight);
  const kernels = Object.entries(tensors).filter(([name]) =>
    name.endsWith("kernel"),
  );
  expect(kernels.length).toBeGreaterThan(0);
  const numbers = Object.values((model as Sequential).stateDict()).map(
    ({ data }) => [...data].sort().join(),
  );
  for (const [, { data }] of kernels)
    expect(numbers).toContain([...data].sort().join());
});

test("every .tflite fixture has its constants", () => {
  const names = readdirSync(
    new URL("../tflite/fixtures/", import.meta.url),
  ).filter((name) => name.endsWith(".tflite"));
  for (const name of names) {
    const { tensors, ignored } = parse(fixture(`tflite/fixtures/${name}`));
    expect(Object.keys(tensors).length + ignored.length, name).toBeGreaterThan(
      0,
    );
  }
  const bytes = own("int8-dense");
  expect(() => parse(bytes, { maxBytes: 1 })).toThrow(FormatError);
});

test("arguments are checked", () => {
  expect(() => parse(onnx, { backend: "js" } as never)).toThrow(/backend/);
  expect(() => parse("x" as never)).toThrow(TypeError);
  expect(() => parse({})).toThrow("files: expected at least one file");
  expect(() => parse(new Uint8Array(3))).toThrow(FormatError);
  expect(() => parse({ a: onnx, b: torch })).toThrow(
    "files: expected one model and its weights",
  );
});
