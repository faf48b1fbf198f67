import { describe, expect, test } from "vitest";
import { GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { integerTensor } from "../../src/integers.js";
import {
  expectSameBits,
  expectSameDict,
  expectSameState,
  expectSameTensor,
  worstError,
} from "../support/compare.js";
import {
  type AnyOptions,
  backends,
  cells,
  create,
  randomState,
  someGeneralCells,
} from "../support/layers.js";
import { Random } from "../support/random.js";

/* Layers whose matrices are int8: the same bits on every backend, and what all layers hold. */

const precisions = ["int8", "int8-fast"] as const;
const projected = {
  name: "LSTM with projection",
  kind: "LSTM",
  options: { projSize: 18 },
} as const;
const all = [...cells, projected, ...someGeneralCells];

describe.each(precisions)("%s", (precision) => {
  describe.each(all)("$name", ({ kind, options }) => {
    const made = (own: Partial<AnyOptions> = {}) =>
      create(kind, {
        inputSize: 13,
        hiddenSize: 37,
        numLayers: 2,
        seed: 5,
        precision,
        ...options,
        ...own,
      });
    const input = new Random(2).tensor([5, 11, 13]);
    const lengths = [4, 11, 1, 7, 10];
    const state = (own: Partial<AnyOptions> = {}) =>
      randomState(
        new Random(3),
        kind,
        {
          inputSize: 13,
          hiddenSize: 37,
          numLayers: 2,
          ...(options as object),
          ...own,
        },
        5,
      );

    test("the same bits on every backend, near those of float32", () => {
      for (const direction of ["forward", "bidirectional"] as const) {
        const given = { state: state({ direction }), lengths };
        const [first, ...others] = backends.map((backend) =>
          made({ backend, direction }).forward(input, given),
        );
        for (const other of others) {
          expectSameTensor(other.output, first!.output);
          expectSameState(other.state, first!.state);
        }
        const exact = made({ direction, precision: "float32" });
        const { output } = exact.forward(input, given);
        const error = worstError(first!.output.data, output.data);
        expect(error).toBeGreaterThan(0);
        expect(error).toBeLessThan(precision === "int8" ? 0.02 : 0.12);
      }
    });

    test("step, run, chunks and single rows are the whole, to the bit", () => {
      const layer = made();
      const whole = layer.forward(input).output.data;
      const [steps, size] = [11, whole.length / 55];
      for (const row of [0, 4]) {
        const data = input.data.slice(row * 143, (row + 1) * 143);
        const expected = whole.slice(
          row * steps * size,
          (row + 1) * steps * size,
        );
        const alone = layer.forward({ shape: [11, 13], data });
        expectSameBits(alone.output.data, expected, "alone");
        const stream = layer.stream();
        const out = new Float32Array(steps * size);
        for (let t = 0; t < 4; t++)
          out.set(stream.step(data.subarray(t * 13, (t + 1) * 13)), t * size);
        out.set(stream.run(data.subarray(4 * 13)), 4 * size);
        expectSameBits(out, expected, "stream");
      }
    });

    test("a NaN or infinity stays in its row, and is seen there", () => {
      const layer = made();
      const clean = layer.forward(input).output.data;
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const data = input.data.slice();
        data[143 + 2 * 13 + 5] = bad; // row 1, step 2
        const { output } = layer.forward({ shape: input.shape, data });
        const row = clean.length / 5;
        const same = output.data.slice();
        same.set(clean.subarray(row, 2 * row), row);
        expectSameBits(same, clean, "other rows");
        const after = output.data.slice(row + (row / 11) * 2, 2 * row);
        expect(after.some(Number.isNaN)).toBe(true);
      }
    });

    test("trace has the gates of the same outputs", () => {
      const layer = made();
      const { output } = layer.forward(input);
      const traced = layer.forward(input, { trace: true });
      expectSameTensor(traced.output, output);
    });
  });

  test("many sizes: whole tiles and ragged rests, batches and single rows", () => {
    for (const [inputs, units, batch] of [
      [1, 1, 1],
      [2, 3, 2],
      [6, 16, 3],
      [9, 64, 1],
      [130, 70, 7],
    ] as const) {
      const data = new Random(8).tensor([batch, 3, inputs], -4, 9);
      const [first, ...others] = backends.map((backend) =>
        new LSTM({
          inputSize: inputs,
          hiddenSize: units,
          seed: 2,
          precision,
          backend,
        }).forward(data),
      );
      for (const other of others) expectSameTensor(other.output, first!.output);
    }
  });

  test("numbers of any size: tiny, huge, all alike, all zero", () => {
    const linear = (backend: "relaxed" | "simd" | "js") =>
      new Linear({ inputSize: 9, outputSize: 21, seed: 1, precision, backend });
    const rows = [
      Array(9).fill(0),
      Array(9).fill(1e-38),
      Array(9).fill(3e38),
      [1e-30, 2e-30, 0, 0, 0, 0, 0, 0, 1e-31],
      Array(9).fill(-0.25),
      [5, 6, 7, 8, 9, 10, 11, 12, 13],
    ];
    const [first, ...others] = backends.map(
      (backend) => linear(backend).forward(rows).output,
    );
    for (const other of others) expectSameTensor(other, first!);
    const { bias } = linear("js").stateDict();
    expectSameBits(first!.data.slice(0, 21), bias!.data, "zeros give biases");
  });

  test("rows of one sign or of both, of any length: the same integers on every backend", () => {
    const random = new Random(31);
    for (const inputs of [1, 2, 5, 7, 8, 12, 15, 16, 22, 33, 64, 130]) {
      const data: number[] = [];
      const ends = [-1, 0, 0.3, 1, 1e-20, 3e-39];
      const pairs = ends.flatMap((from) => ends.map((to) => [from, to]));
      for (const [from = 0, to = 0] of pairs) {
        const row = random.floats(inputs, from, to);
        row[random.integer(0, inputs - 1)] = from;
        row[random.integer(0, inputs - 1)] = to;
        data.push(...row);
      }
      const x = {
        shape: [pairs.length, inputs],
        data: Float32Array.from(data),
      };
      const [first, ...others] = backends.map((backend) =>
        new Linear({
          inputSize: inputs,
          outputSize: 19,
          seed: 3,
          precision,
          backend,
        }).forward(x),
      );
      for (const other of others) expectSameTensor(other.output, first!.output);
    }
  });

  test("integers are found again in their own numbers, and kept when saved", () => {
    const layer = new LSTM({ inputSize: 7, hiddenSize: 10, precision });
    const dict = layer.stateDict();
    const plain = Object.fromEntries(
      Object.entries(dict).map(([name, { shape, data }]) => [
        name,
        { shape, data },
      ]),
    );
    const again = new LSTM({
      inputSize: 7,
      hiddenSize: 10,
      seed: 3,
      precision,
    });
    again.loadStateDict(plain);
    expectSameDict(again.stateDict(), dict);
    const model = new Sequential([
      layer,
      new Linear({ inputSize: 10, outputSize: 3, precision }),
    ]);
    const x = new Random(1).tensor([6, 7]);
    const file = model.save();
    const loaded = Sequential.load(file);
    expectSameTensor(loaded.forward(x).output, model.forward(x).output);
    expect(loaded.save()).toEqual(file);
  });

  test("a calibrated range cuts off what is beyond it", () => {
    const x = new Random(4).tensor([8, 5], -1, 1);
    const wide = x.data.slice();
    wide[3] = 50;
    const made = (ranges: Record<string, [number, number]>) =>
      new Linear({ inputSize: 5, outputSize: 4, seed: 4, precision, ranges });
    const calibrated = made({ weight: [-1, 1] });
    const clipped = x.data.slice();
    clipped[3] = 1;
    const own = calibrated.forward({ shape: [8, 5], data: wide }).output;
    const cut = calibrated.forward({ shape: [8, 5], data: clipped }).output;
    expectSameTensor(own, cut);
    for (const range of [[1, -1], [1, 2], [-2, -1], [0, 0], [NaN, 1], [-1]] as [
      number,
      number,
    ][])
      expect(() => made({ weight: range }), `${range}`).toThrow(
        "ranges.weight: expected [low, high], finite numbers around 0, got",
      );
    for (const range of [
      [0, 1],
      [-1, 0],
    ] as [number, number][])
      expect(made({ weight: range }).options.ranges).toEqual({ weight: range });
    expect(() => made({ weight: [-Infinity, Infinity] })).toThrow(RangeError);
    expect(() => made({ weight: ["-1", "1"] as never })).toThrow(RangeError);
    expect(() => made({ weight: 5 as never })).toThrow(TypeError);
    expect(() => made({ wieght: [-1, 1] })).toThrow(
      'ranges: expected only names of matrices, got "wieght"',
    );
    for (const backend of backends) {
      const other = new Linear({
        ...calibrated.options,
        backend,
      }).forward({ shape: [8, 5], data: wide });
      expectSameTensor(other.output, own);
    }
  });
});

