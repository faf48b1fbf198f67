import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { modelBytes } from "./support/build.js";
import { type NodeCase, nodeCases } from "./support/node-cases.js";

interface Printed {
  shape: number[];
  dtype: string;
  data: (number | null)[];
}
const expected = JSON.parse(
  readFileSync(new URL("fixtures/nodes.json", import.meta.url), "utf8"),
) as Record<string, Printed[]>;

/** Runs the node with these inputs constant, and the others given. */
function run({ opset, node, inputs }: NodeCase, constants: readonly string[]) {
  const all = Object.entries(inputs);
  const isConstant = ([name]: [string, unknown]) => constants.includes(name);
  const given = all.filter((entry) => !isConstant(entry));
  const { model } = load(
    modelBytes({
      opset,
      nodes: [node],
      inputs: given.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      outputs: node.outputs.map((name) => ({ name, dtype: null })),
      initializers: all
        .filter(isConstant)
        .map(([name, value]) => ({ name, ...value })),
    }),
  );
  return model.runner.compute(model.runner.check(Object.fromEntries(given)));
}

describe.each(nodeCases.map((run) => [run.name, run] as const))(
  "%s is what onnxruntime makes of it",
  (name, nodeCase) => {
    const names = Object.keys(nodeCase.inputs);
    test.each([
      ["at run time", []],
      ["with constants but the first", names.slice(1)],
      ["at load", names],
    ])("%s", (_, constants) => {
      const results = run(nodeCase, constants);
      expect(expected[name], "a fixture").toBeDefined();
      expect(results.length).toBe(expected[name]!.length);
      expected[name]!.forEach(({ shape, dtype, data }, i) => {
        const result = results[i]!;
        expect(result.shape).toEqual(shape);
        expect(result.dtype).toBe(dtype);
        expect(result.data.length).toBe(data.length);
        // JSON has no infinities and no NaN: null
        data.forEach((value, k) => {
          const got = result.data[k]!;
          if (value === null) expect(Number.isFinite(got)).toBe(false);
          else if (dtype !== "float32") expect(got).toBe(value);
          else {
            const bound = 4e-7 * Math.max(1, Math.abs(value));
            expect(
              Math.abs(got - value),
              `${got} for ${value}`,
            ).toBeLessThanOrEqual(bound);
          }
        });
      });
    });
  },
);
