import { describe, expect, test } from "vitest";
import {
  Conv1d,
  GRU,
  LastStep,
  LayerNorm,
  LSTM,
  Linear,
  Masking,
  Sequential,
} from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import { expectClose, PLACES, rowsOf, SHAPES } from "../support/conv1d.js";
import { backends } from "../support/layers.js";
import { activate } from "../support/linear.js";
import { Random } from "../support/random.js";

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
    const dilated = { inputSize: 1, outputSize: 1, kernelSize: 2 };
    // counted step by step, this took hours
    const far = new Conv1d({ ...dilated, dilation: 2 ** 40 });
    expect(() => far.forward([[1]])).toThrow(
      `input: expected at least ${2 ** 40 + 1} time steps for these layers, got 1`,
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