test("ranges are of integers alone: float32 refuses them", () => {
  const ranges = { weight: [-1, 1] } as const;
  for (const options of [{}, { precision: "float32" }] as const)
    expect(
      () => new Linear({ inputSize: 2, outputSize: 2, ...options, ranges }),
    ).toThrow("ranges: expected none in precision 'float32', got \"weight\"");
});

test("int8: activations of 16 bits leave the weights' rounding alone", () => {
  const options = { inputSize: 64, hiddenSize: 64, seed: 0 } as const;
  const layer = new LSTM({ ...options, precision: "int8" });
  const rounded = new LSTM(options).loadStateDict(layer.stateDict());
  const x = new Random(6).tensor([40, 64]);
  const error = worstError(
    layer.forward(x).output.data,
    rounded.forward(x).output.data,
  );
  expect(error).toBeLessThan(1e-4);
});

test("-128, which no product of ours has, is rounded again", () => {
  const dict = new GRU({ inputSize: 2, hiddenSize: 4, seed: 1 }).stateDict();
  for (const [name, { shape, data }] of Object.entries(dict)) {
    if (shape.length < 2) continue;
    const values = Int8Array.from(data, (_, i) => (i % 3 ? -128 : 50));
    const scales = new Float32Array(shape[0]!).fill(1 / 128);
    dict[name] = integerTensor(shape, { values, scales });
  }
  const options = { updateGate: "replace" } as const;
  const x = new Random(1).tensor([1, 9, 2]);
  const outputs = (["float32", "int8"] as const).map(
    (own) =>
      GRU.fromStateDict(dict, { ...options, precision: own }).forward(x).output,
  );
  const [wide, rounded] = outputs;
  expect(worstError(rounded!.data, wide!.data)).toBeLessThan(0.01);
});

