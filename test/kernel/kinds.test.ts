import { describe, expect, test } from "vitest";
import { LSTM } from "../../src/index.js";
import {
  gateOrder,
  parametersOf,
  peepholeOrder,
  RECURRENT_KINDS,
} from "../../src/layers/cells.js";
import { RECURRENT } from "../../src/kernel/fields.js";
import { forward } from "../../src/kernel/forward.js";
import { Network } from "../../src/kernel/network.js";

describe("a kind that nobody knows", () => {
  // it was run as an RNN
  test.each(["simd", "js"] as const)("is an error on %s", (backend) => {
    const { stages } = new LSTM({ inputSize: 3, hiddenSize: 5 });
    const network = new Network(stages, backend);
    const run = {
      input: new Float32Array(6),
      batch: 1,
      steps: 2,
      lengths: null,
      states: [],
      trace: null,
    };
    const [{ weights }] = network.cells as [(typeof network.cells)[0]];
    network.memory.i32[(weights.record >> 2) + RECURRENT.indexOf("kind")] = 9;
    expect(() => forward(network, network.memory.end, run)).toThrow(
      backend === "js" ? "a kind of cell, got 9" : "unreachable",
    );
  });
});

describe("orders of gates", () => {
  test.each([
    ["RNN", "keras", [0]],
    ["LSTM", "keras", [0, 1, 2, 3]],
    ["GRU", "keras", [1, 0, 2]],
    ["RNN", "onnx", [0]],
    ["LSTM", "onnx", [0, 2, 3, 1]],
    ["GRU", "onnx", [1, 0, 2]],
    ["LSTM", "pytorch", [0, 1, 2, 3]],
  ] as const)("%s, %s", (type, framework, order) => {
    expect(gateOrder(RECURRENT_KINDS[type], framework)).toEqual(order);
  });

  test("peepholes, ONNX", () => {
    expect(peepholeOrder(RECURRENT_KINDS.LSTM)).toEqual([0, 2, 1]);
    expect(peepholeOrder(RECURRENT_KINDS.GRU)).toEqual([]);
  });
});

test("a kind's parameters are those of PyTorch, in its order", () => {
  const sizes = { inputSize: 2, hiddenSize: 5, outputSize: 3 };
  const all = {
    bias: true,
    projection: true,
    peepholes: true,
    learnedState: true,
  };
  expect(parametersOf(RECURRENT_KINDS.LSTM, sizes, all)).toEqual([
    ["weight_ih", [20, 2]],
    ["weight_hh", [20, 3]],
    ["bias_ih", [20]],
    ["bias_hh", [20]],
    ["weight_hr", [3, 5]],
    ["weight_peephole", [15]],
    ["hidden0", [3]],
    ["cell0", [5]],
  ]);
  // what a GRU cannot have it has not, whatever is asked for
  const names = parametersOf(RECURRENT_KINDS.GRU, sizes, all).map(
    ([name]) => name,
  );
  expect(names.join(" ")).toBe("weight_ih weight_hh bias_ih bias_hh hidden0");
});
