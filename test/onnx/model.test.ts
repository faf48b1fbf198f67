import { describe, expect, test } from "vitest";
import { load, Graph } from "../../src/formats/onnx/index.js";
import { FormatError, tensor } from "../../src/index.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { modelBytes } from "./support/build.js";
import { recurrentInputs, recurrentModel } from "./support/small.js";

const lstm = () => load(recurrentModel("LSTM"));

describe("a loaded model", () => {
  test("describes its inputs and outputs", () => {
    const { model } = lstm();
    expect(model).toBeInstanceOf(Graph);
    expect(model.inputs).toEqual([
      { name: "X", type: "float32", shape: ["steps", "batch", 2] },
      { name: "lengths", type: "int32", shape: ["batch"] },
      { name: "h0", type: "float32", shape: [1, "batch", 3], state: "hn" },
    ]);
    expect(model.outputs.map(({ name }) => name)).toEqual(["Y", "hn"]);
    expect(model.optionalInputs).toEqual([]);
  });

  test("takes nested numbers, tensors and other lists with a shape", () => {
    const { model } = lstm();
    const inputs = recurrentInputs();
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

  test("names the inputs that need a value where one is missing, and takes frames for the first of those", () => {
    const bytes = modelBytes({
      ir: 8,
      nodes: [
        { type: "Add", inputs: ["x", "c"], outputs: ["y"] },
        { type: "Add", inputs: ["h", "x"], outputs: ["z"] },
      ],
      inputs: [
        { name: "c", shape: [1] },
        { name: "x", shape: [1] },
        { name: "h", shape: [1] },
      ],
      outputs: [{ name: "y" }, { name: "z" }],
      initializers: [{ name: "c", shape: [1], data: [5] }],
    });
    const { model } = load(bytes);
    expect(() => model.stream()).toThrow(
      "states: expected inputs among x, h, each with",
    );
    expect(() => model.run({ x: [1], h: [1], other: [1] })).toThrow(
      /expected the inputs x, h, and optionalInputs, alone/,
    );
    const stream = model.stream({ states: { h: "z" } });
    expect([...stream.step([1])]).toEqual([6]);
    expect(stream.state["h"]!.data[0]).toBe(1);
    expect([...stream.run([2, 3])]).toEqual([7, 8]);
    expect(stream.state["h"]!.data[0]).toBe(6);
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
    const { X, lengths, h0 } = recurrentInputs();
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

test("a list of one number is a single number, where one is asked for", () => {
  const { model } = load(
    modelBytes({
      nodes: [{ type: "Neg", inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", dtype: "int64", shape: [] }],
      outputs: [{ name: "y" }],
    }),
  );
  const alone = { shape: [], data: Float32Array.of(-16000) };
  expect(model.run({ x: 16000 }).y).toEqual(alone);
  expect(model.run({ x: [16000] }).y).toEqual(alone);
  expect(() => model.run({ x: [1, 2] })).toThrow(
    /inputs\["x"\]: expected \[\]/,
  );
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

test.each(["CellLoop", "Requantize"])(
  "%s, a name of ours, is no operation of ONNX",
  (type) => {
    const bytes = modelBytes({
      nodes: [{ type, inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", shape: [2] }],
      outputs: [{ name: "y" }],
    });
    expect(() => load(bytes)).toThrow(FormatError);
    expect(() => load(bytes)).toThrow(`ai.onnx.${type}`);
  },
);
