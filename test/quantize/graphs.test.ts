import { describe, expect, test } from "vitest";
import { Graph, GraphBuilder, loadGraph } from "../../src/graph/index.js";
import { GRU, LayerNorm, Linear, LSTM } from "../../src/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { quantize } from "../../src/quantize/index.js";
import { parse } from "../../src/safetensors.js";
import {
  expectSameDict,
  expectSameTensor,
  worstError,
} from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import {
  flat,
  type Frame,
  frames,
  HIDDEN,
  listener,
  outputsOf,
} from "./listener.js";

const sequences = [frames(1), frames(2, 7)];

function expectSame(graph: Graph, other: Graph): void {
  const expected = outputsOf(other);
  outputsOf(graph).forEach((y, i) => expectSameTensor(y, expected[i]!));
}

describe.each(["int8", "int8-fast"] as const)("%s", (precision) => {
  test("a Graph near the float32 one, which stays as it is, and the same on every backend", () => {
    const float32 = listener();
    const before = outputsOf(float32);
    const options = { precision, calibrate: sequences };
    const { model } = quantize(float32, options);
    expect(model).toBeInstanceOf(Graph);
    expect(model.inputs).toEqual(float32.inputs);
    expect(model.outputs).toEqual(float32.outputs);
    expect(flat(outputsOf(float32))).toEqual(flat(before));
    const error = worstError(flat(outputsOf(model)), flat(before));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(precision === "int8" ? 0.01 : 0.05);
    for (const backend of backends)
      expectSame(quantize(listener({ backend }), options).model, model);
  });

  test("without data it is what is loaded in the precision", () => {
    const { model, report } = quantize(listener(), { precision });
    expectSame(model, listener({ precision }));
    expect(report).toMatchObject({ output: null, time: null, suggestKeep: [] });
  });

  test("saved and loaded it is the same to the bit, what is kept too, and forks go on", () => {
    for (const keep of [[], ["memory"], ["encoder", "memory"]]) {
      const options = { precision, calibrate: sequences, keep };
      const { model } = quantize(listener(), options);
      const saved = model.save();
      const loaded = loadGraph(saved);
      expectSame(loaded, model);
      expect(loaded.save()).toEqual(saved);
      const stream = loaded.stream();
      const [first, second] = frames(3, 2) as [Frame, Frame];
      stream.step(first);
      const fork = stream.fork();
      expectSameTensor(fork.step(second)["y"]!, stream.step(second)["y"]!);
    }
  });

  test("keep leaves nodes in float32", () => {
    const names = ["encoder", "memory", "value"];
    for (const name of names) {
      const keep = names.filter((own) => own !== name);
      const { model, report } = quantize(listener(), { precision, keep });
      expect(report.layers.map((layer) => layer.precision)).toEqual(
        names.map((own) => (own === name ? precision : "float32")),
      );
      const rounded = Object.values(parse(model.save()).tensors).filter(
        (tensor) => (tensor as Partial<IntegerTensor>).integers,
      );
      expect(rounded.length).toBe(name === "memory" ? 2 : 1);
    }
  });

  test("the report says what it costs, node by node and at the output, states handed on", () => {
    const float32 = listener();
    const { model, report } = quantize(float32, {
      precision,
      calibrate: sequences,
    });
    const [actual, expected] = [model, float32].map((graph) =>
      flat(sequences.flatMap((sequence) => outputsOf(graph, sequence))),
    );
    expect(report.output!.max).toBe(worstError(actual!, expected!));
    const texts = report.layers.map(({ layer }) => layer);
    expect(texts).toEqual([
      `Conv: Linear(36 → 32, ${precision})`,
      `LSTM(32 → 24, ${precision})`,
      `Gemm: Linear(24 → 3, ${precision})`,
    ]);
    for (const { error, sensitivity, bytes } of report.layers) {
      expect(error!.relative).toBeGreaterThan(0);
      expect(error!.relative).toBeLessThan(0.1);
      expect(sensitivity!.rms).toBeLessThan(3 * report.output!.rms);
      expect(bytes.before / bytes.after).toBeGreaterThan(2);
    }
    for (const [graph, bytes] of [
      [float32, report.bytes.before],
      [model, report.bytes.after],
    ] as const) {
      const tensors = Object.values(parse(graph.save()).tensors);
      const sizes = tensors.map((tensor) => {
        const { integers } = tensor as Partial<IntegerTensor>;
        return integers
          ? integers.values.length + 4 * integers.scales.length
          : 4 * tensor.data.length;
      });
      expect(bytes).toBe(sizes.reduce((all, own) => all + own));
    }
    expect(report.time!.quantized).toBeGreaterThan(0);
    expect(`${report}`).toContain("Conv: Linear(36 → 32");
    // alone it is as sensitive as the report says
    for (const { name, sensitivity } of report.layers) {
      const keep = report.layers.map((layer) => layer.name);
      keep.splice(keep.indexOf(name), 1);
      const alone = quantize(float32, {
        precision,
        calibrate: sequences,
        keep,
      });
      // its biases are moved by means behind nodes that are rounded, or not
      const ratio = alone.report.output!.rms / sensitivity!.rms;
      expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
    }
  });
});

