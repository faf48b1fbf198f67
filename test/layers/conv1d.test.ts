import { describe, expect, test } from "vitest";
import {
  Conv1d,
  type Conv1dOptions,
  Embedding,
  GRU,
  LastStep,
  LayerNorm,
  LSTM,
  Linear,
  Masking,
  Sequential,
  type Tensor,
} from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { activate } from "../support/linear.js";
import { Random } from "../support/random.js";

/** Several panels of outputs and a ragged rest; inputs of one, of an odd and of an even number. */
const ALL: readonly Conv1dOptions[] = [
  { inputSize: 1, outputSize: 1, kernelSize: 1 },
  { inputSize: 1, outputSize: 5, kernelSize: 4 },
  { inputSize: 3, outputSize: 35, kernelSize: 3 },
  { inputSize: 6, outputSize: 16, kernelSize: 2, dilation: 3 },
  { inputSize: 5, outputSize: 18, kernelSize: 3, dilation: 2 },
  { inputSize: 4, outputSize: 4, kernelSize: 3, groups: 4 },
  { inputSize: 5, outputSize: 5, kernelSize: 4, groups: 5, dilation: 2 },
  { inputSize: 6, outputSize: 9, kernelSize: 3, groups: 3 },
  { inputSize: 3, outputSize: 12, kernelSize: 2, groups: 3, bias: false },
  { inputSize: 8, outputSize: 64, kernelSize: 3, groups: 2, dilation: 2 },
  { inputSize: 6, outputSize: 32, kernelSize: 2, groups: 2 },
  { inputSize: 3, outputSize: 6, kernelSize: 3, activation: "softmax" },
  {
    inputSize: 3,
    outputSize: 6,
    kernelSize: 2,
    groups: 3,
    activation: "softmax",
  },
  {
    inputSize: 2,
    outputSize: 7,
    kernelSize: 3,
    activation: { name: "leakyRelu", alpha: 0.3 },
  },
];

const SHAPES = ALL.map((shape) => ({ ...shape, seed: 1 }));

const PLACES = [
  { padding: "causal" },
  { padding: "causal", stride: 3 },
  { padding: "same" },
  { padding: "same", stride: 2 },
  { padding: "same", stride: 3 },
  { padding: "valid" },
  { padding: "valid", stride: 2 },
  { padding: 2 },
  { padding: 3, stride: 4 },
] as const;

/** One row by the definition, in float64: T' × O. */
function textbook(layer: Conv1d, x: readonly number[][]): number[][] {
  const { outputSize, kernelSize, stride, dilation, groups, padding } =
    layer.options;
  const { weight, bias } = layer.stateDict();
  const inputs = layer.inputSize / groups;
  const outputs = outputSize / groups;
  const span = (kernelSize - 1) * dilation + 1;
  const steps = x.length;
  let before = 0;
  let after = 0;
  if (padding === "causal") before = span - 1;
  else if (padding === "same") {
    const all = Math.max(
      0,
      (Math.ceil(steps / stride) - 1) * stride + span - steps,
    );
    before = Math.floor(all / 2);
    after = all - before;
  } else if (padding !== "valid") before = after = padding;
  const result: number[][] = [];
  for (let start = -before; start + span <= steps + after; start += stride) {
    const y = Array.from({ length: outputSize }, (_, o) => {
      let sum = bias?.data[o] ?? 0;
      const group = Math.floor(o / outputs);
      for (let i = 0; i < inputs; i++)
        for (let k = 0; k < kernelSize; k++)
          sum +=
            weight!.data[(o * inputs + i) * kernelSize + k]! *
            (x[start + k * dilation]?.[group * inputs + i] ?? 0);
      return sum;
    });
    result.push(activate(layer.options.activation, y));
  }
  return result;
}

const rowsOf = ({ shape, data }: Tensor): number[][] => {
  const size = shape.at(-1)!;
  return Array.from({ length: data.length / size }, (_, t) =>
    Array.from(data.slice(t * size, (t + 1) * size)),
  );
};

/** The largest difference; one assertion a number would take seconds. */
function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance = 2e-6,
) {
  expect(got.length).toBe(wanted.length);
  let worst = 0;
  for (let i = 0; i < got.length; i++)
    worst = Math.max(worst, Math.abs(got[i]! - wanted[i]!));
  expect(worst).toBeLessThan(tolerance);
}

