import { describe, expect, test } from "vitest";
import { emptyNotes, GraphBuilder } from "../../src/graph/index.js";
import { countArrays } from "../support/count-arrays.js";
import { processorTime } from "../support/fuzz.js";

/*
 * What a file may ask of a page: runs are bounded in steps and bytes.
 */

const int = (builder: GraphBuilder, ...list: number[]) =>
  builder.integers(list);

function endless(grow: boolean) {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1]);
  const body = builder.body(["i", "going", "s"], (inner, [, going, s]) => [
    going!,
    grow
      ? inner.add("Concat", [s!, s!], { axis: 0 })
      : inner.add("Add", [s!, x]),
  ]);
  const [y] = builder.addWide("Loop", ["", "", x], 1, { body });
  builder.output(y!);
  return builder;
}

describe("a run is ended", () => {
  const refused = (run: () => unknown, expected: RegExp) => {
    const time = processorTime(() => {
      expect(run).toThrow(RangeError);
      expect(run).toThrow(expected);
    });
    expect(time).toBeLessThan(5000);
  };

  test("by a loop without end", () => {
    const graph = endless(false).build({ maxSteps: 10_000 });
    refused(
      () => graph.run({ x: [1] }),
      /^node "Loop.*10000 steps \(maxSteps\)/,
    );
    // and the graph is as it was
    refused(() => graph.run({ x: [1] }), /maxSteps/);
  });

  test("by a value that grows without end", () => {
    const graph = endless(true).build({ maxBytes: 2 ** 20 });
    refused(
      () => graph.run({ x: [1] }),
      /1048576 bytes in a run \(maxBytes\)|at most 262144 numbers/,
    );
  });

  test("by default too", () => {
    const graph = endless(true).build();
    refused(() => graph.run({ x: [1] }), /maxBytes|at most 268435456 numbers/);
  });

  test.each<[string, (builder: GraphBuilder, n: string) => string]>([
    [
      "Range",
      (b, n) => b.add("Range", [b.integers([0], []), n, b.integers([1], [])]),
    ],
    [
      "ConstantOfShape",
      (b, n) =>
        b.add("ConstantOfShape", [b.add("Unsqueeze", [n], { axes: [0] })]),
    ],
    [
      "Expand",
      (b, n) =>
        b.add("Expand", [
          b.constant([1]),
          b.add("Unsqueeze", [n], { axes: [0] }),
        ]),
    ],
    [
      "Tile",
      (b, n) =>
        b.add("Tile", [
          b.constant([1]),
          b.add("Unsqueeze", [n], { axes: [0] }),
        ]),
    ],
    ["OneHot", (b, n) => b.add("OneHot", [int(b, 1), n, b.constant([0, 1])])],
    [
      "Resize",
      (b, n) =>
        b.add("Resize", [
          b.constant([1]),
          "",
          "",
          b.add("Unsqueeze", [n], { axes: [0] }),
        ]),
    ],
    [
      "Pad",
      (b, n) =>
        b.add("Pad", [
          b.constant([1]),
          b.add("Concat", [b.add("Unsqueeze", [n], { axes: [0] }), int(b, 0)], {
            axis: 0,
          }),
        ]),
    ],
  ])("by a %s of a million million", (type, add) => {
    const builder = new GraphBuilder();
    const n = builder.input("n", [], "int64");
    builder.output(add(builder, n));
    const graph = builder.build();
    refused(
      () => graph.run({ n: 10 ** 12 }),
      new RegExp(`^node "${type}.*at most 268435456 numbers`),
    );
    const small = graph.run({ n: 4 });
    expect(Object.values(small)[0]!.data.length).toBeGreaterThan(3);
  });
});

test("axes are from -rank to rank - 1", () => {
  const reduce = (axis: number) => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [2, 2]);
    builder.output(builder.add("ReduceSum", [x], { axes: [axis] }), {
      name: "y",
    });
    return builder.build().run({
      x: [
        [1, 2],
        [3, 4],
      ],
    }).y!.data;
  };
  expect([...reduce(-2)]).toEqual([4, 6]);
  expect([...reduce(1)]).toEqual([3, 7]);
  expect(() => reduce(2)).toThrow(/an axis of 2 dimensions, got 2/);
  expect(() => reduce(-3)).toThrow(/an axis of 2 dimensions, got -3/);
});

test("frames after the first one make no typed arrays but what they give", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1, 2, 24]);
  const h = builder.input("h", [1, 4]);
  const weight = builder.constant({
    dtype: "float32",
    shape: [4, 2, 3],
    data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  });
  const padded = builder.add("Pad", [x], {
    pads: [0, 0, 1, 0, 0, 1],
    mode: "reflect",
  });
  const conv = builder.add("Conv", [padded, weight], { strides: [2] });
  const pooled = builder.add("ReduceMean", [builder.add("Relu", [conv])], {
    axes: [2],
    keepdims: 0,
  });
  const matrix = builder.constant({
    dtype: "float32",
    shape: [4, 4],
    data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  });
  const next = builder.add("Tanh", [
    builder.add("Add", [pooled, builder.add("MatMul", [h, matrix])]),
  ]);
  builder.output(next, { name: "hn", shape: [1, 4] });
  builder.output(
    builder.add("Softmax", [
      builder.add("Slice", [
        next,
        int(builder, 1),
        int(builder, 3),
        int(builder, 1),
      ]),
    ]),
    { name: "y" },
  );
  const graph = builder.build({ backend: "js" });
  const stream = graph.stream();
  const frame = new Float32Array(48).fill(0.5);
  const out = new Float32Array(2);
  for (let i = 0; i < 3; i++) stream.step(frame, out);
  const made = countArrays(() => {
    for (let i = 0; i < 10; i++) stream.step(frame, out);
  });
  expect(made).toBe(0);
  expect([...out].every((n) => n > 0 && n < 1)).toBe(true);
});

test("weights that a file cuts and joins, as PyTorch exports its LSTM, are known at load, of three layers too", () => {
  const hidden = 192;
  const builder = new GraphBuilder();
  /** Of gates i f g o to i o f g, one after another. */
  const reordered = (columns: number) => {
    const shape = [4 * hidden, columns];
    const data = new Float32Array(shape[0]! * columns);
    const weight = builder.constant({ shape, data });
    const gates = [0, 3, 1, 2].map((gate) =>
      builder.add("Slice", [
        weight,
        int(builder, gate * hidden),
        int(builder, (gate + 1) * hidden),
        int(builder, 0),
      ]),
    );
    const joined = builder.add("Concat", gates, { axis: 0 });
    return builder.add("Unsqueeze", [joined, int(builder, 0)]);
  };
  let x = builder.input("x", [1, 1, hidden]);
  for (let layer = 0; layer < 3; layer++) {
    const weights = [reordered(hidden), reordered(hidden)];
    const y = builder.add("LSTM", [x, ...weights], { hidden_size: hidden });
    x = builder.add("Squeeze", [y, int(builder, 1)]);
  }
  builder.output(x);
  const notes = emptyNotes();
  builder.build({}, notes);
  expect(notes.layers.length).toBe(3);
  for (const { convention } of notes.layers)
    expect(convention).toMatch(/no biases/);
});
