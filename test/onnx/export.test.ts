import { describe, expect, test } from "vitest";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import * as gatewise from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { exportCases, exportInput } from "./support/export-cases.mjs";

const { GRU, Linear, LSTM, Sequential } = gatewise;

/** A sum of 9 float32 products begins with the bias here, there it ends with it; through 7 steps of 3 layers. */
const TOLERANCE = 2e-6;

const cases = Object.entries(exportCases(gatewise));

describe.each(cases)("%s", (_, make) => {
  const model = make();
  const bytes = toOnnx(model);

  test.each(backends)("is read back on %s", (backend) => {
    const { model: read, report } = load(bytes, { backend });
    expect(report.warnings).toEqual([]);
    expect(report.ignored).toEqual([]);
    for (const [batch, time] of [
      [2, 7],
      [1, 1],
    ] as const) {
      const input = exportInput(model, batch, time);
      const { output } = read.run({ input });
      const { output: expected } = model.forward(input);
      expect(output!.shape).toEqual(expected.shape);
      expectClose(output!.data, expected.data, TOLERANCE);
    }
  });

  test("says what goes in and comes out", () => {
    const { inputs, outputs } = load(bytes).model;
    const [input] = inputs;
    expect(inputs.length).toBe(1);
    expect(input!.name).toBe("input");
    expect(input!.shape!.slice(0, 2)).toEqual(["batch", "time"]);
    expect(outputs.map(({ name }) => name)).toEqual(["output"]);
    const { shape } = model.forward(exportInput(model, 2, 7)).output;
    expect(outputs[0]!.shape).toEqual(
      ["batch", "time", model.outputSize].filter(
        (size) => size !== "time" || shape.length === 3,
      ),
    );
  });
});

describe("with states", () => {
  const model = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 5, numLayers: 2 }),
    new Linear({ inputSize: 5, outputSize: 4, activation: "tanh" }),
    new GRU({ inputSize: 4, hiddenSize: 3 }),
  ]);
  const { model: read } = load(toOnnx(model, { states: true }));
  const states = {
    hidden_0: "next_hidden_0",
    cell_0: "next_cell_0",
    hidden_2: "next_hidden_2",
  };
  const input = exportInput(model, 2, 6);

  test("they are inputs and outputs by the layers' numbers", () => {
    expect(read.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["input", ["batch", "time", 3]],
      ["hidden_0", [2, "batch", 5]],
      ["cell_0", [2, "batch", 5]],
      ["hidden_2", [1, "batch", 3]],
    ]);
    expect(read.outputs.map(({ name }) => name)).toEqual([
      "output",
      ...Object.values(states),
    ]);
  });

  test("a stream goes step by step to what the whole ends in", () => {
    const stream = read.stream({ states });
    const whole = model.forward(input);
    for (let t = 0; t < 6; t++) {
      const data = new Float32Array(6);
      for (const b of [0, 1])
        data.set(
          input.data.subarray((b * 6 + t) * 3, (b * 6 + t + 1) * 3),
          b * 3,
        );
      const { output } = stream.run({ input: { shape: [2, 1, 3], data } });
      for (const b of [0, 1])
        expectClose(
          output!.data.subarray(b * 3, (b + 1) * 3),
          whole.output.data.subarray((b * 6 + t) * 3, (b * 6 + t + 1) * 3),
          TOLERANCE,
        );
    }
    const { hidden_0, cell_0, hidden_2 } = stream.state;
    const [lstm, , gru] = whole.state;
    expect(hidden_0!.shape).toEqual(lstm!.hidden.shape);
    expectClose(hidden_0!.data, lstm!.hidden.data, TOLERANCE);
    expectClose(cell_0!.data, lstm!.cell!.data, TOLERANCE);
    expectClose(hidden_2!.data, gru!.hidden.data, TOLERANCE);
  });
});

describe("is refused for", () => {
  test("a projection, which ONNX does not have", () => {
    const model = new Sequential([
      new GRU({ inputSize: 3, hiddenSize: 4 }),
      new LSTM({ inputSize: 4, hiddenSize: 4, projSize: 2 }),
    ]);
    expect(() => toOnnx(model)).toThrow(RangeError);
    expect(() => toOnnx(model)).toThrow(
      /^layers\[1\].projSize: expected 0, since ONNX has no projection, got 2$/,
    );
  });

  test("a function of a cell that ONNX does not have", () => {
    const make = (activation: gatewise.ActivationName) => () =>
      toOnnx(
        new Sequential([
          new GRU({
            inputSize: 3,
            hiddenSize: 4,
            activations: ["sigmoid", activation],
          }),
        ]),
      );
    for (const name of ["silu", "selu", "exponential", "namTanh"] as const) {
      expect(make(name)).toThrow(RangeError);
      expect(make(name)).toThrow(
        `layers[0].activations[1]: expected one of ONNX's functions, linear, relu, tanh, sigmoid, affine, `,
      );
      expect(make(name)).toThrow(`, got "${name}"`);
    }
  });

  test("layers that mask steps", () => {
    const sizes = { inputSize: 3, hiddenSize: 4 } as const;
    const words = { vocabSize: 5, size: 3, maskZero: true };
    const refused: [gatewise.Layer[], RegExp][] = [
      [[new gatewise.Masking(), new GRU(sizes)], /^layers\[0\]: .*Masking$/],
      [
        [new gatewise.Embedding(words), new GRU(sizes)],
        /^layers\[0\]: .*Embedding$/,
      ],
    ];
    for (const [layers, message] of refused) {
      const made = () => toOnnx(new Sequential(layers));
      expect(made).toThrow(RangeError);
      expect(made).toThrow(message);
    }
  });

  test("an update gate that is not turned by its weights", () => {
    const layer = (beta: number) =>
      new GRU({
        inputSize: 3,
        hiddenSize: 4,
        updateGate: "replace",
        activations: [{ name: "hardSigmoid", beta }, "tanh"],
      });
    toOnnx(new Sequential([layer(0.5)]));
    const make = () => toOnnx(new Sequential([layer(0.4)]));
    expect(make).toThrow(RangeError);
    expect(make).toThrow(/^layers\[0\].updateGate: .*"replace" with hardSig/);
  });

  test("what is no Sequential", () => {
    const layer = new GRU({ inputSize: 3, hiddenSize: 4 });
    expect(() => toOnnx(layer as never)).toThrow(TypeError);
    expect(() => toOnnx(layer as never)).toThrow(/^model: .*a Sequential/);
    const model = new Sequential([layer]);
    expect(() => toOnnx(model, { states: 1 } as never)).toThrow(/^states: /);
    expect(() => toOnnx(model, { state: true } as never)).toThrow(
      /^options: expected only states, dynamic, got "state"$/,
    );
  });
});

test("a model read back from its file gives the same file", () => {
  const model = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 5 }),
    new Linear({ inputSize: 5, outputSize: 1 }),
  ]);
  expect(toOnnx(Sequential.load(model.save()))).toEqual(toOnnx(model));
});
