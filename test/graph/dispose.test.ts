import { describe, expect, test } from "vitest";
import {
  load,
  toOnnx,
  Graph,
  GraphBuilder,
} from "../../src/formats/onnx/index.js";
import { Linear, LSTM, Sequential, type Model } from "../../src/index.js";
import { backends } from "../support/layers.js";

describe.each(backends)("after dispose on %s", (backend) => {
  const chain = (hiddenSize = 3) =>
    new Sequential([
      new LSTM({ inputSize: 2, hiddenSize, seed: 1, backend }),
      new Linear({ inputSize: hiddenSize, outputSize: 1, seed: 2, backend }),
    ]);
  const streaming = (): Graph =>
    load(toOnnx(chain(), { states: true }), { backend }).model;
  const x = [[[1, 2]]];

  test.each<[string, () => Model]>([
    ["a Sequential", chain],
    ["a Graph", streaming],
  ])("%s and its streams refuse every call, and say why", (_, make) => {
    for (const run of [true, false]) {
      const model = make();
      const stream = model.stream();
      if (run) {
        model.forward(x);
        stream.step([1, 2]);
      }
      const saved = model.save();
      model.dispose();
      model.dispose();
      const input = model.inputs[0]!.name;
      expect(() => model.forward(x)).toThrow(/dispose/);
      expect(() => model.run({ [input]: x })).toThrow(/dispose|hidden_0/);
      expect(() => model.stream()).toThrow(/dispose/);
      expect(() => stream.step([1, 2])).toThrow(/dispose/);
      expect(() => stream.run([1, 2])).toThrow(/dispose/);
      expect(() => stream.reset()).toThrow(/dispose/);
      expect(() => stream.fork()).toThrow(/dispose/);
      expect(() => stream.dispose()).not.toThrow();
      expect(model.save()).toEqual(saved);
      expect(String(model)).toMatch(/^(Sequential|Graph)/);
    }
  });

  test("a graph's stream refuses every call, and the others go on", () => {
    const graph = streaming();
    const [stream, other] = [graph.stream(), graph.stream()];
    stream.step([9, 9]);
    stream.dispose();
    expect(() => stream.step([1, 2])).toThrow(/^stream: .*dispose/);
    expect(() => stream.run([1, 2])).toThrow(/dispose/);
    expect(() => stream.state).toThrow(/dispose/);
    expect(() => (stream.state = {})).toThrow(/dispose/);
    expect(() => stream.fork()).toThrow(/dispose/);
    expect(() => stream.reset()).toThrow(/dispose/);
    expect(other.step([1, 2])).toEqual(graph.stream().step([1, 2]));
  });

  test("a layer that a builder was given is not the graph's to dispose of", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 3, backend });
    const { output } = lstm.forward(x);
    const builder = new GraphBuilder();
    const made = builder.layer(lstm, builder.input("x", ["B", "T", 2]));
    builder.output(made.output, { name: "y" });
    const graph = builder.build({ backend });
    expect(graph.run({ x })["y"]).toEqual(output);
    graph.dispose();
    expect(() => graph.run({ x })).toThrow(/^Graph: .*dispose/);
    expect(lstm.forward(x).output).toEqual(output);
  });
});
