import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import {
  GRU,
  LSTM,
  RNN,
  type State,
  type StateDict,
  type Tensor,
} from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { modelBytes } from "./support/build.js";

/*
 * Recurrent nodes against the layers, whose numbers have tests of their own: the same to the bit.
 */

const LETTERS = {
  RNN: { onnx: "h", torch: "h" },
  LSTM: { onnx: "iofc", torch: "ifco" },
  GRU: { onnx: "zrh", torch: "rzh" },
};
type Type = keyof typeof LETTERS;
type Direction = "forward" | "reverse" | "bidirectional";

const [B, T, I, H] = [3, 5, 2, 6];

/** A layer of random weights, and them in ONNX's axes, gate by gate. */
function example(type: Type, direction: Direction, backend?: "js") {
  const options = {
    inputSize: I,
    hiddenSize: H,
    direction,
    seed: 3,
    ...(backend && { backend }),
  };
  const layer = { RNN, LSTM, GRU }[type];
  const made = new layer(options);
  const dict = made.stateDict();
  const ends = direction === "bidirectional" ? ["l0", "l0_reverse"] : ["l0"];
  const block = (name: string, letter: string): number[] => {
    const { data } = dict[name as keyof StateDict]!;
    const { torch } = LETTERS[type];
    const size = data.length / torch.length;
    const at = torch.indexOf(letter) * size;
    return Array.from(data.subarray(at, at + size));
  };
  const gates = (name: string) =>
    [...LETTERS[type].onnx].flatMap((letter) => block(name, letter));
  const D = ends.length;
  const G = LETTERS[type].onnx.length;
  const tensor = (name: string, shape: number[], data: number[]) => ({
    name,
    shape,
    data,
  });
  return {
    layer: made,
    D,
    weights: [
      tensor(
        "W",
        [D, G * H, I],
        ends.flatMap((end) => gates(`weight_ih_${end}`)),
      ),
      tensor(
        "R",
        [D, G * H, H],
        ends.flatMap((end) => gates(`weight_hh_${end}`)),
      ),
      tensor(
        "B",
        [D, 2 * G * H],
        ends.flatMap((end) => [
          ...gates(`bias_ih_${end}`),
          ...gates(`bias_hh_${end}`),
        ]),
      ),
    ],
  };
}

const INPUTS = ["X", "W", "R", "B", "lengths", "h0", "c0"];

function modelOf(
  type: Type,
  direction: Direction,
  weights: { name: string; shape: number[]; data: number[] }[],
  options: { layout?: 0 | 1; given?: string[]; constant?: boolean } = {},
) {
  const { layout = 0, given = ["X"], constant = true } = options;
  const all = type === "LSTM" ? INPUTS : INPUTS.slice(0, 6);
  return modelBytes({
    opset: 22,
    nodes: [
      {
        type,
        inputs: all.map((name) =>
          "WRB".includes(name) || given.includes(name) ? name : "",
        ),
        outputs: type === "LSTM" ? ["Y", "hn", "cn"] : ["Y", "hn"],
        attributes: {
          direction,
          layout,
          ...(type === "GRU" && { linear_before_reset: 1 }),
        },
      },
    ],
    inputs: [
      ...given.map((name) => ({
        name,
        dtype: name === "lengths" ? ("int32" as const) : ("float32" as const),
      })),
      ...(constant ? [] : weights.map(({ name }) => ({ name }))),
    ],
    outputs: ["Y", "hn", ...(type === "LSTM" ? ["cn"] : [])].map((name) => ({
      name,
    })),
    initializers: constant ? weights : [],
  });
}

/** Axes in another order, spelled out. */
function permuted({ shape, data }: Tensor, order: readonly number[]): Tensor {
  const sizes = order.map((axis) => shape[axis]!);
  const result: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length < order.length) {
      for (let i = 0; i < sizes[index.length]!; i++) visit([...index, i]);
      return;
    }
    let at = 0;
    shape.forEach((size, axis) => {
      at = at * size + index[order.indexOf(axis)]!;
    });
    result.push(data[at]!);
  };
  visit([]);
  return { shape: sizes, data: Float32Array.from(result) };
}

const expectTensor = (actual: Tensor, expected: Tensor, what: string) => {
  expect(actual.shape, what).toEqual(expected.shape);
  expectSameBits(actual.data, expected.data, what);
};