test("a frame alone, states that a frame gives, and lists are runs of a stream", () => {
  const float32 = listener();
  const [first, second] = frames(5, 2) as [Frame, Frame];
  const outputOf = (calibrate: object[]) =>
    quantize(float32, { calibrate: calibrate as never }).report.output;
  expect(outputOf([first, second])).toEqual(outputOf([[first], [second]]));
  expect(outputOf([[first, second]])).not.toEqual(outputOf([first, second]));
  const zeros = { shape: [1, 1, HIDDEN], data: new Float32Array(HIDDEN) };
  const anew = { ...second, h: zeros, c: zeros };
  expect(outputOf([[first, anew]])).toEqual(outputOf([first, second]));
  const once = new Set([[first, second]]).values();
  expect(quantize(float32, { calibrate: once }).report.output).toEqual(
    outputOf([[first, second]]),
  );
});

/** Layers of ours, of which one has no matrix, in a body too; one branch never runs. */
function layered() {
  const layers = {
    norm: new LayerNorm({ size: 12 }),
    gru: new GRU({
      inputSize: 12,
      hiddenSize: 20,
      direction: "bidirectional",
      seed: 2,
    }),
    yes: new Linear({ inputSize: 40, outputSize: 4, seed: 3 }),
    no: new Linear({ inputSize: 40, outputSize: 4, seed: 4 }),
  };
  const builder = new GraphBuilder();
  const x = builder.input("x", ["B", "T", 12]);
  const flag = builder.input("flag", [], "bool");
  const normal = builder.layer(layers.norm, x, { name: "norm" });
  const { output } = builder.layer(layers.gru, normal.output, { name: "gru" });
  const branch = (layer: Linear, name: string) =>
    builder.body([], (body) => [body.layer(layer, output, { name }).output]);
  const y = builder.add("If", [flag], {
    then_branch: branch(layers.yes, "yes"),
    else_branch: branch(layers.no, "no"),
  });
  builder.output(y, { name: "y", shape: null });
  return { graph: builder.build(), layers };
}

test("layers that a graph was given stay as they are, and nodes in branches that never ran have no error", () => {
  const { graph, layers } = layered();
  const before = layers.gru.stateDict();
  const input = { x: new Random(4).tensor([1, 4, 12]), flag: 1 };
  const expected = graph.run(input)["y"]!;
  const { model, report } = quantize(graph, { calibrate: [input] });
  expectSameDict(layers.gru.stateDict(), before);
  expect(report.layers.map(({ name }) => name)).toEqual(["gru", "yes", "no"]);
  expect(report.layers[2]).toMatchObject({ error: null, sensitivity: null });
  expect(report.layers[2]!.precision).toBe("int8");
  const { y } = model.run(input);
  const error = worstError(y!.data, expected.data);
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(0.01);
  expectSameTensor(loadGraph(model.save()).run(input)["y"]!, y!);
  model.dispose();
  expectSameTensor(graph.run(input)["y"]!, expected);
});

