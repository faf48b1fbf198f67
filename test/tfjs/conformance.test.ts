import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Sequential } from "../../src/index.js";
import { load } from "../../src/formats/tfjs/index.js";
import {
  type Backend,
  type Nested,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { type BuiltLayer, filled, layersModel } from "./build.js";

// What the tests of tensorflow/tfjs expect of its recurrent layers; those that train are left to training.
const file = new URL(
  "../../../shared/conformance/tfjs/recurrent.json",
  import.meta.url,
);

interface Case {
  name: string;
  x: Nested;
  [key: string]: unknown;
}

const GATES = { SimpleRNN: 1, LSTM: 4, GRU: 3 };

/** Kernels of ones, or as given; the bias is of one number, but 1 for the forget gate of an LSTM. */
function recurrent(
  class_name: keyof typeof GATES,
  inputs: number,
  units: number,
  bias: number,
  config: Record<string, unknown> = {},
): BuiltLayer {
  const rows = GATES[class_name] * units;
  const biases = filled(bias, rows);
  if (class_name === "LSTM") biases.data.fill(1, units, 2 * units);
  return {
    class_name,
    config: {
      units,
      activation: "tanh",
      recurrent_activation: "hard_sigmoid",
      ...(class_name === "GRU" && { reset_after: false }),
      ...config,
    },
    weights: {
      kernel: filled(1, inputs, rows),
      recurrent_kernel: filled(1, units, rows),
      bias: biases,
    },
  };
}

const embedding = (table: Tensor): BuiltLayer => ({
  class_name: "Embedding",
  config: {
    input_dim: table.shape[0],
    output_dim: table.shape[1],
    mask_zero: true,
  },
  weights: { embeddings: table },
});

const ones = (inputs: number): BuiltLayer => ({
  class_name: "Dense",
  config: { units: 1, activation: "linear", use_bias: false },
  weights: { kernel: filled(1, inputs, 1) },
});

const forTokens = [embedding(filled(1, 10, 4)), recurrent("LSTM", 4, 3, 0)];
const sequences = { return_sequences: true };

describe.skipIf(!existsSync(file))(
  "results of tensorflow/tfjs (skipped where ../shared is absent)",
  () => {
    const { cases } = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] })
      : { cases: [] };
    const find = (name: string) => cases.find((each) => each.name === name)!;

    test("there are 12; the four that train belong to training", () => {
      expect(cases).toHaveLength(12);
      const training = cases.filter(({ name }) => name.startsWith("BPTT"));
      expect(training.map(({ name }) => name)).toEqual([
        "BPTT LSTM",
        "BPTT GRU",
        "BPTT SimpleRNN",
        "BPTT masked LSTM",
      ]);
    });

    describe.each(backends)("on %s", (backend) => {
      const open = (layers: BuiltLayer[]) =>
        load(layersModel(layers, { version: "tfjs-layers 4.22.0" }), {
          backend: backend as Backend,
        }).model as Sequential;
      const run = (layers: BuiltLayer[], input: Tensor) =>
        open(layers).forward(input);
      const close = (actual: Float32Array, expected: ArrayLike<number>) =>
        expectClose(actual, expected, tolerances.tfjs);
      /** Each number as often as there are units. */
      const repeated = (values: unknown, times: number): number[] =>
        (values as number[]).flatMap((value) => Array(times).fill(value));

      test.each([
        ["LSTM ones", "LSTM", filled(1, 4, 2, 2)],
        ["GRU ones", "GRU", filled(0, 4, 3, 2)],
      ] as const)("%s", (name, kind, input) => {
        const layer = recurrent(kind, 2, 5, 1, sequences);
        const { output, state } = run([layer], input);
        const { h, c_last } = find(name);
        const each = repeated(h, 5);
        close(output.data, [...each, ...each, ...each, ...each]);
        if (kind === "LSTM")
          close(state[0]!.cell!.data, Array(20).fill(c_last));
      });

      test("GRU initial state", () => {
        const { x, initial_state, h_last } = find("GRU initial state");
        const hidden = tensor([[initial_state as number[]]]);
        const model = open([recurrent("GRU", 4, 2, 0)]);
        const { output } = model.forward(x, { state: [{ hidden }] });
        close(output.data, h_last as number[]);
      });

      test("LSTM mask", () => {
        const { x, y, h, c } = find("LSTM mask");
        const { output, state } = run([...forTokens, ones(3)], tensor(x));
        close(output.data, y as number[]);
        close(state[1]!.hidden.data, repeated(h, 3));
        close(state[1]!.cell!.data, repeated(c, 3));
      });

      test("LSTM mask returnSequences", () => {
        const { x, y_seq } = find("LSTM mask returnSequences");
        const lstm = recurrent("LSTM", 4, 3, 0, sequences);
        const layers = [forTokens[0]!, lstm, ones(3)];
        const { output } = run(layers, tensor(x));
        close(output.data, (y_seq as number[][]).flat());
      });

      test("LSTM mask goBackwards", () => {
        const one = find("LSTM mask goBackwards");
        const matrix = (key: string) => tensor(one[key] as Nested);
        const layer = recurrent("LSTM", 2, 2, 0, { go_backwards: true });
        const weights = {
          kernel: matrix("kernel"),
          recurrent_kernel: matrix("recurrent"),
          bias: matrix("bias"),
        };
        const table = embedding(matrix("embedding"));
        const layers = [table, { ...layer, weights }, ones(2)];
        close(run(layers, tensor(one.x)).output.data, one["y"] as number[]);
      });

      test("stacked SimpleRNN->LSTM mask", () => {
        const { x, y } = find("stacked SimpleRNN->LSTM mask");
        const rnn = recurrent("SimpleRNN", 4, 3, 0, sequences);
        const lstm = recurrent("LSTM", 3, 3, 0);
        // the expected numbers are those of each unit, without a Dense
        const { output } = run([forTokens[0]!, rnn, lstm], tensor(x));
        close(output.data, repeated(y, 3));
      });

      test("stateful SimpleRNN", () => {
        const { predict1, predict2, after_reset } = find("stateful SimpleRNN");
        const layer = recurrent("SimpleRNN", 2, 5, 0, {
          activation: "linear",
          stateful: true,
        });
        const model = open([layer]);
        const input = filled(1, 4, 3, 2);
        const first = model.forward(input);
        const second = model.forward(input, { state: first.state });
        const again = model.forward(input);
        const next = model.forward(input, { state: again.state });
        const [one, two] = after_reset as number[];
        const expected = [predict1, predict2, one, two] as number[];
        [first, second, again, next].forEach(({ output }, i) =>
          close(output.data, Array(20).fill(expected[i])),
        );
      });
    });
  },
);