describe.each(["RNN", "LSTM", "GRU"] as const)("%s", (type) => {
  describe.each(["forward", "reverse", "bidirectional"] as const)(
    "%s",
    (direction) => {
      const { layer, weights, D } = example(type, direction);
      const random = new Random(7);
      const X = random.tensor([B, T, I]);
      const h0 = random.tensor([D, B, H]);
      const c0 = random.tensor([D, B, H]);
      const state: State =
        type === "LSTM" ? { hidden: h0, cell: c0 } : { hidden: h0 };

      /** The layer's results in ONNX's axes. */
      const expected = (lengths?: number[], start?: State) => {
        const { output, state: end } = layer.forward(X, {
          ...(start && { state: start }),
          ...(lengths && { lengths }),
        });
        const Y = { shape: [B, T, D, H], data: output.data };
        return { Y, hn: end.hidden, ...(end.cell && { cn: end.cell }) };
      };

      test.each([0, 1] as const)("with everything, in layout %s", (layout) => {
        const given = [
          "X",
          "lengths",
          "h0",
          ...(type === "LSTM" ? ["c0"] : []),
        ];
        const { model } = load(
          modelOf(type, direction, weights, { layout, given }),
        );
        const lengths = [2, 5, 4];
        const states = (t: Tensor) => (layout ? permuted(t, [1, 0, 2]) : t);
        const results = model.run({
          X: layout ? X : permuted(X, [1, 0, 2]),
          lengths,
          h0: states(h0),
          ...(type === "LSTM" && { c0: states(c0) }),
        });
        const { Y, hn, cn } = expected(lengths, state);
        expectTensor(results.Y!, layout ? Y : permuted(Y, [1, 2, 0, 3]), "Y");
        expectTensor(results.hn!, states(hn), "hn");
        if (cn) expectTensor(results.cn!, states(cn), "cn");
      });

      test("with nothing but the input", () => {
        const { model } = load(
          modelOf(type, direction, weights, { layout: 1 }),
        );
        const { Y } = model.run({ X });
        expectTensor(Y!, expected().Y, "Y");
      });

      test.each([
        ["one row", 1, T],
        ["one step", B, 1],
        ["one row and step", 1, 1],
      ])("%s, in both layouts", (_, batch, steps) => {
        const some = random.tensor([batch, steps, I]);
        const { output } = layer.forward(some);
        const Y = { shape: [batch, steps, D, H], data: output.data };
        const run = (layout: 0 | 1, own: Tensor) =>
          load(modelOf(type, direction, weights, { layout })).model.run({
            X: own,
          });
        expectTensor(run(1, some).Y!, Y, "Y, batch first");
        expectTensor(
          run(0, permuted(some, [1, 0, 2])).Y!,
          permuted(Y, [1, 2, 0, 3]),
          "Y, time first",
        );
      });

      test("rows of length 0 are zeros, their states too", () => {
        const given = ["X", "lengths", "h0"];
        const { model } = load(
          modelOf(type, direction, weights, { given, layout: 1 }),
        );
        const run = (lengths: number[]) =>
          model.run({ X, lengths, h0: permuted(h0, [1, 0, 2]) });
        const full = run([3, 1, 5]);
        const part = run([3, 0, 5]);
        for (const [name, tensor] of Object.entries(part)) {
          const size = tensor.data.length / B;
          const row = (t: Tensor, b: number) =>
            t.data.subarray(b * size, (b + 1) * size);
          expectSameBits(row(tensor, 0), row(full[name]!, 0), name);
          expectSameBits(row(tensor, 1), new Float32Array(size), name);
          expectSameBits(row(tensor, 2), row(full[name]!, 2), name);
        }
        for (const tensor of Object.values(run([0, 0, 0])))
          expect(tensor.data.every((x) => Object.is(x, 0))).toBe(true);
      });

      test("weights given at run time may change between runs", () => {
        const { model, report } = load(
          modelOf(type, direction, weights, { constant: false, layout: 1 }),
        );
        expect(report.layers[0]!.convention).toMatch(/at run time/);
        const own = weights.map(
          ({ name, shape, data }) =>
            [name, { shape, data: Float32Array.from(data) }] as const,
        );
        const run = () => model.run({ X, ...Object.fromEntries(own) });
        const first = run();
        expectTensor(first.Y!, expected().Y, "Y");
        expect(run()).toEqual(first);
        const [, W] = own[0]!;
        W.data[0]! += 1; // in place
        const changed = run();
        expect(changed).not.toEqual(first);
        const fresh = load(
          modelOf(
            type,
            direction,
            weights.map((w, i) => (i ? w : { ...w, data: [...W.data] })),
            { layout: 1 },
          ),
        );
        expect(changed).toEqual(fresh.model.run({ X }));
      });
    },
  );
});

test("an LSTM with one of its two states starts the other at zeros", () => {
  const { layer, weights, D } = example("LSTM", "bidirectional");
  const random = new Random(9);
  const X = random.tensor([B, T, I]);
  const c0 = random.tensor([D, B, H]);
  const bytes = modelOf("LSTM", "bidirectional", weights, {
    given: ["X", "c0"],
  });
  const results = load(bytes).model.run({ X: permuted(X, [1, 0, 2]), c0 });
  const hidden = { shape: [D, B, H], data: new Float32Array(D * B * H) };
  const { state } = layer.forward(X, { state: { hidden, cell: c0 } });
  expectTensor(results.hn!, state.hidden, "hn");
  expectTensor(results.cn!, state.cell!, "cn");
});

test("the backend is the one asked for: js and simd give the same bits", () => {
  const { weights } = example("GRU", "bidirectional");
  const X = new Random(2).tensor([T, B, I]);
  const [, simd, js] = backends.map((backend) =>
    load(modelOf("GRU", "bidirectional", weights), { backend }).model.run({
      X,
    }),
  );
  expect(js).toEqual(simd);
});
