import { describe, test } from "vitest";
import { tensor, type Tensor } from "../../src/index.js";
import { filled } from "../tfjs/build.js";
import { type Built, expectClose, run, softmax } from "./support/graphs.js";

describe("tensors put together and into other shapes", () => {
  const [a, b] = [[[1, 2, 3]], [[4, 5, -6]]];
  const wide = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ];

  test.each<[string, object, number[]]>([
    ["Add", {}, [5, 7, -3]],
    ["Subtract", {}, [-3, -3, 9]],
    ["Multiply", {}, [4, 10, -18]],
    ["Average", {}, [2.5, 3.5, -1.5]],
    ["Maximum", {}, [4, 5, 3]],
    ["Minimum", {}, [1, 2, -6]],
    ["Concatenate", { axis: -1 }, [1, 2, 3, 4, 5, -6]],
    ["Dot", { axes: 1 }, [-4]],
    ["Dot", { axes: -1, normalize: true }, [-4 / Math.sqrt(14 * 77)]],
    ["Merge", { mode: "sum" }, [5, 7, -3]],
    ["Merge", { mode: "concat", concat_axis: 1 }, [1, 2, 3, 4, 5, -6]],
  ])("%s %o", (className, config, expected) => {
    const [y] = run(
      { a, b },
      [[className, "y", config, ["a", "b"]]],
      [["y", 0]],
    );
    expectClose(y, expected);
  });

  test("sums of a sequence and what is the same at each step", () => {
    const [y] = run(
      { wide, b: [[10, 20]] },
      [["Add", "y", {}, ["wide", "b"]]],
      [["y", 0]],
    );
    expectClose(y, [11, 22, 13, 24, 15, 26]);
  });

  test("Dot of sequences: all pairs of steps", () => {
    const [y, z] = run(
      { wide, b: [[1, -1]] },
      [
        ["Dot", "y", { axes: [2, 2] }, ["wide", "wide"]],
        ["Dot", "z", { axes: [2, 1] }, ["wide", "b"]],
      ],
      [
        ["y", 0],
        ["z", 0],
      ],
    );
    expectClose(y, [5, 11, 17, 11, 25, 39, 17, 39, 61]);
    expectClose(z, [-1, -1, -1]);
  });

  test.each<[string, object, number[]]>([
    ["Flatten", {}, [1, 2, 3, 4, 5, 6]],
    ["Reshape", { target_shape: [2, -1] }, [1, 2, 3, 4, 5, 6]],
    ["Permute", { dims: [2, 1] }, [1, 3, 5, 2, 4, 6]],
    ["Cropping1D", { cropping: [1, 0] }, [3, 4, 5, 6]],
    ["UpSampling1D", { size: 2 }, [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6]],
    ["ZeroPadding1D", { padding: [1, 0] }, [0, 0, 1, 2, 3, 4, 5, 6]],
    ["GlobalMaxPooling1D", {}, [5, 6]],
    ["GlobalAveragePooling1D", {}, [3, 4]],
    [
      "MaxPooling1D",
      { pool_size: 2, strides: 1, padding: "same" },
      [3, 4, 5, 6, 5, 6],
    ],
    [
      "AveragePooling1D",
      { pool_size: 2, strides: 1, padding: "same" },
      [2, 3, 4, 5, 5, 6],
    ],
    [
      "Softmax",
      { axis: 1 },
      [0, 1, 2].flatMap((t) => {
        const p = softmax([1, 3, 5])[t]!;
        return [p, p];
      }),
    ],
    [
      "ReLU",
      { max_value: 4, threshold: 2, negative_slope: 0.5 },
      [-0.5, 2, 3, 4, 4, 4],
    ],
  ])("%s %o", (className, config, expected) => {
    const [y] = run({ wide }, [[className, "y", config, ["wide"]]], [["y", 0]]);
    expectClose(y, expected);
  });

  test("Dense of more axes: each of the last by itself, and all are known behind it", () => {
    const plain = { activation: "linear", use_bias: false };
    const [y, sum] = run(
      { wide },
      [
        ["Reshape", "cut", { target_shape: [3, 1, 2] }, ["wide"]],
        ["Add", "twice", {}, ["cut", "cut"]],
        [
          "Dense",
          "y",
          { units: 1, ...plain },
          ["twice"],
          { kernel: tensor([[1], [10]]) },
        ],
        ["Concatenate", "both", { axis: 1 }, ["y", "y"]],
        ["Flatten", "flat", {}, ["both"]],
        [
          "Dense",
          "sum",
          { units: 1, ...plain },
          ["flat"],
          { kernel: tensor([[1], [2], [3], [0], [0], [0]]) },
        ],
      ],
      [
        ["y", 0],
        ["sum", 0],
      ],
    );
    expectClose(y, [42, 86, 130]);
    expectClose(sum, [42 + 2 * 86 + 3 * 130]);
  });

  test("RepeatVector", () => {
    const [y] = run(
      { a },
      [["RepeatVector", "y", { n: 2 }, ["a"]]],
      [["y", 0]],
    );
    expectClose(y, [1, 2, 3, 1, 2, 3]);
  });

  test.each<
    [string, object, Record<string, Tensor>, (s: number[][]) => number[][]]
  >([
    [
      "Conv1D",
      {
        filters: 1,
        kernel_size: [2],
        padding: "causal",
        dilation_rate: [2],
        activation: "relu",
      },
      {
        kernel: tensor([
          [[1], [10]],
          [[100], [1000]],
        ]),
        bias: filled(0.5, 1),
      },
      (s) =>
        s.map((row, t) => [
          (t > 1 ? s[t - 2]![0]! + 10 * s[t - 2]![1]! : 0) +
            100 * row[0]! +
            1000 * row[1]! +
            0.5,
        ]),
    ],
    [
      "Conv1D",
      {
        filters: 1,
        kernel_size: [4],
        strides: [2],
        padding: "same",
        use_bias: false,
      },
      {
        kernel: tensor([
          [[1], [0]],
          [[10], [0]],
          [[100], [0]],
          [[1000], [0]],
        ]),
      },
      // 3 steps, 2 windows: 3 of padding, the smaller half in front
      (s) => [
        [0 + 10 * s[0]![0]! + 100 * s[1]![0]! + 1000 * s[2]![0]!],
        [s[1]![0]! + 10 * s[2]![0]!],
      ],
    ],
    [
      "Conv1D",
      {
        filters: 1,
        kernel_size: [2],
        padding: "valid",
        dilation_rate: [2],
        use_bias: false,
      },
      {
        kernel: tensor([
          [[1], [10]],
          [[100], [1000]],
        ]),
      },
      (s) => [
        [s[0]![0]! + 10 * s[0]![1]! + 100 * s[2]![0]! + 1000 * s[2]![1]!],
      ],
    ],
    [
      "DepthwiseConv1D",
      { kernel_size: 2, depth_multiplier: 2, use_bias: false },
      {
        depthwise_kernel: tensor([
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ]),
      },
      (s) =>
        [0, 1].map((t) =>
          [0, 1].flatMap((i) =>
            [0, 1].map(
              (m) =>
                (2 * i + m + 1) * s[t]![i]! + (5 + 2 * i + m) * s[t + 1]![i]!,
            ),
          ),
        ),
    ],
    [
      "SeparableConv1D",
      { filters: 1, kernel_size: 2, use_bias: true },
      {
        depthwise_kernel: tensor([
          [[1], [2]],
          [[3], [4]],
        ]),
        pointwise_kernel: tensor([[[10], [100]]]),
        bias: filled(1, 1),
      },
      (s) =>
        [0, 1].map((t) => [
          10 * (s[t]![0]! + 3 * s[t + 1]![0]!) +
            100 * (2 * s[t]![1]! + 4 * s[t + 1]![1]!) +
            1,
        ]),
    ],
  ])("%s %o", (className, config, weights, expected) => {
    const layer: Built = [
      className,
      "y",
      { activation: "linear", ...config },
      ["wide"],
      weights,
    ];
    const wanted = expected(wide[0]!).flat();
    expectClose(run({ wide }, [layer], [["y", 0]])[0], wanted);
    // beside another output it is no chain, and how long it is tells how many weights are behind
    const size = wanted.length;
    const [y, sum] = run(
      { wide },
      [
        layer,
        ["Flatten", "flat", {}, ["y"]],
        [
          "Dense",
          "sum",
          { units: 1, activation: "linear", use_bias: false },
          ["flat"],
          { kernel: filled(1, size, 1) },
        ],
      ],
      [
        ["y", 0],
        ["sum", 0],
      ],
    );
    expectClose(y, wanted);
    expectClose(sum, [wanted.reduce((all, value) => all + value)]);
  });
});
