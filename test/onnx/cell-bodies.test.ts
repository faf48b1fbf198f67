import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { modelBytes, type NodeSpec, type TensorSpec } from "./support/build.js";

/*
 * Bodies of Loops that look like a recurrent cell, and are none, or one for some numbers alone.
 */

const W = { name: "W", shape: [2, 2], data: [0.1, -0.2, 0.3, 0.4] };
const int = (name: string, data: number) =>
  ({ name, dtype: "int64", shape: [], data: [data] }) as const;

interface Spec {
  /** Between the sum "s" and "sum". */
  readonly sum?: readonly NodeSpec[];
  /** From the iteration "i" to the condition "goes". */
  readonly goes?: readonly NodeSpec[];
  readonly initializers?: readonly (TensorSpec & { name: string })[];
}

const less: NodeSpec = {
  type: "Less",
  inputs: ["i", "most"],
  outputs: ["goes"],
};

/** y of a Loop h' = tanh(x W + h W), and whether it runs as a layer. */
function run({ sum, goes = [less], initializers = [] }: Spec) {
  const last = sum ? "sum" : "s";
  const body = {
    nodes: [
      { type: "Gather", inputs: ["x", "i"], outputs: ["xt"] },
      { type: "MatMul", inputs: ["xt", "W"], outputs: ["a"] },
      { type: "MatMul", inputs: ["h", "W"], outputs: ["b"] },
      { type: "Add", inputs: ["a", "b"], outputs: ["s"] },
      ...(sum ?? []),
      ...goes,
      { type: "Tanh", inputs: [last], outputs: ["next"] },
    ],
    inputs: ["i", "c", "h"],
    outputs: ["goes", "next", "next"],
  };
  const { model, report } = load(
    modelBytes({
      nodes: [
        {
          type: "Loop",
          inputs: ["m", "", "h0"],
          outputs: ["", "y"],
          attributes: { body: { graph: body } },
        },
      ],
      inputs: [
        { name: "x", shape: ["time", "batch", 2] },
        { name: "h0", shape: ["batch", 2] },
        { name: "limit", shape: [] },
      ],
      outputs: [{ name: "y" }],
      initializers: [W, int("m", 4), int("most", 9), ...initializers],
    }),
  );
  const x = Array.from({ length: 4 }, (_, t) => [
    [t, 1],
    [-t, 0.5],
  ]);
  const h0 = [
    [0.5, -1],
    [0, 0.25],
  ];
  const { y } = model.run({ x, h0, limit: 1.7 });
  return { shape: y!.shape, isLayer: report.layers.length === 1 };
}

test("a Loop that is a cell is a layer", () => {
  expect(run({})).toEqual({ shape: [4, 2, 2], isLayer: true });
});

describe("no layer, and right, is a Loop", () => {
  test("up to a number that is cut to an integer", () => {
    const cast = { type: "Cast", inputs: ["limit"], outputs: ["end"] };
    const goes = [
      { ...cast, attributes: { to: 7 } },
      { ...less, inputs: ["i", "end"] },
    ];
    // while i < 1, and not while i < 1.7
    expect(run({ goes })).toEqual({ shape: [2, 2, 2], isLayer: false });
  });

  test("whose bias has more axes than the sum", () => {
    const sum = [{ type: "Add", inputs: ["s", "row"], outputs: ["sum"] }];
    for (const shape of [
      [1, 1, 2],
      [1, 1, 1],
    ]) {
      const data = Array(shape[2]!).fill(0.5);
      expect(
        run({ sum, initializers: [{ name: "row", shape, data }] }),
      ).toEqual({ shape: [4, 1, 2, 2], isLayer: false });
    }
  });
});

describe("a body of 2 kB takes no gigabytes where", () => {
  /** A value with itself, again and again. */
  const doubled = (type: string, first: string, last: string) =>
    Array.from({ length: 40 }, (_, k) => ({
      type,
      name: `${type}${k}`,
      inputs: Array(2).fill(k ? `${type}_${k}` : first),
      outputs: [k < 39 ? `${type}_${k + 1}` : last],
      ...(type === "Concat" && { attributes: { axis: 0 } }),
    }));

  test("sums are added to themselves", () => {
    const { isLayer } = run({ sum: doubled("Add", "s", "sum") });
    expect(isLayer).toBe(false);
  });

  test("conditions go with themselves", () => {
    const goes = [
      { ...less, outputs: ["first"] },
      ...doubled("And", "first", "goes"),
    ];
    expect(run({ goes })).toEqual({ shape: [4, 2, 2], isLayer: false });
  });

  test("places are put behind themselves", () => {
    const shape: NodeSpec = {
      type: "Constant",
      inputs: [],
      outputs: ["k"],
      attributes: { value: { tensor: { ...int("", 0), shape: [1] } } },
    };
    const same = { type: "Identity", inputs: ["s"], outputs: ["sum"] };
    const sum = [shape, same, ...doubled("Concat", "k", "all")];
    expect(run({ sum })).toEqual({ shape: [4, 2, 2], isLayer: true });
  });
});
