import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, test } from "vitest";
import {
  Embedding,
  GRU,
  init,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type StateDict,
  type Tensor,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";

// Results of Keras that TensorFlow.js compares its layers with: masking, initial states, stateful layers.

interface Case {
  name: string;
  x: number[][];
  h: number[];
  c: number[];
  y: number[];
  y_seq: number[][];
  h_last: number[];
  c_last: number;
  embedding: number[][];
  kernel: number[][];
  recurrent: number[][];
  bias: number[];
  initial_state: number[];
}
const file = new URL(
  "../../../shared/conformance/tfjs/recurrent.json",
  import.meta.url,
);
const { cases = [] } = existsSync(file)
  ? (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] })
  : {};
const named = (name: string) => cases.find((each) => each.name === name)!;

const full = (value: number, ...shape: number[]): Tensor => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
});

/** Keras's matrix [inputs, G·H], its gates in the order i f c o, as ours. */
function transposed(rows: number[][]): Tensor {
  const columns = rows[0]!.map((_, column) => rows.map((row) => row[column]!));
  return {
    shape: [columns.length, rows.length],
    data: Float32Array.from(columns.flat()),
  };
}

/** A layer's weights all the same; of an LSTM the forget gate's bias is `forget`. */
function weights(
  gates: number,
  I: number,
  H: number,
  bias: number,
  forget = bias,
): StateDict {
  const dict = {
    weight_ih_l0: full(1, gates * H, I),
    weight_hh_l0: full(1, gates * H, H),
    bias_ih_l0: full(bias, gates * H),
    bias_hh_l0: full(0, gates * H),
  };
  if (gates === 4) dict.bias_ih_l0.data.fill(forget, H, 2 * H);
  return dict;
}

const lstm = {
  activations: ["hardSigmoid", "tanh", "tanh"],
  maskRule: "state",
} as const;
const gru = {
  activations: ["hardSigmoid", "tanh"],
  resetAfter: false,
} as const;
const ones = (outputs: number) =>
  Linear.fromStateDict({ weight: full(1, 1, outputs) });
const embedding = () =>
  Embedding.fromStateDict({ weight: full(1, 10, 4) }, { maskZero: true });
const masked = (options: { returnSequences?: boolean } = {}) =>
  LSTM.fromStateDict(weights(4, 4, 3, 0, 1), { ...lstm, ...options });

describe.skipIf(!cases.length)(
  "Keras results of TensorFlow.js (skipped where ../shared is absent)",
  () => {
    describe.each(backends)("on %s", (backend) => {
      beforeAll(async () => {
        await init({ backend });
      });
      const close = (actual: Float32Array, expected: number[], what: string) =>
        expectClose(actual, expected, tolerances.tfjs, what);

      test("LSTM ones", () => {
        const { h, c_last } = named("LSTM ones");
        const layer = LSTM.fromStateDict(weights(4, 2, 5, 1), lstm);
        const { output, state } = layer.forward(full(1, 4, 2, 2));
        const rows = [1, 2, 3, 4].flatMap(() =>
          h.flatMap((y) => Array<number>(5).fill(y)),
        );
        close(output.data, rows, "h");
        close(state.cell!.data, Array<number>(20).fill(c_last), "c");
      });

      test("GRU ones", () => {
        const { h } = named("GRU ones");
        const layer = GRU.fromStateDict(weights(3, 2, 5, 1), gru);
        const { output } = layer.forward(full(0, 4, 3, 2));
        const rows = [1, 2, 3, 4].flatMap(() =>
          h.flatMap((y) => Array<number>(5).fill(y)),
        );
        close(output.data, rows, "h");
      });

      test("GRU initial state", () => {
        const { x, h_last, initial_state } = named("GRU initial state");
        const layer = GRU.fromStateDict(weights(3, 4, 2, 0), gru);
        const hidden = {
          shape: [1, 1, 2],
          data: Float32Array.from(initial_state),
        };
        const { state } = layer.forward(x, { state: { hidden } });
        close(state.hidden.data, h_last, "h");
      });

      test("LSTM mask", () => {
        const { x, y, h, c } = named("LSTM mask");
        const model = new Sequential([
          embedding(),
          masked({ returnSequences: false }),
          ones(3),
        ]);
        const { output, state } = model.forward(x);
        const units = (values: number[]) => values.flatMap((v) => [v, v, v]);
        close(output.data, y, "y");
        close(state[1]!.hidden.data, units(h), "h");
        close(state[1]!.cell!.data, units(c), "c");
      });

      test("LSTM mask returnSequences", () => {
        const { x, y_seq } = named("LSTM mask returnSequences");
        const model = new Sequential([embedding(), masked(), ones(3)]);
        close(model.forward(x).output.data, y_seq.flat(), "y");
      });

      test("LSTM mask goBackwards", () => {
        const given = named("LSTM mask goBackwards");
        const layer = LSTM.fromStateDict(
          {
            weight_ih_l0: transposed(given.kernel),
            weight_hh_l0: transposed(given.recurrent),
            bias_ih_l0: { shape: [8], data: Float32Array.from(given.bias) },
            bias_hh_l0: full(0, 8),
          },
          {
            ...lstm,
            direction: "reverse",
            outputOrder: "processing",
            returnSequences: false,
          },
        );
        const weight = {
          shape: [4, 2],
          data: Float32Array.from(given.embedding.flat()),
        };
        const front = Embedding.fromStateDict({ weight }, { maskZero: true });
        const model = new Sequential([front, layer, ones(2)]);
        close(model.forward(given.x).output.data, given.y, "y");
      });

      test("stacked SimpleRNN, LSTM, mask", () => {
        const { x, y } = named("stacked SimpleRNN->LSTM mask");
        const rnn = RNN.fromStateDict(weights(1, 4, 3, 0), {
          maskRule: "state",
        });
        const last = LSTM.fromStateDict(weights(4, 3, 3, 0, 1), {
          ...lstm,
          returnSequences: false,
        });
        const { output } = new Sequential([embedding(), rnn, last]).forward(x);
        close(
          output.data,
          y.flatMap((v) => [v, v, v]),
          "y",
        );
      });

      test("stateful SimpleRNN", () => {
        const { predict1, predict2 } = named(
          "stateful SimpleRNN",
        ) as unknown as {
          predict1: number;
          predict2: number;
        };
        const layer = RNN.fromStateDict(weights(1, 2, 5, 0), {
          activations: ["linear"],
          returnSequences: false,
        });
        const input = full(1, 4, 3, 2);
        const first = layer.forward(input);
        close(first.output.data, Array<number>(20).fill(predict1), "first");
        const second = layer.forward(input, { state: first.state });
        close(second.output.data, Array<number>(20).fill(predict2), "second");
      });
    });
  },
);
