import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Graph, load, loadGraph } from "../../src/formats/onnx/index.js";
import type { Value } from "../../src/graph/index.js";
import { FormatError, LSTM, Sequential } from "../../src/index.js";
import { parse, serialize } from "../../src/safetensors.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { damaged, runs } from "../support/fuzz.js";
import { backends } from "../support/layers.js";
import { modelBytes } from "./support/build.js";
import { nodeCases } from "./support/node-cases.js";
import { ramp, recurrentModel, weights } from "./support/small.js";

const folder = new URL("fixtures/torch/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".onnx"))
  .map((file) => file.slice(0, -5));
const read = (file: string) => readFileSync(new URL(file, folder));

function inputsOf(name: string) {
  const { tensors } = parse(read(`${name}.safetensors`));
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith("in."))
      .map(([key, value]) => [key.slice(3), value]),
  );
}

describe.each(names)("%s, saved and read", (name) => {
  test.each(backends)("gives the same bits on %s", (backend) => {
    const { model } = load(read(`${name}.onnx`), { backend });
    const saved = loadGraph(model.save(), { backend });
    expect(saved.inputs).toEqual(model.inputs);
    expect(saved.outputs).toEqual(model.outputs);
    const inputs = inputsOf(name);
    const [before, after] = [model.run(inputs), saved.run(inputs)];
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [key, value] of Object.entries(before))
      expectSameTensor(after[key]!, value, key);
  });

  test("is the same file when it is saved again", () => {
    const bytes = load(read(`${name}.onnx`)).model.save();
    expect(loadGraph(bytes).save()).toEqual(bytes);
  });
});

test("every kind of node, with constants but the first, is saved with its attributes and numbers", () => {
  for (const { name, opset, node, inputs } of nodeCases) {
    const [first, ...rest] = Object.entries(inputs);
    const { model } = load(
      modelBytes({
        opset,
        nodes: [node],
        inputs: first
          ? [{ name: first[0], dtype: first[1].dtype, shape: first[1].shape }]
          : [],
        outputs: node.outputs.map((output) => ({ name: output, dtype: null })),
        initializers: rest.map(([key, value]) => ({ name: key, ...value })),
      }),
    );
    const given = first ? Object.fromEntries([first]) : {};
    const run = (own: Graph): Value[] =>
      own.runner.compute(own.runner.check(given));
    const saved = loadGraph(model.save());
    expect(saved.outputs.map((output) => output.name)).toEqual(
      model.outputs.map((output) => output.name),
    );
    expect(run(saved), name).toEqual(run(model));
  }
});

const X = { shape: [2, 2, 2], data: Float32Array.from(ramp(8)) };
const given = {
  X,
  lengths: [2, 1],
  h0: { shape: [1, 2, 3], data: Float32Array.from(ramp(6)) },
};

test("what was computed at load is saved, and what it was made of is not", () => {
  const [W, R] = weights({ gates: 4, inputSize: 2, hiddenSize: 3 });
  const { model } = load(
    recurrentModel(
      "LSTM",
      {},
      {
        nodes: [
          {
            type: "Concat",
            inputs: ["half", "half"],
            outputs: ["B"],
            attributes: { axis: 1 },
          },
          {
            type: "LSTM",
            name: "cell",
            inputs: ["X", "W", "R", "B", "lengths", "h0"],
            outputs: ["Y", "hn"],
          },
        ],
        initializers: [
          W!,
          R!,
          { name: "half", shape: [1, 12], data: ramp(12) },
        ],
      },
    ),
  );
  const bytes = model.save();
  expect(Object.keys(parse(bytes).tensors)).toEqual(["W", "R", "B"]);
  expectSameTensor(loadGraph(bytes).run(given).Y!, model.run(given).Y!, "Y");
});

test("metadata go with it, and the reading that was forced", () => {
  const bytes = recurrentModel("GRU", {}, { producer: "pytorch" });
  const { model } = load(bytes, { forceLinearBeforeReset: true });
  const saved = model.save({ voice: "low" });
  expect(parse(saved).metadata["voice"]).toBe("low");
  const { Y } = loadGraph(saved).run(given);
  expectSameTensor(Y!, model.run(given).Y!, "Y");
  expect(Y).not.toEqual(load(bytes).model.run(given).Y);
});

