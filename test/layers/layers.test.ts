import { describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  type Layer,
  Linear,
  LSTM,
  RNN,
  tensor,
  type StateDict,
} from "../../src/index.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import {
  backends,
  cells,
  create,
  randomState,
  scaleWeights,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import {
  backwards,
  clone,
  cloneState,
  slice,
  zeros,
} from "../support/tensors.js";

// What a layer owes its caller: seeds, weights, copies.

describe.each(backends)("a layer on %s", (backend) => {
  const sizes = { inputSize: 3, hiddenSize: 5, backend };
  const input = new Random(1).tensor([2, 9, 3]);

  test.each(cells)(
    "$name: a seed gives the same weights again, another seed others",
    (cell) => {
      const weights = (seed: number) =>
        create(cell.kind, { ...sizes, ...cell.options, seed }).stateDict();
      expect(weights(7)).toEqual(weights(7));
      for (const [name, { data }] of Object.entries(weights(8)))
        expect(data, name).not.toEqual(weights(7)[name]!.data);
    },
  );

  test.each<[string, () => Layer]>([
    ["RNN", () => new RNN(sizes)],
    ["LSTM", () => new LSTM(sizes)],
    ["GRU", () => new GRU(sizes)],
    ["Linear", () => new Linear({ inputSize: 3, outputSize: 5, backend })],
    ["Embedding", () => new Embedding({ vocabSize: 3, size: 5 })],
  ])(
    "%s: without a seed each differs from the others, and says its seed",
    (_, make) => {
      const all = [make(), make(), make()];
      const [name] = Object.keys(all[0]!.stateDict());
      const drawn = all.map((layer) => layer.stateDict()[name!]!.data.join());
      expect(new Set(drawn).size).toBe(3);
      const { options, constructor } = all[1]!;
      const again = new (constructor as new (given: object) => Layer)(options);
      expect(again.stateDict()).toEqual(all[1]!.stateDict());
    },
  );

  test.each(cells)(
    "$name: initial weights fill ±1/√H and stay within",
    ({ kind, options }) => {
      const bound = 1 / Math.sqrt(50);
      for (const [name, { data }] of Object.entries(
        create(kind, { ...sizes, ...options, hiddenSize: 50 }).stateDict(),
      )) {
        const [least, most] = [Math.min(...data), Math.max(...data)];
        expect(least, name).toBeGreaterThanOrEqual(-bound);
        expect(most, name).toBeLessThanOrEqual(bound);
        expect(most - least, `${name} spreads`).toBeGreaterThan(1.7 * bound);
        expect(
          Math.abs(data.reduce((sum, w) => sum + w, 0) / data.length),
          `${name} has its mean near 0`,
        ).toBeLessThan(bound / 4);
      }
    },
  );

  test.each(cells)(
    "$name: the state dict has PyTorch's names and shapes",
    ({ kind, options }) => {
      const G = { RNN: 1, LSTM: 4, GRU: 3 }[kind];
      const layer = create(kind, {
        ...sizes,
        ...options,
        numLayers: 2,
        direction: "bidirectional",
      });
      const expected = ["", "_reverse"].flatMap((suffix) => [
        [`weight_ih_l0${suffix}`, [G * 5, 3]],
        [`weight_hh_l0${suffix}`, [G * 5, 5]],
        [`bias_ih_l0${suffix}`, [G * 5]],
        [`bias_hh_l0${suffix}`, [G * 5]],
        [`weight_ih_l1${suffix}`, [G * 5, 10]],
        [`weight_hh_l1${suffix}`, [G * 5, 5]],
        [`bias_ih_l1${suffix}`, [G * 5]],
        [`bias_hh_l1${suffix}`, [G * 5]],
      ]);
      expect(shapes(layer.stateDict())).toEqual(Object.fromEntries(expected));
    },
  );

  test("a projection has weight_hr, shortens weight_hh and feeds the next layer; without bias there is none", () => {
    const layer = create("LSTM", {
      ...sizes,
      projSize: 2,
      numLayers: 2,
      bias: false,
    });
    expect(shapes(layer.stateDict())).toEqual({
      weight_ih_l0: [20, 3],
      weight_hh_l0: [20, 2],
      weight_hr_l0: [2, 5],
      weight_ih_l1: [20, 2],
      weight_hh_l1: [20, 2],
      weight_hr_l1: [2, 5],
    });
  });

  test("a layer of direction reverse alone has names without a suffix", () => {
    const names = Object.keys(
      create("GRU", { ...sizes, direction: "reverse" }).stateDict(),
    );
    expect(names.sort()).toEqual([
      "bias_hh_l0",
      "bias_ih_l0",
      "weight_hh_l0",
      "weight_ih_l0",
    ]);
  });

  test.each(cells)(
    "$name: the input, the weights given and the state given are not modified",
    ({ kind, options }) => {
      const layer = create(kind, { ...sizes, ...options });
      const weights = Object.fromEntries(
        Object.entries(layer.stateDict()).map(([name, t]) => [name, clone(t)]),
      );
      const state = randomState(
        new Random(2),
        kind,
        { ...sizes, ...options },
        2,
      );
      const before = { input: clone(input), state: cloneState(state) };
      layer.loadStateDict(weights).forward(input, { state, lengths: [9, 4] });
      expect({ input, state }).toEqual(before);
      expect(weights).toEqual(layer.stateDict());
    },
  );

  test("results are copies: later calls and the caller's writes leave each other alone", () => {
    const layer = create("LSTM", sizes);
    const first = layer.forward(input);
    const kept = {
      output: clone(first.output),
      state: cloneState(first.state),
    };
    const other = layer.forward(new Random(3).tensor([4, 300, 3]));
    expect(first).toEqual(kept);
    other.output.data.fill(7);
    first.output.data.fill(7);
    first.state.hidden.data.fill(7);
    first.state.cell!.data.fill(7);
    expect(layer.forward(input)).toEqual(kept);
  });

  test("the state dict is a copy both ways", () => {
    const layer = create("GRU", sizes);
    const before = layer.forward(input);
    layer.stateDict().weight_ih_l0!.data.fill(7);
    expect(layer.forward(input)).toEqual(before);
    const given = layer.stateDict();
    layer.loadStateDict(given);
    given.weight_ih_l0!.data.fill(7);
    expect(layer.forward(input)).toEqual(before);
  });

  test("new weights count from the next call on, in the layer and in its streams", () => {
    const layer = create("LSTM", sizes);
    layer.forward(input);
    const stream = layer.stream();
    scaleWeights(layer, 0.5);
    const fresh = create("LSTM", sizes).loadStateDict(layer.stateDict());
    expect(layer.forward(input)).toEqual(fresh.forward(input));
    const frames = slice(input, 0, 0, 1).data;
    expectSameBits(stream.run(frames), fresh.stream().run(frames));
  });

  test("nested arrays, typed rows and tensors are the same input", () => {
    const layer = create("GRU", sizes);
    const rows = [
      [0.5, -1, 2],
      [3, 0.25, -4],
    ];
    const expected = layer.forward(tensor(rows)).output;
    expect(expected.shape).toEqual([2, 5]);
    expectSameTensor(layer.forward(rows).output, expected);
    expectSameTensor(
      layer.forward(rows.map((row) => Float32Array.from(row))).output,
      expected,
    );
    const batch = layer.forward([rows, [...rows].reverse()]).output;
    expectSameTensor(
      slice(batch, 0, 0, 1),
      { shape: [1, 2, 5], data: expected.data },
      "row 0 of a nested batch",
    );
  });

  test("a prefix picks one layer of a larger state dict", () => {
    const dict = create("LSTM", sizes).stateDict();
    const larger: StateDict = { "head.weight": zeros(1, 5) };
    for (const [name, value] of Object.entries(dict))
      larger[`encoder.rnn.${name}`] = value;
    const layer = create("LSTM", { ...sizes, seed: 5 });
    layer.loadStateDict(larger, { prefix: "encoder.rnn." });
    expect(layer.stateDict()).toEqual(dict);
  });

  test("reading backwards is not reading forwards", () => {
    const forward = create("GRU", sizes).forward(input).output;
    const reverse = create("GRU", { ...sizes, direction: "reverse" }).forward(
      input,
    ).output;
    expect(reverse.data).not.toEqual(forward.data);
    expect(backwards(reverse).data).not.toEqual(forward.data);
  });
});

function shapes(dict: StateDict): Record<string, readonly number[]> {
  return Object.fromEntries(
    Object.entries(dict).map(([name, { shape }]) => [name, shape]),
  );
}
