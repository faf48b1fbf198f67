import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import { tensor, type Tensor } from "../../src/index.js";
import { filled, layersModel } from "../tfjs/build.js";
import {
  type Built,
  run,
  softmax,
  lstmConfig,
  lstmWeights,
  lstm,
  expectClose,
  twice,
} from "./support/graphs.js";

test("an Embedding that says nothing of a mask has none", () => {
  const words = {
    input_dim: 3,
    output_dim: 2,
    batch_input_shape: [null, null],
  };
  const model = (config: object) =>
    load(
      layersModel([
        {
          class_name: "Embedding",
          config: { ...words, ...config },
          weights: { embeddings: filled(1, 3, 2) },
        },
        { class_name: "LSTM", config: lstmConfig, weights: lstmWeights(2) },
      ]),
    ).model;
  expect(model({})).toHaveProperty("masks", false);
  expect(model({ mask_zero: true })).toHaveProperty("masks", true);
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

  test.each([
    ["a row that the query's hides finds the mean of all", null],
    [
      "one of its own hides more, whatever its numbers are",
      [
        [1, 1, 0, 1],
        [1, 1, 1, 1],
        [0, 2, 0, 1],
        [1, 1, 1, 1],
      ],
    ],
  ])("of MultiHeadAttention: %s", (_, own) => {
    const [I, heads, size] = [2, 2, 3];
    const values = [[0, 0], rows.a[0]!, rows.a[2]!, [0, 0]];
    const part = (name: string, value: number): Record<string, Tensor> => ({
      [`${name}/kernel`]: filled(value, I, heads, size),
      [`${name}/bias`]: filled(0.1, heads, size),
    });
    const [found] = run(
      { a: tokens, b: [[0, 1, 2, 0]], ...(own && { m: [own] }) },
      [
        embedding("q", "a"),
        embedding("v", "b"),
        [
          "MultiHeadAttention",
          "mha",
          { num_heads: heads, key_dim: size, value_dim: size },
          [
            [
              "q",
              0,
              0,
              {
                value: ["v", 0, 0],
                ...(own && { attention_mask: ["m", 0, 0] }),
              },
            ],
          ],
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
      const scores = values.map((key, s) => {
        const score =
          (size * project(query, 0.3) * project(key, 0.2)) / Math.sqrt(size);
        const seen = [1, 0, 1, 0][t] && [0, 1, 1, 0][s] && (own?.[t]?.[s] ?? 1);
        return Math.fround(seen ? score : score - 1e9);
      });
      const shares = softmax(scores);
      const value = shares.reduce(
        (sum, p, s) => sum + p * project(values[s]!, 0.4),
        0,
      );
      return twice([0.5 * heads * size * value - 1]);
    });
    expectClose(found, expected);
  });
});