test("defaults of inputs, names that objects have, and infinities stay", () => {
  const { model } = load(
    modelBytes({
      nodes: [
        { type: "Add", inputs: ["x", "c"], outputs: ["s"] },
        { type: "Slice", inputs: ["s", "b", "e"], outputs: ["t"] },
        { type: "Mul", inputs: ["t", "__proto__"], outputs: ["u"] },
        { type: "Mul", inputs: ["u", "__metadata__"], outputs: ["y"] },
      ],
      inputs: [
        { name: "x", shape: [3] },
        { name: "c", shape: [1] },
      ],
      outputs: [{ name: "y" }, { name: "__proto__" }],
      initializers: [
        { name: "c", shape: [1], data: [5] },
        { name: "b", dtype: "int64", shape: [1], data: [1n] },
        { name: "e", dtype: "int64", shape: [1], data: [2n ** 63n - 1n] },
        { name: "__proto__", shape: [1], data: [-0] },
        { name: "__metadata__", shape: [1], data: [Infinity] },
      ],
    }),
  );
  const saved = loadGraph(model.save());
  expect(saved.optionalInputs).toEqual(["c"]);
  for (const inputs of [{ x: [1, 2, 3] }, { x: [1, 2, 3], c: [-9] }]) {
    const after = saved.run(inputs);
    for (const [key, value] of Object.entries(model.run(inputs)))
      expectSameBits(after[key]!.data, value.data, key);
  }
});

describe("a saved model is refused for", () => {
  const saved = load(recurrentModel("LSTM")).model.save();
  const { tensors, metadata } = parse(saved);
  const { version, graph } = JSON.parse(metadata["gatewise"]!);
  const file = (gatewise: unknown, own = tensors) =>
    serialize(own, { gatewise: JSON.stringify(gatewise) });
  const { W: _, ...rest } = tensors;
  const changed = (change: object) =>
    file({ version, graph: { ...graph, ...change } });
  const [node] = graph.nodes;

  test.each<[string, Uint8Array, RegExp]>([
    ["no graph", serialize(tensors), /^metadata.gatewise: .*got none/],
    [
      "a model of another kind",
      new Sequential([new LSTM({ inputSize: 1, hiddenSize: 1 })]).save(),
      /^metadata.gatewise.version: expected 2, got 1/,
    ],
    [
      "another version",
      file({ version: 3, graph }),
      /^metadata.gatewise.version: expected 2, got 3/,
    ],
    ["a list", file([graph]), /^metadata.gatewise: expected an object/],
    ["no object", file({ version, graph: 7 }), /graph: expected an object/],
    [
      "no nodes",
      changed({ nodes: null }),
      /^metadata.gatewise.graph.nodes: expected a list, got null/,
    ],
    [
      "an operation that there is not",
      changed({ nodes: [{ ...node, type: "STFT" }] }),
      /^node "cell" \(STFT\): not supported: STFT/,
    ],
    [
      "a shape of other sizes",
      changed({ inputs: [{ name: "X", type: "float32", shape: [-1] }] }),
      /inputs\[0\].shape: expected sizes/,
    ],
    [
      "a tensor gone",
      file({ version, graph }, rest),
      /constants\["W"\].tensor: expected the name of a tensor in the file, got "W"/,
    ],
    [
      "a tensor of another size",
      file({ version, graph }, { ...tensors, R: tensors["W"]! }),
      /^node "cell" \(LSTM\), R: expected/,
    ],
    ["an empty file", new Uint8Array(0), /^byte 0/],
  ])("%s", (_name, bytes, expected) => {
    expect(() => loadGraph(bytes)).toThrow(FormatError);
    expect(() => loadGraph(bytes)).toThrow(expected);
  });

  test("bodies in each other without end", () => {
    const open =
      '{"inputs":[],"outputs":[],"nodes":[{"type":"Loop","name":"","inputs":[],"outputs":[],"attributes":{"body":{"body":';
    const body = `${open.repeat(2000)}{}${"}}}]}".repeat(2000)}`;
    const nodes = [{ ...node, attributes: { body: { body: "BODY" } } }];
    const gatewise = JSON.stringify({ version, graph: { ...graph, nodes } });
    const bytes = serialize(tensors, {
      gatewise: gatewise.replace('"BODY"', body),
    });
    expect(() => loadGraph(bytes)).toThrow(/expected at most 64 nested bodies/);
  });

  test("damage anywhere, or it loads", () => {
    let count = 0;
    fc.assert(
      fc.property(damaged([saved]), (bytes) => {
        try {
          loadGraph(bytes, { backend: "js" });
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          count++;
        }
      }),
      runs(1000),
    );
    expect(count).toBeGreaterThan(100);
  });
});