describe("gates by themselves: exact in int8, to seven bits in int8-fast", () => {
  // of matrices of zeros the sums are the biases, whatever the precision
  const hiddenSize = 500;
  const outputs = (
    kind: "LSTM" | "GRU",
    options: Partial<AnyOptions>,
    bias: Float32Array,
    steps: number,
  ) =>
    (["float32", ...precisions] as const).map((precision) => {
      const layer = create(kind, {
        inputSize: 1,
        hiddenSize,
        ...options,
        precision,
      });
      const dict = Object.entries(layer.stateDict()).map(
        ([name, { shape, data }]) => [
          name,
          { shape, data: name === "bias_ih_l0" ? bias : data.fill(0) },
        ],
      );
      layer.loadStateDict(Object.fromEntries(dict));
      return layer.forward(Array(steps).fill([0])).output.data;
    }) as [Float32Array, Float32Array, Float32Array];

  test.each([
    ["LSTM", {}, 4, 1.3e-4],
    ["GRU", { resetAfter: true }, 3, 1e-4],
    ["GRU", { resetAfter: false }, 3, 1e-4],
  ] as const)("%s %o", (kind, options, gates, error) => {
    const bias = new Random(12)
      .floats(gates * hiddenSize)
      .map((value) => value * 9);
    const [exact, int8, fast] = outputs(kind, options, bias, 3);
    expect(worstError(int8, exact)).toBeLessThan(1e-6);
    expect(worstError(fast, exact)).toBeLessThan(3 * error);
    const [step] = [fast, exact].map((data) => data.slice(0, hiddenSize));
    expect(worstError(step!, exact.slice(0, hiddenSize))).toBeLessThan(error);
  });

  test("tanh never leaves ±1, and is ±1 from 5.25 on", () => {
    for (let from = -6; from < 6; from += 0.5) {
      const candidates = Float32Array.from(
        { length: hiddenSize },
        (_, i) => from + (i * 0.5) / hiddenSize,
      );
      // z closed: y is the candidate
      const bias = new Float32Array(3 * hiddenSize).fill(-20);
      bias.set(candidates, 2 * hiddenSize);
      const [, , fast] = outputs("GRU", {}, bias, 1);
      fast.forEach((y, i) => {
        const x = candidates[i]!;
        expect(Math.abs(y)).toBeLessThanOrEqual(1);
        expect(Math.abs(y - Math.tanh(x))).toBeLessThan(6e-5);
        if (Math.abs(x) > 5.25) expect(1 - Math.abs(y)).toBeLessThan(3e-7);
      });
    }
  });

  test("a gate that is open keeps the cell, one that is closed forgets it", () => {
    // i closed, f open or closed, o open: y = tanh(c)
    const gate = (f: number) =>
      Float32Array.from({ length: 4 * hiddenSize }, (_, i) => {
        const which = Math.floor(i / hiddenSize);
        return which === 1 ? f : which === 3 ? 20 : -20;
      });
    for (const [f, expected] of [
      [20, Math.tanh(0.8)],
      [-20, 0],
    ] as const) {
      const layer = new LSTM({
        inputSize: 1,
        hiddenSize,
        precision: "int8-fast",
      });
      const zeros = (...shape: number[]) => ({
        shape,
        data: new Float32Array(shape.reduce((all, size) => all * size)),
      });
      layer.loadStateDict({
        weight_ih_l0: zeros(4 * hiddenSize, 1),
        weight_hh_l0: zeros(4 * hiddenSize, hiddenSize),
        bias_ih_l0: { shape: [4 * hiddenSize], data: gate(f) },
        bias_hh_l0: zeros(4 * hiddenSize),
      });
      const state = {
        hidden: zeros(1, hiddenSize),
        cell: {
          shape: [1, hiddenSize],
          data: new Float32Array(hiddenSize).fill(0.8),
        },
      };
      const { output } = layer.forward(Array(1000).fill([0]), { state });
      expect(output.data.at(-1)).toBeCloseTo(expected, 3);
    }
  });
});
