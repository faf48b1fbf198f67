import { describe, expect, test } from "vitest";
import { load, verify } from "../../src/formats/load/index.js";
import { Graph, GraphBuilder, loadGraph } from "../../src/graph/index.js";
import { FormatError, GRU, LSTM, Sequential, tensor } from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";

describe("a graph built by hand", () => {
  test("runs, is described, and saved is the same", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", ["batch", 3]);
    const sum = builder.add("Add", [x, builder.constant([1, 2, 3])]);
    const [low, high] = builder.addWide("Split", [sum], 2, {
      axis: 1,
      split: [1, 2],
    });
    builder.output(low!, { name: "low", shape: ["batch", 1] });
    builder.output(
      builder.add("ReduceSum", [high!], { axes: [1], keepdims: 0 }),
    );
    const graph = builder.build();
    expect(`${graph}`).toBe(
      [
        "Graph of 3 nodes",
        "  input x: float32 [batch, 3]",
        "  output low: float32 [batch, 1]",
        "  output ReduceSum_1: float32 [...]",
      ].join("\n"),
    );
    const result = graph.run({ x: [[10, 20, 30]] });
    expect(result["low"]!.data).toEqual(Float32Array.of(11));
    expect(result["ReduceSum_1"]!.data).toEqual(Float32Array.of(55));
    const { model, report } = load(graph.save());
    expect(model).toBeInstanceOf(Graph);
    expect(report.format).toBe("safetensors");
    expect((model as Graph).run({ x: [[10, 20, 30]] })).toEqual(result);
    expect(`${model}`).toBe(`${graph}`);
  });

  test("runs layers, with states and masks, and saves them", () => {
    const encoder = new LSTM({ inputSize: 3, hiddenSize: 5, seed: 1 });
    const decoder = new LSTM({ inputSize: 2, hiddenSize: 5, seed: 2 });
    const builder = new GraphBuilder();
    const x = builder.input("x", ["b", "s", 3]);
    const y = builder.input("y", ["b", "t", 2]);
    const mask = builder.input("mask", ["b", "s"], "bool");
    const { hidden, cell } = builder.layer(encoder, x, {
      mask,
      name: "encoder",
    });
    const { output } = builder.layer(decoder, y, { hidden, cell });
    builder.output(output, { name: "z" });
    const graph = builder.build();
    const random = new Random(3);
    const [a, b] = [random.tensor([2, 4, 3]), random.tensor([2, 6, 2])];
    const steps = [
      [1, 1, 0, 1],
      [1, 1, 1, 1],
    ];
    const { state } = encoder.forward(a, { mask: steps } as never);
    const expected = decoder.forward(b, { state }).output;
    const given = { x: a, y: b, mask: steps };
    expectSameTensor(graph.run(given)["z"]!, expected, "z");
    const saved = loadGraph(graph.save());
    expectSameTensor(saved.run(given)["z"]!, expected, "saved");
  });

  test("folds what is constant, and its initial inputs may be left out", () => {
    const builder = new GraphBuilder();
    const two = builder.add("Add", [builder.constant(1, "one"), "one"]);
    const x = builder.input("x", [2], "float32", {
      dtype: "float32",
      shape: [2],
      data: Float32Array.of(3, 4),
    });
    builder.output(builder.add("Mul", [x, two]), { name: "y" });
    const graph = builder.build();
    expect(`${graph}`).toMatch(/^Graph of 1 nodes/);
    expect(graph.optionalInputs).toEqual(["x"]);
    expect([...graph.run({}).y!.data]).toEqual([6, 8]);
    expect([...graph.run({ x: [1, 1] }).y!.data]).toEqual([2, 2]);
  });

  test("gives all that was computed on the way, where asked", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [1]);
    const up = builder.add("Add", [x, x], {}, { name: "twice" });
    builder.output(builder.add("Mul", [up, up]), { name: "y" });
    const all = builder.build().run({ x: [3] }, { trace: true });
    expect(Object.keys(all)).toEqual(["twice", "Mul_1", "y"]);
    expect([...all["twice"]!.data]).toEqual([6]);
    expect([...all["y"]!.data]).toEqual([36]);
  });

  test("is refused with the place", () => {
    const of = (make: (builder: GraphBuilder) => void) => () => {
      const builder = new GraphBuilder();
      builder.input("x", [1]);
      make(builder);
      builder.build();
    };
    const refusals: Refusal[] = [
      [
        "a value that nobody made",
        of((b) => b.add("Add", ["x", "z"])),
        RangeError,
        /^Add.inputs: .*got z/,
      ],
      [
        "an output that nobody made",
        of((b) => b.output("z")),
        RangeError,
        /^value: .*"z"/,
      ],
      [
        "a name again",
        of((b) => b.input("x", [1])),
        RangeError,
        /^name: .*"x"/,
      ],
      [
        "a constant of another kind",
        of((b) => b.constant("a" as never)),
        TypeError,
        /^constant/,
      ],
    ];
    refusals.forEach(expectRefusal);
    const missing = of((b) => {
      b.add("STFT", ["x"]);
      b.add("Nothing", ["x"], {
        body: b.body([], (inner) => [inner.add("Erfc", ["x"])]),
      });
    });
    expect(missing).toThrow(FormatError);
    expect(missing).toThrow(
      /^node "STFT" \(STFT\): not supported: STFT, Nothing, Erfc; /,
    );
  });
});

