import { describe, expect, test } from "vitest";
import { load, OnnxModel } from "../../src/formats/onnx/index.js";
import { FormatError, tensor } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { modelBytes } from "./support/build.js";
import { recurrentModel } from "./support/small.js";

const lstm = () => load(recurrentModel("LSTM"));
const random = new Random(1);
const given = (steps = 4, batch = 2) => ({
  X: random.tensor([steps, batch, 2]),
  lengths: tensor(Array.from({ length: batch }, () => steps)),
  h0: random.tensor([1, batch, 3]),
});

describe("a loaded model", () => {
  test("describes its inputs and outputs", () => {
    const { model } = lstm();
    expect(model).toBeInstanceOf(OnnxModel);
    expect(model.inputs).toEqual([
      { name: "X", dtype: "float32", shape: ["steps", "batch", 2] },
      { name: "lengths", dtype: "int32", shape: ["batch"] },
      { name: "h0", dtype: "float32", shape: [1, "batch", 3] },
    ]);
    expect(model.outputs.map(({ name }) => name)).toEqual(["Y", "hn"]);
    expect(model.optionalInputs).toEqual([]);
  });

  test("takes nested numbers, tensors and other lists with a shape", () => {
    const { model } = lstm();
    const inputs = given();
    const expected = model.run(inputs);
    const other = model.run({
      X: { shape: [4, 2, 2], data: Float64Array.from(inputs.X.data) },
      lengths: { shape: [2], data: BigInt64Array.of(4n, 4n) },
      h0: { shape: [1, 2, 3], data: Array.from(inputs.h0.data) },
    });
    expect(other).toEqual(expected);
    const { X, h0 } = inputs;
    expect(model.run({ X, lengths: [4, 4], h0 })).toEqual(expected);
  });

  test("gives copies: what is written into them changes nothing", () => {
    const { model } = load(
      modelBytes({
        nodes: [
          { type: "Identity", inputs: ["x"], outputs: ["y"] },
          { type: "Identity", inputs: ["c"], outputs: ["z"] },
        ],
        inputs: [{ name: "x", shape: [2] }],
        outputs: [{ name: "y" }, { name: "z" }],
        initializers: [{ name: "c", shape: [2], data: [5, 6] }],
      }),
    );
    const x = tensor([1, 2]);
    const { y, z } = model.run({ x });
    y!.data.fill(9);
    z!.data.fill(9);
    expect([...x.data]).toEqual([1, 2]);
    expect([...model.run({ x }).z!.data]).toEqual([5, 6]);
  });

  test("takes other values for initializers that are inputs, from IR 4 on", () => {
    const bytes = (ir: number) =>
      modelBytes({
        ir,
        nodes: [{ type: "Add", inputs: ["x", "c"], outputs: ["y"] }],
        inputs: [
          { name: "x", shape: [1] },
          { name: "c", shape: [1] },
        ],
        outputs: [{ name: "y" }],
        initializers: [{ name: "c", shape: [1], data: [5] }],
      });
    const { model } = load(bytes(8));
    expect(model.optionalInputs).toEqual(["c"]);
    expect(model.run({ x: [1] }).y!.data[0]).toBe(6);
    expect(model.run({ x: [1], c: [7] }).y!.data[0]).toBe(8);
    const old = load(bytes(3)).model;
    expect(old.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(old.run({ x: [1] }).y!.data[0]).toBe(6);
  });

  test("runs on names that objects have", () => {
    const { model } = load(
      modelBytes({
        nodes: [{ type: "Relu", inputs: ["__proto__"], outputs: ["toString"] }],
        inputs: [{ name: "__proto__" }],
        outputs: [{ name: "toString" }],
      }),
    );
    const results = model.run({ ["__proto__"]: [-1, 2] });
    expect(Object.keys(results)).toEqual(["toString"]);
    expect([...results["toString"]!.data]).toEqual([0, 2]);
    expect(() => model.run({})).toThrow(RangeError);
  });

  test("refuses what is not one of its inputs, or not of their shape", () => {
    const { model } = lstm();
    const { X, lengths, h0 } = given();
    const run = (inputs: object) => () => model.run(inputs as never);
    const refusals: Refusal[] = [
      ["nothing", run(undefined as never), TypeError, /inputs/],
      [
        "a missing input",
        run({ X, h0 }),
        RangeError,
        /"lengths".*int32 \[batch\]/,
      ],
      [
        "one more",
        run({ X, lengths, h0, y: X }),
        RangeError,
        /"y".*X, lengths, h0/,
      ],
      [
        "another rank",
        run({ X: h0.data, lengths, h0 }),
        RangeError,
        /"X".*\[steps, batch, 2\].*\[6\]/,
      ],
      [
        "another size",
        run({ X: h0, lengths, h0 }),
        RangeError,
        /"X".*\[1, 2, 3\]/,
      ],
      [
        "fractions",
        run({ X, lengths: [1.5, 2], h0 }),
        RangeError,
        /"lengths".*int32.*1.5/,
      ],
      [
        "too large integers",
        run({ X, lengths: [2 ** 31, 2], h0 }),
        RangeError,
        /int32.*2147483648/,
      ],
      ["a string", run({ X: "x", lengths, h0 }), TypeError, /"X"/],
      [
        "strings",
        run({ X: { shape: [1, 1, 2], data: ["a", "b"] }, lengths, h0 }),
        TypeError,
        /data\[0\]/,
      ],
      [
        "shapes that differ",
        run({ X, lengths: [1, 2, 3], h0 }),
        RangeError,
        /node "cell" \(LSTM\), sequence_lens.*\[2\].*\[3\]/,
      ],
      [
        "lengths past the end",
        run({ X, lengths: [5, 2], h0 }),
        RangeError,
        /sequence_lens.*from 0 to 4.*5/,
      ],
      [
        "no steps",
        run({
          X: { shape: [0, 2, 2], data: new Float32Array(0) },
          lengths: [0, 0],
          h0,
        }),
        RangeError,
        /cell/,
      ],
    ];
    refusals.forEach(expectRefusal);
  });

  test("refuses to give integers that float32 does not hold", () => {
    const { model } = load(
      modelBytes({
        nodes: [{ type: "Add", inputs: ["x", "x"], outputs: ["y"] }],
        inputs: [{ name: "x", dtype: "int64" }],
        outputs: [{ name: "y" }],
      }),
    );
    const double = (x: number) => model.run({ x: { shape: [], data: [x] } });
    expect(double(2 ** 40).y!.data[0]).toBe(2 ** 41);
    expect(() => double(3 * 2 ** 24 + 1)).toThrow(/outputs\["y"\].*float32/);
    expect(() => double(2 ** 53 - 1)).toThrow(/node "add" \(Add\).*2\^53/);
  });
});

describe("a stream", () => {
  const streams = () => {
    const { model } = load(
      recurrentModel(
        "GRU",
        { linear_before_reset: 1 },
        {
          node: { inputs: ["X", "W", "R", "B", "", "h0"] },
          inputs: [
            { name: "X", shape: ["steps", "batch", 2] },
            { name: "h0", shape: [1, "batch", 3] },
          ],
        },
      ),
    );
    return { model, stream: model.stream({ states: { h0: "hn" } }) };
  };
  const X = random.tensor([6, 2, 2]);
  const part = (from: number, to: number) => ({
    X: { shape: [to - from, 2, 2], data: X.data.slice(from * 4, to * 4) },
  });
  const zeros = { shape: [1, 2, 3], data: new Float32Array(6) };

  test("in pieces is the whole, to the bit", () => {
    const { model, stream } = streams();
    const whole = model.run({ X, h0: zeros });
    const pieces = [part(0, 1), part(1, 4), part(4, 6)].map((piece) =>
      stream.run(piece),
    );
    const joined = pieces.flatMap(({ Y }) => [...Y!.data]);
    expectSameBits(Float32Array.from(joined), whole.Y!.data);
    expectSameBits(pieces[2]!.hn!.data, whole.hn!.data);
    expectSameBits(stream.state.h0!.data, whole.hn!.data);
  });

  test("forks, resets and takes states", () => {
    const { stream } = streams();
    expect(stream.state).toEqual({});
    const first = stream.run(part(0, 2));
    const { state } = stream;
    const fork = stream.fork();
    const next = stream.run(part(2, 4));
    expect(fork.run(part(2, 4))).toEqual(next);
    stream.reset();
    expect(stream.run(part(0, 2))).toEqual(first);
    stream.state = state;
    state.h0!.data.fill(7); // copied
    expect(stream.run(part(2, 4))).toEqual(next);
    const other = streams().model.stream({
      states: { h0: "hn" },
      initial: { h0: first.hn! },
    });
    expect(other.run(part(2, 4))).toEqual(next);
    other.reset();
    expect(other.run(part(2, 4))).toEqual(next);
  });

  test("keeps its state when a run is refused", () => {
    const { stream } = streams();
    stream.run(part(0, 2));
    const before = stream.state;
    expect(() => stream.run({ X: zeros })).toThrow(RangeError);
    expect(() => stream.run({ ...part(0, 1), h0: zeros } as never)).toThrow(
      /"h0".*X alone/,
    );
    expect(() => stream.run({ X: tensor([[[1, 2]]]) })).toThrow(RangeError);
    expect(stream.state).toEqual(before);
  });

  test("refuses names that the model does not have", () => {
    const { model, stream } = streams();
    const open = (options: unknown) => () => model.stream(options as never);
    const refusals: Refusal[] = [
      ["no options", open(undefined), TypeError, /options/],
      ["no states", open({}), TypeError, /states/],
      [
        "another input",
        open({ states: { h1: "hn" } }),
        RangeError,
        /states\["h1"\].*X, h0/,
      ],
      [
        "another output",
        open({ states: { h0: "h1" } }),
        RangeError,
        /states\["h0"\].*Y, hn/,
      ],
      ["no name", open({ states: { h0: 1 } }), TypeError, /states\["h0"\]/],
      [
        "a state of another input",
        open({ states: { h0: "hn" }, initial: { X } }),
        RangeError,
        /initial\["X"\]/,
      ],
      [
        "a state of another shape",
        () => void (stream.state = { h0: X }),
        RangeError,
        /"h0"/,
      ],
    ];
    refusals.forEach(expectRefusal);
  });

  test("asks for a state whose size nothing tells", () => {
    const { model } = load(
      modelBytes({
        nodes: [{ type: "Add", inputs: ["x", "s"], outputs: ["t"] }],
        inputs: [
          { name: "x", shape: [null] },
          { name: "s", shape: [null] },
        ],
        outputs: [{ name: "t" }],
      }),
    );
    const states = { s: "t" };
    expect(() => model.stream({ states }).run({ x: [1, 2] })).toThrow(
      /initial\["s"\]/,
    );
    const stream = model.stream({ states, initial: { s: [10, 20] } });
    stream.run({ x: [1, 2] });
    expect([...stream.run({ x: [1, 2] }).t!.data]).toEqual([12, 24]);
  });
});

describe("the report", () => {
  test("names the producer, the version, the layers and what was left out", () => {
    const { report } = load(
      recurrentModel(
        "LSTM",
        { clip: { float: 9999 }, nonsense: 1 },
        {
          producer: "pytorch",
          version: "2.6.0",
        },
      ),
    );
    expect(report).toEqual({
      format: "onnx",
      producer: "pytorch 2.6.0",
      version: "IR 8, opset 17",
      layers: [
        {
          name: "cell",
          type: "LSTM",
          sizes: { inputSize: 2, hiddenSize: 3, directions: 1 },
          convention: "forward, time-first, gates i o f c, both biases",
        },
      ],
      converted: [],
      ignored: [
        expect.stringContaining("clip 9999"),
        'node "cell" (LSTM): attribute nonsense',
      ],
      warnings: [],
    });
    expect(`${report}`).toMatch(/^onnx by pytorch 2.6.0, version IR 8/);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test("tells of floats that are not float32", () => {
    const { report } = load(
      modelBytes({
        nodes: [
          {
            type: "Cast",
            inputs: ["h"],
            outputs: ["x"],
            attributes: { to: 11 },
          },
        ],
        outputs: [{ name: "x" }],
        initializers: [
          { name: "h", dtype: "float16", shape: [1], data: [0x3c00] },
        ],
      }),
    );
    expect(report.converted).toEqual([
      "1 tensor of float16, read as float32",
      expect.stringContaining("casts to float64"),
    ]);
  });
});

describe("a GRU of PyTorch without linear_before_reset", () => {
  const bytes = (attributes = {}, producer = "pytorch") =>
    recurrentModel("GRU", attributes, { producer });
  const inputs = given();

  test("is read as the standard says, with a warning", () => {
    const { model, report } = load(bytes());
    expect(report.warnings).toEqual([
      expect.stringMatching(/node "cell" \(GRU\).*forceLinearBeforeReset/),
    ]);
    const plain = load(bytes({ linear_before_reset: 0 }));
    expect(plain.report.warnings).toEqual([]);
    expect(model.run(inputs)).toEqual(plain.model.run(inputs));
    expect(load(bytes({}, "keras")).report.warnings).toEqual([]);
  });

  test("is read as PyTorch computes it, where asked", () => {
    const { model, report } = load(bytes(), { forceLinearBeforeReset: true });
    expect(report.warnings).toEqual([]);
    expect(report.converted.length).toBe(1);
    const right = load(bytes({ linear_before_reset: 1 })).model;
    expect(model.run(inputs)).toEqual(right.run(inputs));
    // what says 0 means it
    const plain = load(bytes({ linear_before_reset: 0 }));
    const forced = load(bytes({ linear_before_reset: 0 }), {
      forceLinearBeforeReset: true,
    });
    expect(forced.model.run(inputs)).toEqual(plain.model.run(inputs));
  });
});

test("options and bytes of the wrong kind are refused", () => {
  const call =
    (...values: unknown[]) =>
    () =>
      load(...(values as [never]));
  const bytes = recurrentModel("RNN");
  const refusals: Refusal[] = [
    ["a string", call("x"), TypeError, /bytes/],
    ["options", call(bytes, 1), TypeError, /options/],
    ["a backend", call(bytes, { backend: "cuda" }), RangeError, /backend/],
    [
      "a word",
      call(bytes, { forceLinearBeforeReset: 1 }),
      TypeError,
      /forceLinearBeforeReset/,
    ],
  ];
  refusals.forEach(expectRefusal);
  expect(call(new Uint8Array(0))).toThrow(FormatError);
  expect(load(bytes.slice().buffer).model.inputs.length).toBe(3);
});
