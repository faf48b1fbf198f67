import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import type { Graph } from "../../src/graph/index.js";
import { expectClose } from "../support/compare.js";
import { tolerances } from "../support/tolerances.js";
import { filled, layersModel } from "../tfjs/build.js";

const norm = (axis: unknown) => ({
  class_name: "BatchNormalization",
  config: { axis, epsilon: 0.5 },
  weights: {
    gamma: filled(3, 2),
    beta: filled(1, 2),
    moving_mean: filled(2, 2),
    moving_variance: filled(3.5, 2),
  },
});
const dense = (config: object) => ({
  class_name: "Dense",
  config: { units: 2, activation: "linear", ...config },
  weights: { kernel: filled(1, 3, 2), bias: filled(0.5, 2) },
});

describe("BatchNormalization", () => {
  test.each<[string, object, unknown]>([
    ["-1", {}, -1],
    ["[1], by the shape of the input", { batch_input_shape: [null, 3] }, [1]],
    ["[1], of a model of Dense layers that does not say", {}, [1]],
    ["[2] of sequences", { batch_input_shape: [null, 5, 3] }, [2]],
  ])("of the features: axis %s", (_, config, axis) => {
    const { model } = load(layersModel([dense(config), norm(axis)]));
    const { output } = model.forward([[1, 2, 3]]);
    const value = (3 * (6.5 - 2)) / 2 + 1; // γ (x - μ) / √(3.5 + ½) + β
    expectClose(output.data, Float32Array.of(value, value), tolerances.keras);
  });

  test("of the steps", () => {
    const files = layersModel([
      dense({ batch_input_shape: [null, 2, 3] }),
      {
        ...norm([1]),
        weights: {
          ...norm([1]).weights,
          beta: { shape: [2], data: Float32Array.of(1, 10) },
        },
      },
    ]);
    const graph = load(files).model as Graph;
    const { output } = graph.forward([
      [
        [1, 2, 3],
        [0, 0, 0],
      ],
    ]);
    const [first, second] = [(3 * (6.5 - 2)) / 2 + 1, (3 * (0.5 - 2)) / 2 + 10];
    const expected = [first, first, second, second].map(Math.fround);
    expectClose(output.data, Float32Array.from(expected), tolerances.keras);
    const wide = layersModel([
      dense({ batch_input_shape: [null, 3, 3] }),
      norm([1]),
    ]);
    expect(() => load(wide)).toThrow(
      /^layer "layer1" \(BatchNormalization\): expected 2 features, got 3$/,
    );
  });
});
