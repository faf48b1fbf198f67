import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { Graph, loadGraph } from "../../src/graph/index.js";
import { FormatError } from "../../src/index.js";
import { type ModelSpec, modelBytes, type NodeSpec } from "./support/build.js";

/*
 * Bodies of If, Loop and Scan, and local functions.
 */

const build = (spec: Partial<ModelSpec>) =>
  load(
    modelBytes({
      nodes: [],
      inputs: [{ name: "x", shape: [2] }],
      outputs: [{ name: "y" }],
      ...spec,
    }),
  ).model;

const number = (
  name: string,
  value: number,
  dtype: "int64" | "bool" | "float32" = "float32",
) =>
  ({
    name,
    dtype,
    shape: [],
    data: [dtype === "int64" ? BigInt(value) : value],
  }) as const;

/** What the model gives now, and after it was saved and read. */
function both(
  model: Graph,
  inputs: Record<string, never[] | number[] | number>,
) {
  const result = model.run(inputs);
  expect(model.run(inputs)).toEqual(result);
  expect(loadGraph(model.save()).run(inputs)).toEqual(result);
  return result;
}

const branch = (type: string, ...inputs: string[]) => ({
  graph: {
    nodes: [{ type, inputs, outputs: [`${type}:out`] }],
    outputs: [`${type}:out`],
  },
});

describe("If", () => {
  const choose = (condition: string): NodeSpec => ({
    type: "If",
    inputs: [condition],
    outputs: ["y"],
    attributes: {
      then_branch: branch("Neg", "x"),
      else_branch: branch("Abs", "x"),
    },
  });

  test("is decided in the run by an input, and reads the values around it", () => {
    const model = build({
      nodes: [choose("c")],
      inputs: [
        { name: "x", shape: [2] },
        { name: "c", dtype: "bool", shape: [] },
      ],
    });
    expect([...both(model, { x: [1, -2], c: 1 }).y!.data]).toEqual([-1, 2]);
    expect([...both(model, { x: [1, -2], c: 0 }).y!.data]).toEqual([1, 2]);
  });

  test("whose condition is known is its branch alone", () => {
    const model = build({
      nodes: [
        { type: "Equal", inputs: ["rate", "sixteen"], outputs: ["c"] },
        choose("c"),
      ],
      initializers: [
        number("rate", 8, "int64"),
        number("sixteen", 16, "int64"),
      ],
    });
    expect(`${model}`).toMatch(/^Graph of 1 nodes/);
    expect([...both(model, { x: [1, -2] }).y!.data]).toEqual([1, 2]);
  });

  test("in If reads names of every level, and a name of one branch is not seen in the other", () => {
    const inner: NodeSpec = {
      type: "If",
      inputs: ["d"],
      outputs: ["inner"],
      attributes: {
        then_branch: branch("Add", "x", "own"),
        else_branch: branch("Sub", "x", "own"),
      },
    };
    const outer = (value: number) => ({
      graph: {
        nodes: [inner],
        outputs: ["inner"],
        initializers: [number("own", value)],
      },
    });
    const model = build({
      nodes: [
        {
          type: "If",
          inputs: ["c"],
          outputs: ["y"],
          attributes: { then_branch: outer(1), else_branch: outer(10) },
        },
      ],
      inputs: [
        { name: "x", shape: [1] },
        { name: "c", dtype: "bool", shape: [] },
        { name: "d", dtype: "bool", shape: [] },
      ],
    });
    const y = (c: number, d: number) =>
      both(model, { x: [5], c, d }).y!.data[0];
    expect([y(1, 1), y(1, 0), y(0, 1), y(0, 0)]).toEqual([6, 4, 15, -5]);
  });
});

const sumBody = {
  graph: {
    inputs: ["i", "going", "sum"],
    nodes: [
      { type: "Add", inputs: ["sum", "x"], outputs: ["next"] },
      { type: "Identity", inputs: ["going"], outputs: ["on"] },
    ],
    outputs: ["on", "next", "next"],
  },
};