describe.each(backends)("Conv1d on %s", (backend) => {
  describe.each(PLACES)("%j", (place) => {
    test.each(SHAPES)("%j is the definition", (shape) => {
      const layer = new Conv1d({ ...shape, ...place, backend });
      // 41: more than two blocks of gathered rows, and a rest
      for (const steps of [9, 41]) {
        const x = new Random(steps).tensor([steps, shape.inputSize], -1, 1);
        const { output } = layer.forward(x);
        const wanted = textbook(layer, rowsOf(x));
        expect(output.shape).toEqual([wanted.length, shape.outputSize]);
        expect(layer.stepsOut(steps)).toBe(wanted.length);
        expectClose(output.data, wanted.flat());
      }
    });

    test("a row of a batch as by itself, whatever lies behind its end", () => {
      for (const shape of [SHAPES[2]!, SHAPES[4]!, SHAPES[5]!]) {
        const layer = new Conv1d({ ...shape, ...place, backend });
        const lengths = [11, 20, 7];
        const x = new Random(3).tensor([3, 20, shape.inputSize], -1, 1);
        const { output, state } = layer.forward(x, { lengths });
        const own = output.data.length / 3;
        lengths.forEach((length, row) => {
          const from = row * 20 * shape.inputSize;
          const data = x.data.slice(from, from + length * shape.inputSize);
          const alone = layer.forward({
            shape: [length, shape.inputSize],
            data,
          });
          const got = output.data.slice(row * own, (row + 1) * own);
          const wanted = new Float32Array(own);
          wanted.set(alone.output.data);
          expect(got).toEqual(wanted);
          const history = state?.history.data;
          const size = (history?.length ?? 0) / 3;
          expect(history?.slice(row * size, (row + 1) * size)).toEqual(
            alone.state?.history.data,
          );
        });
      }
    });

    test("a NaN reaches the steps whose window has it, and its own group", () => {
      for (const shape of SHAPES) {
        const { groups = 1, activation = "linear" } = shape;
        if (activation === "softmax") continue;
        const layer = new Conv1d({ ...shape, ...place, backend });
        const x = new Random(5).tensor([30, shape.inputSize], -1, 1);
        const clean = rowsOf(layer.forward(x).output);
        x.data[13 * shape.inputSize] = NaN; // feature 0 is of group 0
        const rows = rowsOf(x);
        const wanted = textbook(layer, rows);
        const got = rowsOf(layer.forward(x).output);
        // what is no NaN is as it was, and only group 0 has any
        const expected = wanted.map((row, t) =>
          row.map((value, o) =>
            Number.isNaN(value) && o < shape.outputSize / groups
              ? NaN
              : clean[t]![o]!,
          ),
        );
        expect(got).toEqual(expected);
      }
    });
  });

  test("streams: step by step, in blocks and whole, the same bits", () => {
    for (const shape of SHAPES) {
      const layer = new Conv1d({ ...shape, padding: "causal", backend });
      const { inputSize, outputSize } = shape;
      const x = new Random(7).tensor([23, inputSize], -1, 1);
      const { output, state } = layer.forward(x);
      const stream = layer.stream();
      const steps = new Float32Array(23 * outputSize);
      for (let t = 0; t < 9; t++)
        steps.set(
          stream.step(x.data.slice(t * inputSize, (t + 1) * inputSize)),
          t * outputSize,
        );
      const fork = stream.fork();
      fork.step(new Float32Array(inputSize));
      const rest = x.data.slice(9 * inputSize);
      steps.set(stream.run(rest.slice(0, 5 * inputSize)), 9 * outputSize);
      steps.set(stream.run(rest.slice(5 * inputSize)), 14 * outputSize);
      expect(steps).toEqual(output.data);
      if (!state) continue;
      expect(stream.state.history).toEqual(state.history);
      const past = state.history.shape[0]!;
      expect(Array.from(state.history.data)).toEqual(
        Array.from(x.data.slice((23 - past) * inputSize)),
      );
      // from a state, whole and in a stream
      const more = new Random(8).tensor([6, inputSize]);
      const on = layer.forward(more, { state });
      expect(layer.stream({ state }).run(more.data)).toEqual(on.output.data);
      stream.reset();
      expect(stream.run(x.data)).toEqual(output.data);
    }
  });

  test("in models: streams, saved ones, lengths and states", () => {
    const model = new Sequential([
      new Conv1d({
        inputSize: 3,
        outputSize: 8,
        kernelSize: 3,
        padding: "causal",
        activation: "relu",
        backend,
      }),
      new LayerNorm({ size: 8, backend }),
      new Conv1d({
        inputSize: 8,
        outputSize: 7,
        kernelSize: 2,
        dilation: 4,
        padding: "causal",
        backend,
      }),
      new LSTM({ inputSize: 7, hiddenSize: 6, backend }),
      new Linear({ inputSize: 6, outputSize: 2, backend }),
    ]);
    expect(model.streamable).toBe(true);
    // several chunks
    const x = new Random(1).tensor([2, 9000, 3]);
    const { output, state } = model.forward(x, { lengths: [9000, 4001] });
    expect(state.map((each) => each && Object.keys(each))).toEqual([
      ["history"],
      null,
      ["history"],
      ["hidden", "cell"],
      null,
    ]);
    const second = x.data.slice(27000, 27000 + 4001 * 3);
    const stream = model.stream();
    const run = stream.run(second);
    expect(output.data.slice(18000, 18000 + 8002)).toEqual(run);
    expect(model.forward({ shape: [4001, 3], data: second }).state).toEqual(
      stream.state,
    );
    const saved = Sequential.load(model.save());
    expect(saved.save()).toEqual(model.save());
    expect(`${saved.layers[2]}`).toBe(
      "Conv1d(8 → 7, kernel 2, dilation 4, causal)",
    );
  });

  test("strides in models: lengths follow, too short ones are refused", () => {
    const layers = [
      new Conv1d({
        inputSize: 2,
        outputSize: 6,
        kernelSize: 5,
        stride: 2,
        backend,
      }),
      new Conv1d({ inputSize: 6, outputSize: 4, kernelSize: 3, backend }),
      new GRU({ inputSize: 4, hiddenSize: 3, backend }),
    ];
    const model = new Sequential([...layers, new LastStep({ size: 3 })]);
    expect(model.streamable).toBe(false);
    const x = new Random(2).tensor([2, 31, 2]);
    const { output } = model.forward(x, { lengths: [12, 31] });
    const alone = model.forward({ shape: [12, 2], data: x.data.slice(0, 24) });
    expect(output.data.slice(0, 3)).toEqual(alone.output.data);
    const whole = new Sequential(layers);
    expect(whole.forward(x).output.shape).toEqual([2, 12, 3]);
    expect(() => whole.forward(new Random(3).tensor([8, 2]))).toThrow(
      new RangeError(
        "input: expected at least 9 time steps for these layers, got 8",
      ),
    );
    expect(() => whole.forward(x, { lengths: [8, 31] })).toThrow(
      "lengths[0]: expected at least 9 time steps for these layers, got 8",
    );
    expect(() => whole.stream()).toThrow(
      'stream: expected a Conv1d of padding "causal" and stride 1, got a Conv1d of padding "valid" and stride 2',
    );
    expect(() => new Sequential(layers, { skip: 1 })).toThrow("skip: expected");
  });

  test("masks go on where T stays, and are refused where it does not", () => {
    const conv = (padding: "causal" | "valid") =>
      new Sequential([
        new Masking(),
        new Conv1d({
          inputSize: 2,
          outputSize: 4,
          kernelSize: 2,
          padding,
          backend,
          seed: 1,
        }),
        new GRU({
          inputSize: 4,
          hiddenSize: 3,
          returnSequences: false,
          backend,
          seed: 1,
        }),
      ]);
    const x = new Random(4).tensor([6, 2]);
    x.data.fill(0, 8);
    const masked = conv("causal").forward(x).output;
    const four = { shape: [4, 2], data: x.data.slice(0, 8) };
    expect(masked.data).toEqual(conv("causal").forward(four).output.data);
    expect(() => conv("valid").forward(x)).toThrow(
      "mask: expected none before a Conv1d that changes the number of steps, got one",
    );
  });
});

test("js has the bits of simd", () => {
  for (const shape of SHAPES)
    for (const place of PLACES) {
      const x = new Random(9).tensor([2, 37, shape.inputSize], -9, 9);
      const [simd, js] = (["simd", "js"] as const).map(
        (backend) =>
          new Conv1d({ ...shape, ...place, backend }).forward(x).output,
      );
      expectSameTensor(js!, simd!);
    }
});

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