test("a matrix that two nodes share is saved as each has it", () => {
  const random = new Random(3);
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 16]);
  const weight = builder.constant(random.tensor([16, 16]), "weight");
  // rounded first, then as it is
  const once = builder.add("MatMul", [x, weight], {}, { name: "rounded" });
  const twice = builder.add("MatMul", [once, weight], {}, { name: "kept" });
  builder.output(builder.add("Add", [twice, weight]), { name: "y" });
  const input = { x: random.tensor([16, 16]) };
  const graph = builder.build();
  for (const keep of [["kept"], ["rounded"], []]) {
    const { model } = quantize(graph, { keep });
    const { y } = model.run(input);
    expectSameTensor(loadGraph(model.save()).run(input)["y"]!, y!);
  }
});

test("a graph of integers keeps them", () => {
  const rounded = listener({ precision: "int8" });
  const { model, report } = quantize(rounded, {
    calibrate: sequences,
    keep: ["encoder"],
  });
  expect(report.layers[0]!.precision).toBe("float32");
  const { model: again } = quantize(rounded);
  expectSame(again, rounded);
  expectSame(loadGraph(model.save()), model);
});

test("sequences of several lengths, whose masked steps count for nothing", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["B", "T", 3]);
  const mask = builder.input("mask", ["B", "T"], "bool");
  const lstm = new LSTM({ inputSize: 3, hiddenSize: 8, seed: 1 });
  builder.output(builder.layer(lstm, x, { mask }).output, { name: "y" });
  const graph = builder.build();
  const input = {
    x: new Random(1).tensor([2, 4, 3]),
    mask: [
      [1, 1, 0, 0],
      [1, 1, 1, 1],
    ],
  };
  const { model, report } = quantize(graph, { calibrate: [input] });
  expect(report.output!.max).toBeLessThan(0.01);
  expectSameTensor(
    model.run(input)["y"]!,
    quantize(graph).model.run(input)["y"]!,
  );
});

test("what is refused says so", () => {
  const graph = listener();
  const names = '"encoder", "memory", "value"';
  const refused = (options: object) =>
    expect(() => quantize(graph, options as never));
  refused({ keep: ["0"] }).toThrow(
    `keep: expected names of nodes with matrices, ${names}, got "0"`,
  );
  refused({ keep: [0] }).toThrow(TypeError);
  refused({ keep: "encoder" }).toThrow(/^keep: expected a list of names/);
  refused({ keep: ["encoder", "memory", "value"] }).toThrow(
    /^model: expected a node with a matrix that is known at load and not kept/,
  );
  refused({ calibrate: [] }).toThrow(/^calibrate: expected at least one input/);
  refused({ calibrate: [[]] }).toThrow(
    "calibrate[0]: expected at least one frame, got an array of length 0",
  );
  refused({ calibrate: [[1, 2]] }).toThrow(
    /^calibrate\[0\]\[0\]: expected inputs of the graph by their names/,
  );
  refused({ calibrate: [new Float32Array(3)] }).toThrow(/^calibrate\[0\]/);
  refused({ calibrate: [{ y: 1 }] }).toThrow(/^inputs\["y"\]: expected/);
  refused({ calibrate: [{ x: [1] }] }).toThrow(/^inputs\["x"\]: expected/);
  refused({ precision: "int4" }).toThrow(/^precision: expected/);
  const plain = new GraphBuilder();
  plain.output(plain.add("Relu", [plain.input("x", [3])]), { name: "y" });
  expect(() => quantize(plain.build())).toThrow(/^model: expected a node/);
  const saved = JSON.parse(
    parse(quantize(graph, { keep: ["memory"] }).model.save()).metadata[
      "gatewise"
    ]!,
  );
  expect(saved.graph.keep).toEqual(["memory"]);
});
