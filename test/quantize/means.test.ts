import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  GRU,
  type Layer,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
  type State,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { integerTensor } from "../../src/integers.js";
import type { StateDict } from "../../src/safetensors.js";
import { quantize } from "../../src/quantize/index.js";
import { centre, collect, inputMeans, Sums } from "../../src/quantize/means.js";
import { expectSameDict, worstError } from "../support/compare.js";
import { Random } from "../support/random.js";

// by its address: examples are programs of users, and have no types
const { generator, playing } = (await import(
  `${new URL("../../examples/amp/amplifier.mjs", import.meta.url)}`
)) as {
  generator: (seed: number) => () => number;
  playing: (seconds: number, random: () => number) => ArrayLike<number>;
};

const meanOf = ({ data }: Tensor, size: number): number[] =>
  Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let at = i; at < data.length; at += size) sum += data[at]!;
    return (sum * size) / data.length;
  });

test("a Linear's outputs keep their mean on the data", () => {
  const linear = new Linear({ inputSize: 30, outputSize: 8, seed: 1 });
  const model = new Sequential([linear]);
  const data = [
    new Random(1).tensor([2, 40, 30], 0, 2),
    new Random(2).tensor([2, 40, 30], 0, 2),
  ];
  const shift = (calibrate: Tensor[] | null) => {
    const { model: rounded } = quantize(model, calibrate ? { calibrate } : {});
    const [before, after] = [model, rounded].map((each) =>
      data.flatMap((x) => meanOf(each.forward(x).output, 8)),
    );
    const means = before!.map((_, i) => (after![i]! - before![i]!) / 2);
    const both = means.slice(0, 8).map((mean, i) => mean + means[i + 8]!);
    return Math.max(...both.map(Math.abs));
  };
  expect(shift(null)).toBeGreaterThan(1e-3);
  expect(shift(data)).toBeLessThan(2e-5);
});

/** The sums of a cell are those of its matrices and what came before: their mean is kept to first order. */
describe.each([
  [
    "LSTM, two layers, both directions",
    new LSTM({
      inputSize: 4,
      hiddenSize: 24,
      numLayers: 2,
      direction: "bidirectional",
      seed: 1,
    }),
  ],
  [
    "LSTM, backwards",
    new LSTM({ inputSize: 4, hiddenSize: 24, direction: "reverse", seed: 2 }),
  ],
  ["GRU", new GRU({ inputSize: 4, hiddenSize: 24, seed: 3 })],
  [
    "GRU that resets before",
    new GRU({ inputSize: 4, hiddenSize: 24, resetAfter: false, seed: 4 }),
  ],
  ["RNN", new RNN({ inputSize: 4, hiddenSize: 24, seed: 5 })],
])("%s", (_, layer) => {
  const model = new Sequential([layer]);
  const data = [0, 1, 2].map((seed) =>
    new Random(seed).tensor([2, 40, 4], 0.5, 1.5),
  );

  test("errs less on average", () => {
    const size = layer.outputSize;
    const shift = (calibrate: Tensor[] | null) => {
      const options = calibrate ? { calibrate } : {};
      const { model: rounded } = quantize(model, options);
      let sum = 0;
      for (const x of data) {
        const before = meanOf(model.forward(x).output, size);
        const after = meanOf(rounded.forward(x).output, size);
        before.forEach((mean, i) => (sum += (mean - after[i]!) ** 2));
      }
      return Math.sqrt(sum);
    };
    expect(shift(data)).toBeLessThan(0.35 * shift(null));
  });
});

const byLargest = (dict: StateDict): StateDict =>
  Object.fromEntries(
    Object.entries(dict).map(([name, tensor]) => {
      const { shape, data } = tensor;
      if (shape.length < 2) return [name, tensor];
      const size = data.length / shape[0]!;
      const scales = Float32Array.from({ length: shape[0]! }, (_, row) => {
        const own = data.subarray(row * size, (row + 1) * size);
        return Math.max(...own.map(Math.abs)) / 127;
      });
      const values = Int8Array.from(data, (value, i) =>
        Math.round(value / scales[Math.floor(i / size)]!),
      );
      return [name, integerTensor(shape, { values, scales })];
    }),
  );

