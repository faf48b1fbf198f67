import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { modelBytes, type NodeSpec, type TypeName } from "./support/build.js";

/** What a chain of nodes makes of these integers, x → y. */
function made(
  dtype: TypeName,
  data: readonly number[],
  ...nodes: readonly (Omit<NodeSpec, "inputs" | "outputs"> & {
    type: string;
  })[]
): number[] {
  const last = nodes.length - 1;
  const { model } = load(
    modelBytes({
      opset: 18,
      nodes: nodes.map((node, i) => ({
        ...node,
        inputs: [i ? `v${i}` : "x"],
        outputs: [i < last ? `v${i + 1}` : "y"],
      })),
      inputs: [{ name: "x", dtype, shape: [data.length] }],
      outputs: [{ name: "y", dtype: null }],
    }),
  );
  const x = { shape: [data.length], data: Float32Array.from(data) };
  return [...model.run({ x }).y!.data];
}

const cast = (to: number) => ({ type: "Cast", attributes: { to } });

describe("integers", () => {
  test.each(["Neg", "Abs"])("%s of the least is refused", (type) => {
    expect(() => made("int8", [-128], { type })).toThrow(
      new RegExp(`\\(${type}\\): expected results that int8 holds, .* got 128`),
    );
    expect(made("int8", [-127, 5], { type })).toEqual(
      type === "Neg" ? [127, -5] : [127, 5],
    );
  });

  test("have no -0", () => {
    const nodes = [{ type: "Neg" }, cast(1), { type: "Reciprocal" }];
    expect(made("int32", [0, 2], ...nodes)).toEqual([Infinity, -0.5]);
    expect(made("int32", [0, -256], cast(3))).toEqual([0, 0]);
  });

  test("below 0 are no uint64: of 64 bits 53 are known", () => {
    expect(() => made("int32", [-1], cast(13))).toThrow(
      /\(Cast\): expected results that uint64 holds, .* got -1/,
    );
  });

  test.each<[string, TypeName, number[], NodeSpec, number[]]>([
    [
      "MatMul",
      "int32",
      [2 ** 31 - 1],
      { type: "MatMul", inputs: ["x", "y"], outputs: ["z"] },
      [2],
    ],
    [
      "Sum",
      "int32",
      [2 ** 31 - 1],
      { type: "Sum", inputs: ["x", "y"], outputs: ["z"] },
      [1],
    ],
    [
      "Einsum",
      "int32",
      [2 ** 31 - 1],
      {
        type: "Einsum",
        inputs: ["x", "y"],
        outputs: ["z"],
        attributes: { equation: "i,i->" },
      },
      [2],
    ],
    [
      "ScatterElements",
      "uint8",
      [200],
      {
        type: "ScatterElements",
        inputs: ["x", "at", "y"],
        outputs: ["z"],
        attributes: { reduction: "add" },
      },
      [100],
    ],
    [
      "ScatterND",
      "uint8",
      [200],
      {
        type: "ScatterND",
        inputs: ["x", "at", "y"],
        outputs: ["z"],
        attributes: { reduction: "mul" },
      },
      [2],
    ],
  ])(
    "past the ends of their type are refused by %s",
    (type, dtype, data, node, by) => {
      const index = { dtype: "int64", data: [0] } as const;
      const { model } = load(
        modelBytes({
          opset: 18,
          nodes: [node],
          inputs: [{ name: "x", dtype, shape: [1] }],
          outputs: [{ name: "z", dtype: null }],
          initializers: [
            { name: "y", dtype, shape: [1], data: by },
            {
              ...index,
              name: "at",
              shape: type === "ScatterND" ? [1, 1] : [1],
            },
          ],
        }),
      );
      expect(() => model.run({ x: data })).toThrow(
        new RegExp(`\\(${type}\\): expected results that ${dtype} holds`),
      );
      expect([...model.run({ x: [1] }).z!.data]).toHaveLength(1);
    },
  );

  test.each(["Mean", "AveragePool"])("have no %s", (type) => {
    const { model } = load(
      modelBytes({
        nodes: [
          {
            type,
            inputs: ["x"],
            outputs: ["y"],
            ...(type !== "Mean" && { attributes: { kernel_shape: [2] } }),
          },
        ],
        inputs: [{ name: "x", dtype: "int32", shape: [1, 1, 2] }],
        outputs: [{ name: "y", dtype: null }],
      }),
    );
    const x = [[[3, 6]]];
    expect(() => model.run({ x })).toThrow(
      new RegExp(`\\(${type}\\): expected .*floats, got int32`),
    );
  });
});
