/*
 * Loops that are recurrent cells, as tf2onnx writes those of Keras: they become a layer, and give what their bodies
 * give; and Loops that nearly are.
 */
import { describe, expect, test } from "vitest";
import { loadGraph } from "../../src/formats/onnx/index.js";
import { compile } from "../../src/graph/compile.js";
import { Graph } from "../../src/graph/graph.js";
import { allOperations } from "../../src/graph/operations/index.js";
import { countArrays } from "../support/count-arrays.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import {
  build,
  type Counting,
  given,
  H,
  T,
  variants,
  whole,
} from "./cell-loop-models.js";

/** The graph with its body run as it is. */
function interpreted(description: never): Graph {
  const operations = new Map(allOperations());
  operations.delete("CellLoop");
  return new Graph(compile(description, operations));
}

const typesOf = (graph: Graph): string[] => {
  const saved = new TextDecoder().decode(graph.save());
  return ["CellLoop", "Loop"].filter((type) =>
    saved.includes(`\\"type\\":\\"${type}\\"`),
  );
};

function expectSame(graph: Graph, body: Graph, inputs: never) {
  const [got, expected] = [graph.run(inputs), body.run(inputs)];
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect([name, got[name]!.shape]).toEqual([name, shape]);
    data.forEach((value, i) =>
      expect(Math.abs(got[name]!.data[i]! - value)).toBeLessThan(
        4e-6 * Math.max(1, Math.abs(value)),
      ),
    );
  }
}

describe.each(backends)("on %s", (backend) => {
  test.each(Object.entries(variants))("%s", (_, variant) => {
    const builder = build(variant, whole);
    const graph = builder.build({ backend });
    const body = interpreted(build(variant, whole).description() as never);
    expect(typesOf(graph)).toEqual([variant.type ? "CellLoop" : "Loop"]);
    const inputs = given(variant.states);
    expectSame(graph, body, inputs as never);
    expectSame(loadGraph(graph.save(), { backend }), body, inputs as never);
    if (variant.type === null) return;
    const made = countArrays(() => graph.run(inputs));
    // the condition is an input that is copied
    expect(made).toBe(graph.outputs.length + 1);
  });
});

test.each<[string, Counting]>([
  ["as many iterations as M says", { limit: "T", most: 3, start: 0 }],
  ["up to a limit", { limit: 5, most: 1e9, start: 0 }],
  ["from another step on", { limit: "T", most: 1e9, start: 2 }],
  ["once, whatever the limit", { limit: -4, most: 1e9, start: 0 }],
  ["never", { limit: "T", most: 0, start: 0 }],
])("%s", (_, counting) => {
  const variant = variants["an LSTM"]!;
  const graph = build(variant, counting).build();
  expect(typesOf(graph)).toEqual(["CellLoop"]);
  const body = interpreted(build(variant, counting).description() as never);
  expectSame(graph, body, given(2) as never);
  expectSame(graph, body, given(2, 0) as never);
});

describe.each(["an LSTM", "a GRU, reset after", "an RNN"])(
  "%s that puts its outputs into a list",
  (name) => {
    const variant = variants[name]!;
    const { states } = variant;

    test.each<[string, Omit<Counting, "most">, number]>([
      ["of as many entries", { limit: "T", start: 0 }, T],
      ["of more", { limit: "T", start: 0 }, T + 3],
      ["of one, which grows", { limit: "T", start: 0 }, 1],
      ["from another step on", { limit: "T", start: 2 }, T],
      ["behind its end", { limit: "T", start: 3 }, 2],
      ["further on", { limit: 4, start: 1, further: 1 }, T],
    ])("%s", (_, own, length) => {
      const counting = { ...own, most: 1e9, list: "L" as const };
      const graph = build(variant, counting).build();
      expect(typesOf(graph)).toEqual(["CellLoop"]);
      const body = interpreted(build(variant, counting).description() as never);
      const inputs = given(states, 1, length) as never;
      expectSame(graph, body, inputs);
      expectSame(loadGraph(graph.save()), body, inputs);
      expectSame(graph, body, given(states, 0, length) as never);
    });
  },
);

test("a list of something else than the outputs makes no cell of a Loop", () => {
  const counting: Counting = {
    limit: "T",
    start: 0,
    most: 1e9,
    list: "L",
    other: true,
  };
  const graph = build(variants["an RNN"]!, counting).build();
  expect(typesOf(graph)).toEqual(["Loop"]);
});

test("a list of entries of another size is refused", () => {
  const counting = { limit: "T", start: 0, most: 1e9, list: "L" } as const;
  const graph = build(variants["an RNN"]!, counting).build();
  const inputs = { ...given(1), list: new Random(3).tensor([T, 1, H]) };
  expect(() => graph.run(inputs)).toThrow(
    /a list of \[2, 5\], got \[7, 1, 5\]/,
  );
});

test("more iterations than steps are refused, as the body refuses them", () => {
  const counting = { limit: T + 1, most: 1e9, start: 0 };
  const graph = build(variants["an RNN"]!, counting).build();
  expect(() => graph.run(given(1))).toThrow(RangeError);
});
