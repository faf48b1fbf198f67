import { describe, expect, test } from "vitest";
import { GraphBuilder, loadGraph } from "../../src/graph/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { parse } from "../../src/safetensors.js";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";

/*
 * A saved graph has a matrix as the rows that its layer rounded, a scale each, however the file's operation lays it.
 */
const K = 48;
const N = 20;
const cases: Record<string, [string, number[], number[]]> = {
  "MatMul [K, N]": ["MatMul", [2, 3, K], [K, N]],
  "MatMul [N, K] where the sizes are the other way round": [
    "MatMul",
    [2, 3, N],
    [N, K],
  ],
  "Conv [M, C, k]": ["Conv", [2, K, 9], [N, K, 3]],
};

describe.each(["int8", "int8-fast"] as const)("%s", (precision) => {
  test.each(Object.entries(cases))("%s", (_, [type, input, size]) => {
    const random = new Random(1);
    const builder = new GraphBuilder();
    const x = random.tensor(input);
    const weight = builder.constant(random.tensor(size));
    const y = builder.add(type, [builder.input("x", input), weight]);
    builder.output(y, { name: "y" });
    const graph = builder.build({ precision });
    const saved = graph.save();
    expectSameTensor(loadGraph(saved).run({ x })["y"]!, graph.run({ x })["y"]!);
    const [matrix, ...others] = Object.values(parse(saved).tensors);
    expect(others).toEqual([]);
    const { scales } = (matrix as IntegerTensor).integers;
    // those of the layer: one for each of its outputs
    expect(scales.length).toBe(type === "Conv" ? size[0] : size[1]);
  });
});
