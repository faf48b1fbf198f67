import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import type { Graph } from "../../src/graph/index.js";
import {
  Sequential,
  type Tensor,
  tensor,
  type TensorLike,
} from "../../src/index.js";
import { filled, layersModel } from "../tfjs/build.js";

/** A layer of a functional model: its class, name, config, the layers that it takes, and its weights. */
type Built = readonly [
  className: string,
  name: string,
  config: object,
  from: readonly unknown[],
  weights?: Record<string, Tensor>,
];

/** The graph of layers that are wired as they say, and what it gives. */
function run(
  inputs: Record<string, Tensor | number[][] | number[][][]>,
  layers: readonly Built[],
  outputs: readonly (readonly [string, number])[],
  version = "2.15.0",
): number[][] {
  const given = Object.entries(inputs).map(([name, value]) => {
    const { shape } = Array.isArray(value) ? tensor(value) : value;
    return { name, batch_input_shape: [null, ...shape.slice(1)] };
  });
  const call = (from: unknown) =>
    typeof from === "string" ? [from, 0, 0, {}] : from;
  const built = layers.map(([class_name, name, config, from, weights]) => ({
    class_name,
    config: { name, ...config },
    weights: weights ?? {},
    name,
    inbound_nodes: [from.map(call)],
  }));
  const config = {
    layers: [
      ...given.map((each) => ({
        class_name: "InputLayer",
        name: each.name,
        config: each,
        inbound_nodes: [],
      })),
      ...built.map((layer) => ({ ...layer, weights: undefined })),
    ],
    input_layers: given.map(({ name }) => [name, 0, 0]),
    output_layers: outputs.map(([name, output]) => [name, 0, output]),
  };
  const files = layersModel(built, {
    version,
    model: { class_name: "Functional", config },
  });
  const { model } = load(files, { backend: "simd" });
  if (model instanceof Sequential) {
    const [input] = Object.values(inputs);
    return [[...model.forward(input as TensorLike).output.data]];
  }
  const graph = model as Graph;
  const results = graph.run(inputs);
  return graph.outputs.map(({ name }) => [...results[name]!.data]);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softmax = (scores: readonly number[]) => {
  const most = Math.max(...scores);
  const powers = scores.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

const UNITS = 2;
const [W, U, B] = [0.5, 0.25, 0.125];
const lstmConfig = {
  units: UNITS,
  activation: "tanh",
  recurrent_activation: "sigmoid",
  return_sequences: true,
};
const lstmWeights = (inputs: number, prefix = "") => ({
  [`${prefix}kernel`]: filled(W, inputs, 4 * UNITS),
  [`${prefix}recurrent_kernel`]: filled(U, UNITS, 4 * UNITS),
  [`${prefix}bias`]: filled(B, 4 * UNITS),
});

/** An LSTM all of whose weights are alike, so that its units and gates are: h and c of one unit after each step. */
function lstm(
  steps: readonly number[][],
  { h = 0, c = 0, mask = [] as number[] } = {},
) {
  return steps.map((x, t) => {
    if (mask[t] !== 0) {
      const z = W * x.reduce((a, b) => a + b) + U * UNITS * h + B;
      c = sigmoid(z) * c + sigmoid(z) * Math.tanh(z);
      h = sigmoid(z) * Math.tanh(c);
    }
    return { h, c };
  });
}

function expectClose(got: number[] | undefined, expected: readonly number[]) {
  expect(got).toHaveLength(expected.length);
  expected.forEach((x, i) => expect(got![i]).toBeCloseTo(x, 5));
}

const x = [
  [
    [1, -1],
    [0.5, 0.25],
    [-2, 1],
  ],
];
const steps = x[0]!;
const twice = (values: readonly number[]) => values.flatMap((v) => [v, v]);

describe("recurrent layers in a graph", () => {
  test("start from states, and give theirs", () => {
    const [y, h, c] = run(
      { x, h0: [[0.5, 0.5]], c0: [[-1, -1]] },
      [
        [
          "LSTM",
          "lstm",
          { ...lstmConfig, return_state: true },
          ["x", "h0", "c0"],
          lstmWeights(2),
        ],
      ],
      [
        ["lstm", 0],
        ["lstm", 1],
        ["lstm", 2],
      ],
    );
    const expected = lstm(steps, { h: 0.5, c: -1 });
    expectClose(y, twice(expected.map((each) => each.h)));
    expectClose(h, twice([expected[2]!.h]));
    expectClose(c, twice([expected[2]!.c]));
  });

  test("in both directions: states of each, sequences side by side or apart", () => {
    const inner = {
      class_name: "LSTM",
      config: { ...lstmConfig, name: "inner", return_state: true },
    };
    const weights = {
      ...lstmWeights(2, "forward_inner/"),
      ...lstmWeights(2, "backward_inner/"),
    };
    const states = ["h0", "c0", "h1", "c1"];
    const given = {
      x,
      h0: [[0.5, 0.5]],
      c0: [[-1, -1]],
      h1: [[0.1, 0.1]],
      c1: [[2, 2]],
    };
    const ahead = lstm(steps, { h: 0.5, c: -1 });
    const back = lstm([...steps].reverse(), { h: 0.1, c: 2 });
    const both = run(
      given,
      [
        [
          "Bidirectional",
          "both",
          { layer: inner, merge_mode: "concat" },
          ["x", ...states],
          weights,
        ],
      ],
      [
        ["both", 0],
        ["both", 1],
        ["both", 2],
        ["both", 3],
        ["both", 4],
      ],
    );
    const turned = [...back].reverse();
    expectClose(
      both[0],
      ahead.flatMap(({ h }, t) => [h, h, turned[t]!.h, turned[t]!.h]),
    );
    const ends = [ahead[2]!.h, ahead[2]!.c, back[2]!.h, back[2]!.c];
    ends.forEach((end, i) => expectClose(both[i + 1], [end, end]));
    const apart = run(
      given,
      [
        [
          "Bidirectional",
          "both",
          { layer: inner, merge_mode: null },
          ["x", ...states],
          weights,
        ],
      ],
      [
        ["both", 0],
        ["both", 1],
        ["both", 5],
      ],
    );
    expectClose(apart[0], twice(ahead.map(({ h }) => h)));
    expectClose(apart[1], twice(turned.map(({ h }) => h)));
    expectClose(apart[2], twice([back[2]!.c]));
  });

  test("at each step of a longer sequence: TimeDistributed of an LSTM, and of a model", () => {
    const inner = {
      class_name: "LSTM",
      config: { ...lstmConfig, return_sequences: false, name: "inner" },
    };
    const batch = {
      shape: [1, 2, 3, 2],
      data: Float32Array.from([
        ...steps.flat(),
        ...[...steps].reverse().flat(),
      ]),
    };
    const expected = twice([
      lstm(steps)[2]!.h,
      lstm([...steps].reverse())[2]!.h,
    ]);
    const [alone] = run(
      { x: batch },
      [["TimeDistributed", "each", { layer: inner }, ["x"], lstmWeights(2)]],
      [["each", 0]],
    );
    expectClose(alone, expected);
    const model = {
      class_name: "Sequential",
      config: {
        name: "deep",
        layers: [
          {
            class_name: "InputLayer",
            config: { name: "own", batch_input_shape: [null, 3, 2] },
          },
          inner,
        ],
      },
    };
    const [nested] = run(
      { x: batch },
      [
        [
          "TimeDistributed",
          "each",
          { layer: model },
          ["x"],
          lstmWeights(2, "inner/"),
        ],
      ],
      [["each", 0]],
    );
    expectClose(nested, expected);
  });
});

describe("masks", () => {
  const tokens = [[1, 0, 2, 0]];
  const other = [[0, 1, 1, 0]];
  const table = {
    embeddings: tensor([
      [0, 0],
      [1, 2],
      [-1, 3],
    ]),
  };
  const embedding = (name: string, from: string): Built => [
    "Embedding",
    name,
    { input_dim: 3, output_dim: 2, mask_zero: true },
    [from],
    table,
  ];
  const rows = {
    a: [
      [1, 2],
      [0, 0],
      [-1, 3],
      [0, 0],
    ],
    b: [
      [0, 0],
      [1, 2],
      [1, 2],
      [0, 0],
    ],
  };
  const average = (name: string, from: string): Built => [
    "GlobalAveragePooling1D",
    name,
    {},
    [from],
  ];
  const meanOf = (values: number[][], mask: number[]) =>
    [0, 1].map((i) => {
      const kept = values.filter((_, t) => mask[t]).map((row) => row[i]!);
      return kept.reduce((a, b) => a + b, 0) / kept.length;
    });

  test.each([
    ["2.15.0", [0, 0, 1, 0]],
    ["3.9.2", [1, 1, 1, 0]],
  ])("of sums, as Keras %s has them", (version, mask) => {
    const [mean] = run(
      { a: tokens, b: other },
      [
        embedding("ea", "a"),
        embedding("eb", "b"),
        ["Add", "sum", {}, ["ea", "eb"]],
        average("mean", "sum"),
      ],
      [["mean", 0]],
      version,
    );
    const sums = rows.a.map((row, t) => row.map((v, i) => v + rows.b[t]![i]!));
    expectClose(mean, meanOf(sums, mask));
  });

  test.each([
    ["2.15.0", [1, 0, 1, 0]],
    ["3.9.2", [1, 1, 1, 1]],
  ])("of a sum with what has none, as Keras %s has them", (version, mask) => {
    const plain = [
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    ];
    const [mean] = run(
      { a: tokens, x: plain },
      [
        embedding("ea", "a"),
        ["Add", "sum", {}, ["ea", "x"]],
        average("mean", "sum"),
      ],
      [["mean", 0]],
      version,
    );
    const sums = rows.a.map((row, t) =>
      row.map((v, i) => v + plain[0]![t]![i]!),
    );
    expectClose(mean, meanOf(sums, mask));
  });

  test.each([
    ["2.15.0", [0, 0, 1, 0]],
    ["3.9.2", [1, 1, 1, 0]],
  ])("of features side by side, as Keras %s has them", (version, mask) => {
    const [mean] = run(
      { a: tokens, b: other },
      [
        embedding("ea", "a"),
        embedding("eb", "b"),
        ["Concatenate", "joined", { axis: -1 }, ["ea", "eb"]],
        average("mean", "joined"),
      ],
      [["mean", 0]],
      version,
    );
    expectClose(mean, [...meanOf(rows.a, mask), ...meanOf(rows.b, mask)]);
  });

  test("of sequences one behind another", () => {
    const [mean] = run(
      { a: tokens, b: other },
      [
        embedding("ea", "a"),
        embedding("eb", "b"),
        ["Concatenate", "joined", { axis: 1 }, ["ea", "eb"]],
        average("mean", "joined"),
      ],
      [["mean", 0]],
    );
    expectClose(mean, meanOf([...rows.a, ...rows.b], [1, 0, 1, 0, 0, 1, 1, 0]));
  });

  test("of Masking: through an LSTM and a TimeDistributed Dense, to the average", () => {
    const padded = [
      [
        [1, 2],
        [0, 0],
        [-1, 3],
      ],
    ];
    const mask = [1, 0, 1];
    const [mean, sequence] = run(
      { x: padded },
      [
        ["Masking", "masking", { mask_value: 0 }, ["x"]],
        ["LSTM", "lstm", lstmConfig, ["masking"], lstmWeights(2)],
        [
          "TimeDistributed",
          "each",
          {
            layer: {
              class_name: "Dense",
              config: { name: "d", units: 1, activation: "linear" },
            },
          },
          ["lstm"],
          { kernel: filled(2, 2, 1), bias: filled(1, 1) },
        ],
        average("mean", "each"),
      ],
      [
        ["mean", 0],
        ["lstm", 0],
      ],
      "3.9.2",
    );
    const h = lstm(padded[0]!, { mask }).map((each) => each.h);
    // tfjs: a masked step gives the state as it was
    expectClose(sequence, twice(h));
    const y = h.map((v) => 4 * v + 1);
    expectClose(mean, [(y[0]! + y[2]!) / 2]);
  });

  test("end at Flatten", () => {
    const [flat] = run(
      { a: tokens },
      [embedding("ea", "a"), ["Flatten", "flat", {}, ["ea"]]],
      [["flat", 0]],
    );
    expectClose(flat, rows.a.flat());
  });

  test.each([false, true])(
    "of attention, causal %s: of the value, and of the query",
    (causal) => {
      const [found, mean] = run(
        { a: tokens, b: other },
        [
          embedding("q", "a"),
          embedding("v", "b"),
          [
            "Attention",
            "attention",
            { use_scale: true },
            [
              ["q", 0, 0, { use_causal_mask: causal }],
              ["v", 0, 0, {}],
            ],
            { scale: tensor(0.5 as never) },
          ],
          average("mean", "attention"),
        ],
        [
          ["attention", 0],
          ["mean", 0],
        ],
      );
      const valueMask = [0, 1, 1, 0];
      const expected = rows.a.map((query, t) => {
        if (![1, 0, 1, 0][t]) return [0, 0];
        const scores = rows.b.map((key, s) => {
          const score = 0.5 * query.reduce((sum, v, i) => sum + v * key[i]!, 0);
          return valueMask[s] && !(causal && s > t) ? score : score - 1e9;
        });
        const shares = softmax(scores.map(Math.fround));
        return [0, 1].map((i) =>
          shares.reduce((sum, p, s) => sum + p * rows.b[s]![i]!, 0),
        );
      });
      expectClose(found, expected.flat());
      expectClose(mean, meanOf(expected, [1, 0, 1, 0]));
    },
  );

  test("of MultiHeadAttention: a row that the query's hides finds the mean of all", () => {
    const [I, heads, size] = [2, 2, 3];
    const part = (name: string, value: number): Record<string, Tensor> => ({
      [`${name}/kernel`]: filled(value, I, heads, size),
      [`${name}/bias`]: filled(0.1, heads, size),
    });
    const [found] = run(
      { a: tokens, b: other },
      [
        embedding("q", "a"),
        embedding("v", "b"),
        [
          "MultiHeadAttention",
          "mha",
          { num_heads: heads, key_dim: size, value_dim: size },
          [["q", 0, 0, { value: ["v", 0, 0] }]],
          {
            ...part("query", 0.3),
            ...part("key", 0.2),
            ...part("value", 0.4),
            "attention_output/kernel": filled(0.5, heads, size, 2),
            "attention_output/bias": filled(-1, 2),
          },
        ],
      ],
      [["mha", 0]],
    );
    const project = (row: number[], w: number) => w * (row[0]! + row[1]!) + 0.1;
    const expected = rows.a.flatMap((query, t) => {
      const scores = rows.b.map((key, s) => {
        const score =
          (size * project(query, 0.3) * project(key, 0.2)) / Math.sqrt(size);
        const seen = [1, 0, 1, 0][t] && [0, 1, 1, 0][s];
        return Math.fround(seen ? score : score - 1e9);
      });
      const shares = softmax(scores);
      const value = shares.reduce(
        (sum, p, s) => sum + p * project(rows.b[s]!, 0.4),
        0,
      );
      return twice([0.5 * heads * size * value - 1]);
    });
    expectClose(found, expected);
  });
});

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
    const [y] = run(
      { wide },
      [
        [
          className,
          "y",
          { activation: "linear", ...config },
          ["wide"],
          weights,
        ],
      ],
      [["y", 0]],
    );
    expectClose(y, expected(wide[0]!).flat());
  });
});
