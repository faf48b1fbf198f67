import { describe, expect, test } from "vitest";
import { load, toSequential } from "../../src/formats/onnx/index.js";
import { Sequential } from "../../src/index.js";
import { modelBytes, type ModelSpec, type NodeSpec } from "./support/build.js";
import { ramp } from "./support/small.js";

/*
 * Nodes that are layers for sequences of one length, or for batches of one size, and not for others; and chains that
 * would take forever to look at.
 */

const list = (name: string, ...data: number[]) =>
  ({ name, dtype: "int64", shape: [data.length], data }) as const;
const one = (name: string, data: number) =>
  ({ name, dtype: "int64", shape: [], data: [data] }) as const;
const product = (input: string, output: string): NodeSpec => ({
  type: "MatMul",
  name: "product",
  inputs: [input, "w"],
  outputs: [output],
});
const chainOf = (spec: Partial<ModelSpec>) =>
  toSequential(
    load(
      modelBytes({
        inputs: [{ name: "x", shape: ["batch", "time", 4] }],
        outputs: [{ name: "y", dtype: null }],
        nodes: [],
        ...spec,
      }),
    ).model,
  );

const w = { name: "w", shape: [4, 4], data: ramp(16) };

/** A product, and x[.., first:end] of an axis behind it. */
const slice = (axis: number, first: number, end: number) =>
  chainOf({
    nodes: [
      product("x", "h"),
      { type: "Slice", inputs: ["h", "s", "e", "a"], outputs: ["y"] },
    ],
    initializers: [w, list("s", first), list("e", end), list("a", axis)],
  });

describe("no chain is", () => {
  test.each(Array.from({ length: 20 }, (_, i) => i))(
    "step %i of all",
    (index) => {
      const nodes = [
        product("x", "h"),
        {
          type: "Gather",
          inputs: ["h", "i"],
          outputs: ["y"],
          attributes: { axis: 1 },
        },
      ];
      const initializers = [w, one("i", index)];
      expect(chainOf({ nodes, initializers })).toBeNull();
    },
  );

  test.each(Array.from({ length: 30 }, (_, i) => i + 1))(
    "the first %i steps, or sequences of a batch",
    (end) => {
      expect(slice(1, 0, end)).toBeNull();
      expect(slice(0, 0, end)).toBeNull();
    },
  );

  test("an Embedding of tokens that are first cut to a byte", () => {
    const embedding = (to: number) =>
      chainOf({
        nodes: [
          { type: "Cast", inputs: ["x"], outputs: ["t"], attributes: { to } },
          { type: "Gather", inputs: ["table", "t"], outputs: ["h"] },
          product("h", "y"),
        ],
        inputs: [{ name: "x", dtype: "int64", shape: ["batch", "time"] }],
        initializers: [w, { name: "table", shape: [600, 4], data: ramp(2400) }],
      });
    expect(embedding(2)).toBeNull();
    expect(embedding(6)).toBeInstanceOf(Sequential);
  });
});

test("a Slice to the end is one still", () => {
  for (const most of [2 ** 31 - 1, 2 ** 52])
    expect(slice(1, 0, most)).toBeInstanceOf(Sequential);
  expect(slice(2, 0, 4)).toBeInstanceOf(Sequential);
});

describe("a chain is not looked at for long", () => {
  test("if a state may be zeros by 2^32 ways", () => {
    const concats = Array.from({ length: 32 }, (_, i) => ({
      type: "Concat",
      name: `concat${i}`,
      inputs: [`z${i}`, `z${i}`],
      outputs: [`z${i + 1}`],
      attributes: { axis: 0 },
    }));
    const nodes = [
      { type: "Shape", inputs: ["x"], outputs: ["s"] },
      { type: "ConstantOfShape", inputs: ["s"], outputs: ["z0"] },
      ...concats,
      { type: "Add", inputs: ["x", "z32"], outputs: ["y"] },
    ];
    expect(chainOf({ nodes })).toBeNull();
  });

  test("if there are many nodes of wide features", () => {
    const size = 2 ** 15;
    const chain = (count: number) => {
      const turns = Array.from({ length: count }, (_, i) => ({
        type: "Transpose",
        name: `turn${i}`,
        inputs: [i ? `v${i}` : "x"],
        outputs: [`v${i + 1}`],
        attributes: { perm: [0, 1, 2] },
      }));
      return chainOf({
        nodes: [...turns, product(`v${count}`, "y")],
        inputs: [{ name: "x", shape: ["batch", "time", size] }],
        initializers: [{ name: "w", shape: [size, 1], data: ramp(size) }],
      });
    };
    expect(chain(2)).toBeInstanceOf(Sequential);
    expect(chain(20)).toBeNull();
  });
});
