import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/graph/index.js";
import {
  Embedding,
  GRU,
  LastStep,
  type Layer,
  Linear,
  LSTM,
  type Model,
  Sequential,
  type Tensor,
  type TensorLike,
  type Trace,
} from "../../src/index.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { anyModels } from "../support/models.js";
import { Random } from "../support/random.js";

// What chains and graphs share, used through the interface alone.

/** y = relu(x) + h, h' = y: a running sum. */
function graph() {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["T", 2]);
  const h = builder.input("h", ["T", 2]);
  const sum = builder.add("Add", [builder.add("Relu", [x]), h]);
  builder.output(sum, { name: "y", shape: ["T", 2] });
  builder.output(sum, { name: "hn", shape: ["T", 2] });
  return builder.build();
}

const models: readonly [string, () => Model, readonly number[]][] = [
  [
    "a Sequential",
    () =>
      new Sequential([
        new GRU({ inputSize: 2, hiddenSize: 5, seed: 1 }),
        new Linear({ inputSize: 5, outputSize: 2, seed: 2 }),
      ]),
    [3, 2],
  ],
  ["a Graph", graph, [1, 2]],
];

describe.each(models)("%s as a Model", (_, make, shape) => {
  const input = new Random(3).tensor([...shape]);

  test("goes on from the state that forward gave", () => {
    const model = make();
    const first = model.forward(input);
    const second = model.forward(input, { state: first.state });
    expect(second.output.shape).toEqual(first.output.shape);
    expect(second.output.data).not.toEqual(first.output.data);
    const stream = model.stream({ state: first.state });
    expectSameBits(
      stream.run(input.data.slice()),
      second.output.data,
      "a stream from there",
    );
  });

  test("streams: step, state, fork and reset", () => {
    const model = make();
    expect(model.streamable).toBe(true);
    const stream = model.stream();
    const frame = input.data.slice(0, 2);
    const first = stream.step(frame).slice();
    const { state } = stream;
    const second = stream.step(frame).slice();
    expect(second).not.toEqual(first);
    stream.state = state;
    const fork = stream.fork();
    expectSameBits(stream.step(frame), second);
    expectSameBits(fork.step(frame), second);
    stream.reset();
    expectSameBits(stream.step(frame), first);
  });

  test("says what it takes and gives, and prints both", () => {
    const model = make();
    const [given] = model.inputs;
    expect(given!.type).toBe("float32");
    expect(given!.shape.at(-1)).toBe(2);
    expect(model.outputs[0]!.shape.at(-1)).toBe(2);
    for (const { shape } of [...model.inputs, ...model.outputs])
      expect(`${model}`).toContain(`[${shape.join(", ")}]`);
    expect(model.save({ note: "mine" }).length).toBeGreaterThan(100);
    model.dispose();
  });
});

test.each<[string, Sequential, unknown]>([
  [
    "tokens",
    new Sequential([
      new Embedding({ vocabSize: 5, size: 2 }),
      new LSTM({ inputSize: 2, hiddenSize: 3, returnSequences: false }),
    ]),
    [
      { name: "input", shape: ["B", "T"], type: "int64" },
      { name: "output", shape: ["B", 3], type: "float32" },
    ],
  ],
  [
    "the last step, so many times",
    new Sequential([
      new LSTM({ inputSize: 2, hiddenSize: 3 }),
      new LastStep({ size: 3, repeat: 4 }),
    ]),
    [
      { name: "input", shape: ["B", "T", 2], type: "float32" },
      { name: "output", shape: ["B", 4, 3], type: "float32" },
    ],
  ],
])("ports of %s", (_, { inputs, outputs }, expected) => {
  expect([...inputs, ...outputs]).toEqual(expected);
});

interface Traceable extends Layer {
  forward(
    input: TensorLike,
    options?: object,
  ): { output: Tensor; trace?: Trace };
}

describe("trace of a Sequential", () => {
  test.each(Object.entries(anyModels))(
    "%s: what each layer computes, and the output is that of a run without",
    (_, make) => {
      const layers = make();
      const model = new Sequential(layers);
      const input = new Random(4).tensor([2, 7, 3]);
      const plain = model.forward(input);
      expect(plain.trace).toBeUndefined();
      const { output, state, trace } = model.forward(input, { trace: true });
      expectSameTensor(output, plain.output);
      expect(state).toEqual(plain.state);
      expect(trace.map(({ type }) => type)).toEqual(
        layers.map(({ type }) => type),
      );
      let given: Tensor = input;
      layers.forEach((layer, index) => {
        const { output: own, gates } = trace[index]!;
        const alone = (layer as Traceable).forward(given, { trace: true });
        expectSameTensor(own, alone.output);
        expect(gates).toEqual(alone.trace ?? null);
        given = alone.output;
      });
    },
  );

  test("has no B where the input has none, and time first where that is asked for", () => {
    const model = new Sequential([
      new LSTM({ inputSize: 3, hiddenSize: 4 }),
      new Linear({ inputSize: 4, outputSize: 2 }),
    ]);
    const input = new Random(5).tensor([6, 3]);
    const one = model.forward(input, { trace: true }).trace;
    expect(one.map(({ output }) => output.shape)).toEqual([
      [6, 4],
      [6, 2],
    ]);
    expect(one[0]!.gates![0]!["forget"]).toMatchObject({ shape: [6, 4] });
    const both = { shape: [6, 2, 3], data: new Random(6).floats(36) };
    const timeFirst = { trace: true, batchFirst: false } as const;
    const { trace, output } = model.forward(both, timeFirst);
    expectSameTensor(trace[1]!.output, output);
    expect(trace[0]!.gates![0]!["forget"]).toMatchObject({ shape: [6, 2, 4] });
  });
});

test("trace of a Graph has every value by its name", () => {
  const { trace, output } = graph().forward([[1, -2]], { trace: true });
  expect(Object.keys(trace!)).toHaveLength(2);
  expect(Object.values(trace!)[0]!.data).toEqual(Float32Array.of(1, 0));
  expect(Object.values(trace!)[1]).toEqual(output);
});

test("a graph's names from a file break no line of its summary", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x\n\u001b[2J", [1]);
  builder.output(builder.add("Relu", [x]));
  expect(`${builder.build()}`.split("\n")).toHaveLength(3);
  expect(`${builder.build()}`).toContain("x\\u{a}\\u{1b}[2J");
});
