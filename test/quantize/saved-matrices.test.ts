import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { GraphBuilder, loadGraph } from "../../src/graph/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { parse } from "../../src/safetensors.js";
import { modelBytes } from "../onnx/support/build.js";
import { expectSameTensor, worstError } from "../support/compare.js";
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
  "ConvTranspose [C, M, k]": ["ConvTranspose", [2, K, 9], [K, N, 3]],
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
    const outputs = type === "Conv" ? size.slice(0, 1) : size.slice(1);
    expect(scales.length).toBe(outputs.reduce((all, n) => all * n, 1));
  });
});

test("a ConvTranspose keeps the integers of its file, with groups too", () => {
  for (const group of [1, 2]) {
    const random = new Random(2);
    const [C, M] = [24, 16];
    const size = C * (M / group) * 3;
    const integers = [
      ...Int8Array.from({ length: size }, () => random.next() * 180 - 90),
    ];
    const scales = Array.from({ length: M / group }, () =>
      Math.fround(0.001 + random.next() / 100),
    );
    const bytes = modelBytes({
      inputs: [{ name: "x", dtype: "float32", shape: [1, C, 9] }],
      outputs: [{ name: "y", dtype: "float32" }],
      initializers: [
        { name: "q", dtype: "int8", shape: [C, M / group, 3], data: integers },
        { name: "scale", shape: [M / group], data: scales },
        {
          name: "zero",
          dtype: "int8",
          shape: [M / group],
          data: scales.map(() => 0),
        },
      ],
      nodes: [
        {
          type: "DequantizeLinear",
          inputs: ["q", "scale", "zero"],
          outputs: ["w"],
          attributes: { axis: 1 },
        },
        {
          type: "ConvTranspose",
          inputs: ["x", "w"],
          outputs: ["y"],
          attributes: { group },
        },
      ],
    });
    const { model, report } = load(bytes, { precision: "int8" });
    expect(report.converted).toEqual([]);
    const saved = model.save();
    const [matrix] = Object.values(parse(saved).tensors);
    const { values } = (matrix as IntegerTensor).integers;
    const sorted = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
    expect(sorted(values)).toEqual(sorted(integers));
    const x = random.tensor([1, C, 9]);
    const y = model.run({ x })["y"]!;
    expectSameTensor(loadGraph(saved).run({ x })["y"]!, y);
    // rounded again it would be another
    const wide = loadGraph(load(bytes).model.save(), { precision: "int8" });
    expect(worstError(wide.run({ x })["y"]!.data, y.data)).toBeGreaterThan(0);
  }
});

test.each(["Conv", "ConvTranspose"])(
  "a depthwise %s, which is not rounded, is computed as in float32",
  (type) => {
    const random = new Random(4);
    const x = random.tensor([1, 16, 3, 33]);
    const [w, b] = [random.tensor([16, 1, 3, 5]), random.tensor([16])];
    const of = (precision: "float32" | "int8" | "int8-fast") => {
      const builder = new GraphBuilder();
      const inputs = [
        builder.input("x", x.shape),
        builder.constant(w),
        builder.constant(b),
      ];
      const y = builder.add(type, inputs, { group: 16 });
      builder.output(y, { name: "y" });
      return builder.build({ precision }).run({ x })["y"]!;
    };
    const exact = of("float32");
    expectSameTensor(of("int8"), exact);
    expectSameTensor(of("int8-fast"), exact);
  },
);