test("an amplifier whose cells remember for long errs a third as much on sound that it has not heard", () => {
  const model = Sequential.load(readFileSync("examples/amp/amp.safetensors"));
  const sound = (seed: number): Tensor => {
    const samples = playing(0.5, generator(seed));
    const data = Float32Array.from(samples);
    return { shape: [data.length, 1], data };
  };
  const heard = sound(4);
  const exact = model.forward(heard).output.data;
  // rounded by the rows' largest numbers, whose error has more of a mean than that of the scales that err least
  const error = (calibrate: Tensor[]) => {
    const means = inputMeans(model, calibrate);
    const layers = model.layers.map((layer, place) => {
      const Type = layer.constructor as new (options: object) => Layer;
      const rounded = new Type({ ...layer.options, precision: "int8" });
      rounded.loadStateDict(byLargest(layer.stateDict()));
      centre(rounded, layer, means[place]!);
      return rounded;
    });
    const { output } = new Sequential(layers).forward(heard);
    return output.data.reduce((sum, y, i) => sum + (y - exact[i]!) ** 2, 0);
  };
  const calibrated = Math.sqrt(error([sound(1)]));
  expect(calibrated).toBeLessThan(Math.sqrt(error([])) / 3);
});

test("a sequence in pieces, states handed on, has the means of the whole", () => {
  const x = new Random(6).tensor([2, 9, 4]);
  const options = { inputSize: 4, hiddenSize: 8, numLayers: 2, seed: 1 };
  for (const layer of [
    new LSTM(options),
    new GRU({ ...options, resetAfter: false }),
  ] as GRU[]) {
    const meansOf = (lengths: readonly number[]) => {
      const sums = new Sums();
      let state: State | undefined;
      let from = 0;
      for (const length of lengths) {
        const piece = tensor(
          [0, 1].map((row) =>
            Array.from({ length }, (_, t) => [
              ...x.data.subarray(
                (row * 9 + from + t) * 4,
                (row * 9 + from + t + 1) * 4,
              ),
            ]),
          ),
        );
        const options = state ? { state } : {};
        const made = layer.forward(piece, { ...options, trace: true });
        collect(layer, piece, made.trace!, sums, state?.hidden ?? null);
        state = made.state;
        from += length;
      }
      return sums.means();
    };
    const [whole, pieces] = [meansOf([9]), meansOf([1, 1, 5, 2])];
    expect([...pieces.keys()]).toEqual([...whole.keys()]);
    for (const [name, blocks] of whole)
      blocks.forEach((mean, block) => {
        const own = pieces.get(name)![block]!;
        expect(worstError(own, mean)).toBeLessThan(1e-6);
      });
  }
});

test("of a reversed layer the states that it begins with are those of the last step", () => {
  const layer = new RNN({
    inputSize: 2,
    hiddenSize: 3,
    direction: "reverse",
    seed: 1,
  });
  const x = new Random(1).tensor([1, 3, 2]);
  const hidden = { shape: [1, 1, 3], data: Float32Array.of(0.5, -1, 2) };
  const { trace, output } = layer.forward(x, {
    state: { hidden },
    trace: true,
  });
  const sums = new Sums();
  collect(layer, x, trace!, sums, hidden);
  const mean = hidden.data.map(
    (h, i) => (h + output.data[3 + i]! + output.data[6 + i]!) / 3,
  );
  const [own] = sums.means().get("weight_hh_l0")!;
  expect(worstError(own!, mean)).toBeLessThan(1e-6);
});

test("what tells nothing changes nothing: masked steps, layers without biases, infinities", () => {
  const options = { inputSize: 3, hiddenSize: 8, seed: 1 };
  const x = new Random(1).tensor([1, 9, 3]);
  const same = (model: Sequential, calibrate: Tensor[]) =>
    expectSameDict(
      quantize(model, { calibrate }).model.stateDict(),
      quantize(model).model.stateDict(),
    );
  same(new Sequential([new Masking(), new LSTM(options)]), [x]);
  same(new Sequential([new GRU({ ...options, bias: false })]), [x]);
  const data = x.data.slice().fill(Infinity, 0, 1);
  const linear = new Linear({ inputSize: 3, outputSize: 8 });
  const { model } = quantize(new Sequential([linear]), {
    calibrate: [{ shape: x.shape, data }],
  });
  const { bias } = model.layers[0]!.stateDict();
  expect(bias!.data.every(Number.isFinite)).toBe(true);
});
