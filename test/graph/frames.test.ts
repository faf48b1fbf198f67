/*
 * Recurrent nodes run frame after frame: in arrays that they keep, to the bits of a whole run.
 */
import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/graph/index.js";
import { GRU } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { countArrays } from "../support/count-arrays.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const [I, H] = [3, 5];
const GATES = { RNN: 1, GRU: 3, LSTM: 4 };
type Type = keyof typeof GATES;

/** X [T, B, I], or with layout 1 [B, T, I], through one node; its states are fed back. */
function graphOf(type: Type, backend: (typeof backends)[number], layout = 0) {
  const random = new Random(GATES[type]);
  const builder = new GraphBuilder();
  const x = builder.input("x", layout ? ["B", "T", I] : ["T", "B", I]);
  const state = layout ? ["B", 1, H] : [1, "B", H];
  const states = (type === "LSTM" ? ["h", "c"] : ["h"]).map((name) =>
    builder.input(name, state),
  );
  const constant = (...shape: number[]) =>
    builder.constant(random.tensor(shape));
  const rows = GATES[type] * H;
  const [y, ...ends] = builder.addWide(
    type,
    [
      x,
      constant(1, rows, I),
      constant(1, rows, H),
      constant(1, 2 * rows),
      "",
      ...states,
    ],
    1 + states.length,
    { hidden_size: H, ...(layout && { layout }) },
  );
  builder.output(y!, { name: "y" });
  states.forEach((name, i) =>
    builder.output(ends[i]!, { name: `${name}n`, shape: state }),
  );
  return builder.build({ backend });
}

describe.each(backends)("a layer of a graph on %s", (backend) => {
  test.each([
    [{}],
    [{ returnSequences: false }],
    [{ direction: "bidirectional" }],
    [{ direction: "bidirectional", returnSequences: false }],
    [{ direction: "bidirectional", mergeMode: "sum" }],
    [{ direction: "reverse", outputOrder: "processing" }],
  ] as const)("%j: the bits of the layer by itself", (options) => {
    const layer = new GRU({
      inputSize: I,
      hiddenSize: H,
      backend,
      seed: 4,
      ...options,
    });
    const builder = new GraphBuilder();
    const { output, hidden } = builder.layer(
      layer,
      builder.input("x", ["B", "T", I]),
    );
    builder.output(output, { name: "y" });
    builder.output(hidden, { name: "h" });
    const graph = builder.build({ backend });
    for (const shape of [
      [2, 7, I],
      [1, 1, I],
    ]) {
      const x = new Random(5).tensor(shape);
      const { output: y, state } = layer.forward(x);
      const given = graph.run({ x });
      expect([given["y"]!.shape, given["h"]!.shape]).toEqual([
        y.shape,
        state.hidden.shape,
      ]);
      expectSameBits(given["y"]!.data, y.data);
      expectSameBits(given["h"]!.data, state.hidden.data);
      const made = countArrays(() => graph.run({ x }));
      if (!("mergeMode" in options) && !("outputOrder" in options))
        expect(made).toBe(2);
    }
  });
});

/** The same with any batch and direction, in runs of their own; `lengths`: as an input, by which sequences.ts runs. */
function rowsOf(
  type: Type,
  backend: (typeof backends)[number],
  {
    layout,
    direction,
    lengths,
  }: { layout: number; direction: string; lengths: boolean },
) {
  const random = new Random(GATES[type] + 10);
  const builder = new GraphBuilder();
  const D = direction === "bidirectional" ? 2 : 1;
  const x = builder.input("x", layout ? ["B", "T", I] : ["T", "B", I]);
  const state = layout ? ["B", D, H] : [D, "B", H];
  const states = (type === "LSTM" ? ["h", "c"] : ["h"]).map((name) =>
    builder.input(name, state),
  );
  const lens = lengths ? builder.input("lens", ["B"], "int32") : "";
  const constant = (...shape: number[]) =>
    builder.constant(random.tensor(shape));
  const rows = GATES[type] * H;
  const weights = [
    constant(D, rows, I),
    constant(D, rows, H),
    constant(D, 2 * rows),
  ];
  const outputs = builder.addWide(
    type,
    [x, ...weights, lens, ...states],
    1 + states.length,
    { hidden_size: H, direction, ...(layout && { layout }) },
  );
  outputs.forEach((name, i) => builder.output(name, { name: `out${i}` }));
  return builder.build({ backend });
}

