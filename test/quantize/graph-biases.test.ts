import { expect, test } from "vitest";
import { type Graph, GraphBuilder, loadGraph } from "../../src/graph/index.js";
import { quantize } from "../../src/quantize/index.js";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { flat, type Frame, frames, listener, outputsOf } from "./listener.js";

test("biases are moved where that brings the outputs nearer, on frames that were not seen too", () => {
  const float32 = listener();
  const expected = flat(outputsOf(float32));
  const error = (calibrate: Frame[][] | null) => {
    const options = calibrate ? { calibrate } : {};
    const found = flat(outputsOf(quantize(float32, options).model));
    return Math.hypot(...found.map((y, i) => y - expected[i]!));
  };
  expect(error([frames(21, 40)])).toBeLessThan(0.8 * error(null));
});

/** x W + b as exporters write it, and sometimes more that reads the product or b. */
function product(more: "nothing" | "the product" | "b"): Graph {
  const random = new Random(7);
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 40]);
  const weight = builder.constant(random.tensor([40, 8]));
  const b = builder.constant(random.tensor([1, 8]), "b");
  const made = builder.add("MatMul", [x, weight]);
  builder.output(builder.add("Add", [b, made]), { name: "y" });
  if (more === "the product")
    builder.output(builder.add("Relu", [made]), { name: "z" });
  if (more === "b")
    builder.output(builder.add("Mul", [builder.input("v", [8]), b]), {
      name: "z",
    });
  return builder.build();
}

test("an Add of a constant behind a product is its bias, where nothing else reads either", () => {
  const x = new Random(8).tensor([60, 40], 0, 2);
  const shift = (graph: Graph, other: Graph) => {
    const [a, b] = [graph, other].map((each) => each.run({ x })["y"]!.data);
    return Math.max(
      ...Array.from({ length: 8 }, (_, i) => {
        const own = a!.filter((_, at) => at % 8 === i);
        const wanted = b!.filter((_, at) => at % 8 === i);
        return Math.abs(own.reduce((s, y, at) => s + y - wanted[at]!, 0) / 60);
      }),
    );
  };
  const graph = product("nothing");
  const before = graph.run({ x })["y"]!;
  const { model } = quantize(graph, { calibrate: [{ x }] });
  expect(shift(quantize(graph).model, graph)).toBeGreaterThan(1e-3);
  expect(shift(model, graph)).toBeLessThan(2e-5);
  expectSameTensor(graph.run({ x })["y"]!, before);
  const loaded = loadGraph(model.save());
  expectSameTensor(loaded.run({ x })["y"]!, model.run({ x })["y"]!);
  const vector = new Float32Array(8);
  for (const more of ["the product", "b"] as const) {
    const other = product(more);
    const given = { x, ...(more === "b" && { v: vector }) };
    const same = quantize(other, { calibrate: [given] }).model;
    expectSameTensor(
      same.run(given)["y"]!,
      quantize(other).model.run(given)["y"]!,
    );
  }
});