describe("Loop", () => {
  const loop = (attributes = { body: sumBody }): Partial<ModelSpec> => ({
    nodes: [
      {
        type: "Loop",
        inputs: ["n", "", "zero"],
        outputs: ["y", "all"],
        attributes,
      },
    ],
    inputs: [
      { name: "x", shape: [1] },
      { name: "n", dtype: "int64", shape: [] },
    ],
    outputs: [{ name: "y" }, { name: "all" }],
    initializers: [{ name: "zero", shape: [1], data: [0] }],
  });

  test("hands its states on, and stacks what each iteration gives", () => {
    const { y, all } = both(build(loop()), { x: [2], n: 3 });
    expect(y!.data).toEqual(Float32Array.of(6));
    expect(all).toEqual({ shape: [3, 1], data: Float32Array.of(2, 4, 6) });
  });

  test("of no iterations gives its initial states, and an empty stack", () => {
    const { y, all } = both(build(loop()), { x: [2], n: 0 });
    expect(y!.data).toEqual(Float32Array.of(0));
    expect(all!.shape[0]).toBe(0);
  });

  test("keeps a state that its body hands on as it is around it", () => {
    const model = build({
      nodes: [
        {
          type: "Loop",
          inputs: ["n", "", "x", "w"],
          outputs: ["y", "same"],
          attributes: {
            body: {
              graph: {
                inputs: ["i", "going", "s", "v"],
                nodes: [
                  { type: "MatMul", inputs: ["s", "v"], outputs: ["next"] },
                  { type: "Identity", inputs: ["going"], outputs: ["on"] },
                ],
                outputs: ["on", "next", "v"],
              },
            },
          },
        },
      ],
      inputs: [
        { name: "x", shape: [1, 2] },
        { name: "n", dtype: "int64", shape: [] },
      ],
      outputs: [{ name: "y" }, { name: "same" }],
      initializers: [{ name: "w", shape: [2, 2], data: [0, 1, 2, 0] }],
    });
    const { y, same } = model.run({ x: [[1, 3]], n: 3 });
    expect([...y!.data]).toEqual([12, 2]);
    expect([...same!.data]).toEqual([0, 1, 2, 0]);
    const again = loadGraph(model.save()).run({ x: [[1, 3]], n: 3 });
    expect(again).toEqual({ y, same });
  });

  test("may exchange its states", () => {
    const model = build({
      nodes: [
        {
          type: "Loop",
          inputs: ["n", "", "a", "b"],
          outputs: ["p", "q"],
          attributes: {
            body: {
              graph: {
                inputs: ["i", "going", "a", "b"],
                nodes: [
                  { type: "Identity", inputs: ["going"], outputs: ["on"] },
                ],
                outputs: ["on", "b", "a"],
              },
            },
          },
        },
      ],
      inputs: [{ name: "n", dtype: "int64", shape: [] }],
      outputs: [{ name: "p" }, { name: "q" }],
      initializers: [number("a", 1), number("b", 2)],
    });
    const of = (n: number) => {
      const { p, q } = both(model, { n });
      return [p!.data[0], q!.data[0]];
    };
    expect([of(0), of(1), of(2), of(3)]).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  test("ends when its condition says so, and counts beyond 2^24 exactly", () => {
    const model = build({
      nodes: [
        {
          type: "Loop",
          inputs: ["", "", "start"],
          outputs: ["y"],
          attributes: {
            body: {
              graph: {
                inputs: ["i", "going", "k"],
                nodes: [
                  { type: "Add", inputs: ["k", "one"], outputs: ["next"] },
                  { type: "Less", inputs: ["next", "end"], outputs: ["on"] },
                ],
                outputs: ["on", "next"],
              },
            },
          },
        },
        { type: "Sub", inputs: ["y", "start"], outputs: ["z"] },
      ],
      inputs: [],
      outputs: [{ name: "z" }],
      initializers: [
        number("start", 2 ** 24 + 1, "int64"),
        number("end", 2 ** 24 + 8, "int64"),
        number("one", 1, "int64"),
      ],
    });
    expect(both(model, {}).z!.data[0]).toBe(7);
  });
});

test("Scan goes along axes, either way", () => {
  const model = build({
    nodes: [
      {
        type: "Scan",
        inputs: ["zero", "m"],
        outputs: ["last", "all"],
        attributes: {
          num_scan_inputs: 1,
          scan_input_axes: [1],
          scan_input_directions: [1],
          scan_output_axes: [1],
          body: {
            graph: {
              inputs: ["sum", "x"],
              nodes: [{ type: "Add", inputs: ["sum", "x"], outputs: ["next"] }],
              outputs: ["next", "next"],
            },
          },
        },
      },
    ],
    inputs: [{ name: "m", shape: [2, 3] }],
    outputs: [{ name: "last" }, { name: "all" }],
    initializers: [{ name: "zero", shape: [2], data: [0, 0] }],
  });
  const { last, all } = model.run({
    m: [
      [1, 2, 3],
      [10, 20, 30],
    ],
  });
  expect([...last!.data]).toEqual([6, 60]);
  expect(all).toEqual({
    shape: [2, 3],
    data: Float32Array.of(3, 5, 6, 30, 50, 60),
  });
});

describe("a local function", () => {
  const scaled = {
    name: "Scaled",
    domain: "mine",
    inputs: ["a", "b"],
    outputs: ["c"],
    nodes: [
      {
        type: "LeakyRelu",
        inputs: ["a"],
        outputs: ["t"],
        attributes: { alpha: { reference: "slope" } },
      },
      { type: "Add", inputs: ["t", "b"], outputs: ["c"] },
    ],
  };
  const call = (input: string, output: string, slope: number): NodeSpec => ({
    type: "Scaled",
    domain: "mine",
    name: output,
    inputs: [input, "x"],
    outputs: [output],
    attributes: { slope: { float: slope } },
  });

  test("is what it does, at every call with its own attributes", () => {
    const model = build({
      nodes: [call("x", "once", 0.5), call("once", "y", 0.25)],
      functions: [scaled],
    });
    // -4 → -2 - 4 = -6 → -1.5 - 4
    expect([...both(model, { x: [-4, 1] }).y!.data]).toEqual([-5.5, 3]);
  });

  test("that calls itself is refused", () => {
    const nodes = [call("a", "c", 1)];
    const again = {
      ...scaled,
      nodes: nodes.map((own) => ({ ...own, inputs: ["a", "b"] })),
    };
    expect(() =>
      build({ nodes: [call("x", "y", 1)], functions: [again] }),
    ).toThrow(FormatError);
  });
});

test("a refusal names what is missing in bodies and functions too, once each", () => {
  const inner: NodeSpec = {
    type: "Loop",
    inputs: ["", "", "x"],
    outputs: ["y"],
    attributes: {
      body: {
        graph: {
          inputs: ["i", "c", "s"],
          nodes: [
            { type: "Erfc", inputs: ["s"], outputs: ["t"] },
            { type: "Erfc", inputs: ["t"], outputs: ["u"] },
            { type: "Mine", domain: "mine", inputs: ["u"], outputs: ["v"] },
          ],
          outputs: ["c", "v"],
        },
      },
    },
  };
  const refused = () =>
    build({
      nodes: [inner],
      functions: [
        {
          name: "Mine",
          domain: "mine",
          inputs: ["p"],
          outputs: ["q"],
          nodes: [{ type: "StringConcat", inputs: ["p", "p"], outputs: ["q"] }],
        },
      ],
    });
  expect(refused).toThrow(FormatError);
  expect(refused).toThrow(/not supported: Erfc \(2\), StringConcat; export/);
});
