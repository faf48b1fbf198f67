/* A Conv1d as others have it: time first, tokens in front, ONNX, PyTorch's dict; and what it refuses. */
import { expect, test } from "vitest";
import { Conv1d, Embedding, Sequential } from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { expectClose, PLACES, rowsOf, SHAPES } from "../support/conv1d.js";
import { Random } from "../support/random.js";

test("time first", () => {
  const layer = new Conv1d({ inputSize: 3, outputSize: 4, kernelSize: 2 });
  const x = new Random(1).tensor([5, 2, 3]);
  const { output } = layer.forward(x, { batchFirst: false });
  expect(output.shape).toEqual([4, 2, 4]);
  const rows = rowsOf(x).filter((_, index) => index % 2);
  const second = layer.forward(rows).output;
  expect(rowsOf(output).filter((_, index) => index % 2)).toEqual(
    rowsOf(second),
  );
});

test("tokens in front", () => {
  const model = new Sequential([
    new Embedding({ vocabSize: 9, size: 4 }),
    new Conv1d({
      inputSize: 4,
      outputSize: 6,
      kernelSize: 3,
      padding: "causal",
    }),
  ]);
  const tokens = [1, 5, 0, 8, 3];
  expect(model.stream().run(tokens)).toEqual(model.forward(tokens).output.data);
});

test("as ONNX, its history as a state", () => {
  for (const shape of SHAPES)
    for (const place of PLACES) {
      const model = new Sequential([new Conv1d({ ...shape, ...place })]);
      const x = new Random(2).tensor([2, 26, shape.inputSize]);
      const { output } = model.forward(x);
      const read = load(toOnnx(model)).model.forward(x).output;
      expect(read.shape).toEqual(output.shape);
      expectClose(read.data, output.data, 1e-5);
    }
  const model = new Sequential([
    new Conv1d({
      inputSize: 3,
      outputSize: 4,
      kernelSize: 3,
      dilation: 2,
      padding: "causal",
    }),
  ]);
  const x = new Random(2).tensor([12, 3]);
  const graph = load(toOnnx(model, { states: true })).model;
  const steps = graph.stream().run(x.data);
  model
    .forward(x)
    .output.data.forEach((value, i) => expect(steps[i]).toBeCloseTo(value, 5));
});

test("from a state dict", () => {
  const given = new Conv1d({
    inputSize: 6,
    outputSize: 4,
    kernelSize: 3,
    groups: 2,
    bias: false,
  });
  const made = Conv1d.fromStateDict(given.stateDict(), {
    groups: 2,
    padding: "same",
  });
  expect(made.options).toMatchObject({
    inputSize: 6,
    kernelSize: 3,
    bias: false,
  });
  expect(made.stateDict()).toEqual(given.stateDict());
  const weight = { shape: [4, 6], data: new Float32Array(24) };
  expect(() => Conv1d.fromStateDict({ weight })).toThrow(
    'dict["weight"]: expected [out, in / groups, K], got [4, 6]',
  );
});

test("what it is made with is checked", () => {
  const make = (options: object) => () =>
    new Conv1d({ inputSize: 4, outputSize: 6, kernelSize: 3, ...options });
  expect(make({ groups: 4 })).toThrow(
    "groups: expected a divisor of inputSize 4 and outputSize 6, got 4",
  );
  expect(make({ padding: -1 })).toThrow(
    "padding: expected an integer of at least 0, got -1",
  );
  expect(make({ padding: "full" })).toThrow(
    'padding: expected "causal", "same" or "valid", got "full"',
  );
  expect(make({ kernelSize: 0 })).toThrow("kernelSize: expected");
  const layer = make({ padding: "same" })();
  const history = { shape: [2, 4], data: new Float32Array(8) };
  const x = new Random(1).tensor([5, 4]);
  expect(() => layer.forward(x, { state: { history } })).toThrow(TypeError);
  const causal = make({ padding: "causal" })();
  const short = { shape: [1, 4], data: new Float32Array(4) };
  expect(() => causal.forward(x, { state: { history: short } })).toThrow(
    "state.history: expected [2, 4], got [1, 4]",
  );
  expect(() => make({})().forward(new Random(1).tensor([2, 4]))).toThrow(
    "input: expected at least 3 time steps for these layers, got 2",
  );
});