describe("a graph with states", () => {
  const layer = new GRU({ inputSize: 2, hiddenSize: 3, seed: 4 });
  const graph = () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", ["b", "t", 2]);
    const h = builder.input("h_in", [1, "b", 3]);
    const { output, hidden } = builder.layer(layer, x, { hidden: h });
    builder.output(hidden, { name: "h_out", shape: [1, "b", 3] });
    builder.output(output, { name: "y", shape: ["b", "t", 3] });
    return builder.build();
  };
  const frames = new Random(5).tensor([6, 2]);
  const whole = layer.forward(frames).output.data;

  test("says which output is fed back where", () => {
    const { inputs, streamable } = graph();
    expect(inputs.map(({ state }) => state)).toEqual([undefined, "h_out"]);
    expect(streamable).toBe(true);
  });

  test("streams frames of plain numbers, as a Sequential does", () => {
    const stream = graph().stream();
    const reference = new Sequential([layer]).stream();
    const out = new Float32Array(3);
    for (let t = 0; t < 6; t++) {
      const frame = frames.data.subarray(2 * t, 2 * t + 2);
      expect(stream.step(frame, out)).toBe(out);
      expect([...out]).toEqual([...reference.step(frame)]);
      const twin = stream.fork();
      if (t < 5)
        expect([...twin.step([1, 2])]).toEqual([
          ...reference.fork().step([1, 2]),
        ]);
    }
    stream.reset();
    expect([...stream.run(frames.data)]).toEqual([...whole]);
    const { state } = stream;
    stream.reset();
    stream.state = state;
    expect(stream.state).toEqual(state);
  });

  test("runs forward as a model of one input, from a state on", () => {
    const model = graph();
    const batch = tensor(frames.data, [1, 6, 2]);
    const { output, state } = model.forward(batch);
    expect([...output.data]).toEqual([...whole]);
    const first = model.forward(tensor(frames.data.slice(0, 4), [1, 2, 2]));
    const rest = model.forward(tensor(frames.data.slice(4), [1, 4, 2]), {
      state: first.state,
    });
    expect([...first.output.data, ...rest.output.data]).toEqual([...whole]);
    expect(rest.state).toEqual(state);
  });

  test("is refused frames of other sizes, and states that are none", () => {
    const model = graph();
    const stream = model.stream();
    const refusals: Refusal[] = [
      [
        "a frame",
        () => stream.step([1, 2, 3]),
        RangeError,
        /^frame: .*\[b, t, 2\], got 3/,
      ],
      [
        "no numbers",
        () => stream.step(["a", "b"] as never),
        TypeError,
        /^frame\[0\]/,
      ],
      [
        "a small out",
        () => stream.step([1, 2], new Float32Array(2)),
        RangeError,
        /^out: .*3.*2/,
      ],
      [
        "no states",
        () => model.stream({ states: {} }),
        RangeError,
        /^states: .*x, h_in.*none/,
      ],
      [
        "half a frame",
        () => stream.run([1, 2, 3]),
        RangeError,
        /^frames: .*2 numbers/,
      ],
    ];
    refusals.forEach(expectRefusal);
  });

  test("that has none is not streamable", () => {
    const builder = new GraphBuilder();
    builder.output(builder.add("Relu", [builder.input("x", [2])]));
    const model = builder.build();
    expect(model.streamable).toBe(false);
    expect(() => model.stream()).toThrow(/^states: expected inputs among x/);
  });
});

test("a graph of one input and one output is verified as a chain is, or by names", () => {
  const builder = new GraphBuilder();
  builder.output(builder.add("Relu", [builder.input("x", [2])]), { name: "y" });
  const model = builder.build();
  const byNames = [{ inputs: { x: [1, 2] }, outputs: { y: [1, 2] } }];
  expect(verify(model, byNames).outputs[0]!.name).toBe("y");
  const plain = [{ input: [1, 2], output: [1, 2] }];
  expect(verify(model, plain).outputs[0]!.error).toBe(0);
  expect(() => verify(model, [{ input: [1, 2], output: [-1, 2] }])).toThrow(
    /^verify: /,
  );
});

test("what a layer does not make is in no trace: a GRU has no cell", () => {
  const builder = new GraphBuilder();
  const gru = new GRU({ inputSize: 2, hiddenSize: 3, seed: 1 });
  const x = builder.input("x", ["B", "T", 2]);
  builder.output(builder.layer(gru, x, { name: "gru" }).output, { name: "y" });
  const values = builder.build().run({ x: [[[1, 2]]] }, { trace: true });
  expect(Object.keys(values)).toEqual(["gru", "gru_1", "y"]);
});