describe.each(backends)("on %s", (backend) => {
  describe.each<Type>(["RNN", "GRU", "LSTM"])("%s", (type) => {
    const input = new Random(7).tensor([12, 1, I]);
    const names = type === "LSTM" ? ["h", "c"] : ["h"];
    const start = (batch: number) =>
      Object.fromEntries(
        names.map((name, i) => [
          name,
          {
            shape: [1, batch, H],
            data: new Float32Array(batch * H).fill(0.3 - i),
          },
        ]),
      );

    test.each([1, 3, 12])("%i steps at a time: the bits of two rows", (T) => {
      const graph = graphOf(type, backend);
      // two rows go by sequences.ts
      const twice = new Float32Array(24 * I);
      for (let t = 0; t < 12; t++)
        for (let row = 0; row < 2; row++)
          for (let i = 0; i < I; i++)
            twice[(2 * t + row) * I + i] = input.data[t * I + i]!;
      const both = graph.run({
        x: { shape: [12, 2, I], data: twice },
        ...start(2),
      });
      const expected = Float32Array.from({ length: 12 * H }, (_, at) => {
        const t = Math.floor(at / H);
        return both["y"]!.data[2 * t * H + (at % H)]!;
      });
      const stream = graph.stream({ state: start(1) });
      const got: number[] = [];
      let last: Record<string, { data: Float32Array }> = {};
      for (let t = 0; t < 12; t += T) {
        const data = input.data.subarray(t * I, (t + T) * I);
        last = stream.step({ x: { shape: [T, 1, I], data } });
        got.push(...last["y"]!.data);
      }
      expectSameBits(Float32Array.from(got), expected);
      for (const name of names)
        expectSameBits(
          last[`${name}n`]!.data,
          both[`${name}n`]!.data.subarray(0, H),
        );
    });

    test("batch first too, and without states", () => {
      const [first, other] = [
        graphOf(type, backend),
        graphOf(type, backend, 1),
      ];
      const given = (graph: typeof first, shape: number[], state: number[]) => {
        const zeros = { shape: state, data: new Float32Array(H) };
        const states = Object.fromEntries(names.map((name) => [name, zeros]));
        return graph.run({ x: { shape, data: input.data }, ...states });
      };
      const a = given(first, [12, 1, I], [1, 1, H]);
      const b = given(other, [1, 12, I], [1, 1, H]);
      expect(b["y"]!.shape).toEqual([1, 12, 1, H]);
      expectSameBits(b["y"]!.data, a["y"]!.data);
    });

    test("frames after the first make no typed arrays", () => {
      const stream = graphOf(type, backend).stream();
      const frame = new Float32Array(I).fill(0.5);
      const out = new Float32Array(H);
      for (let i = 0; i < 3; i++) stream.step(frame, out);
      const made = countArrays(() => {
        for (let i = 0; i < 10; i++) stream.step(frame, out);
      });
      expect(made).toBe(0);
    });

    test.each(
      ["forward", "reverse", "bidirectional"].flatMap((direction) =>
        [0, 1].map((layout) => [direction, layout] as const),
      ),
    )(
      "rows %s, layout %i: the bits of a run with lengths",
      (direction, layout) => {
        const options = { layout, direction };
        const graph = rowsOf(type, backend, { ...options, lengths: false });
        const whole = rowsOf(type, backend, { ...options, lengths: true });
        const D = direction === "bidirectional" ? 2 : 1;
        const random = new Random(3);
        // 300 steps are more than a chunk, 2 after them a shorter one, and one step a frame
        for (const [T, B] of [
          [300, 37],
          [2, 3],
          [1, 3],
          [1, 1],
          [5, 1],
        ] as const) {
          const x = random.tensor(layout ? [B, T, I] : [T, B, I]);
          const state = layout ? [B, D, H] : [D, B, H];
          const given = Object.fromEntries([
            ["x", x],
            ...names.map((name) => [name, random.tensor(state)]),
          ]);
          const lens = { shape: [B], data: new Float32Array(B).fill(T) };
          const got = graph.run(given);
          const expected = whole.run({ ...given, lens });
          expect(Object.keys(got)).toEqual(Object.keys(expected));
          for (const [name, { shape, data }] of Object.entries(expected)) {
            expect(got[name]!.shape).toEqual(shape);
            expectSameBits(got[name]!.data, data);
          }
          const made = countArrays(() => graph.run(given));
          expect(made).toBe(Object.keys(got).length);
        }
      },
    );

    test("what a run gave stays when the next one runs", () => {
      const graph = graphOf(type, backend);
      const one = graph.run({
        x: { shape: [1, 1, I], data: input.data.slice(0, I) },
        ...start(1),
      });
      const copy = one["y"]!.data.slice();
      graph.run({
        x: { shape: [1, 1, I], data: input.data.slice(I, 2 * I) },
        ...start(1),
      });
      expectSameBits(one["y"]!.data, copy);
    });
  });
});
