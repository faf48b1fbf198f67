import { tensor } from "../../../src/index.js";
import { Random } from "../../support/random.js";
import { type ModelSpec, modelBytes, type NodeSpec } from "./build.js";

/** Shapes of the weights of a node. */
export interface Sizes {
  gates: number;
  inputSize: number;
  hiddenSize: number;
  directions?: number;
}

/** Small numbers that differ from each other. */
export function ramp(count: number, scale = 1): number[] {
  return Array.from(
    { length: count },
    (_, i) => (scale * (((i * 29) % 23) - 11)) / 16,
  );
}

export function weights({
  gates,
  inputSize,
  hiddenSize,
  directions = 1,
}: Sizes) {
  const tensor = (name: string, ...shape: number[]) => ({
    name,
    shape,
    data: ramp(shape.reduce((a, b) => a * b)),
  });
  const rows = gates * hiddenSize;
  return [
    tensor("W", directions, rows, inputSize),
    tensor("R", directions, rows, hiddenSize),
    tensor("B", directions, 2 * rows),
  ];
}

/** A model of one recurrent node, X [steps, batch, 2] → Y, Y_h, and the states as inputs where asked. */
export function recurrentModel(
  type: "RNN" | "LSTM" | "GRU",
  attributes: NodeSpec["attributes"] = {},
  rest: Partial<ModelSpec> & { node?: Partial<NodeSpec> } = {},
): Uint8Array {
  const gates = { RNN: 1, LSTM: 4, GRU: 3 }[type];
  const { node, ...model } = rest;
  return modelBytes({
    nodes: [
      {
        type,
        name: "cell",
        inputs: ["X", "W", "R", "B", "lengths", "h0"],
        outputs: ["Y", "hn"],
        attributes: { hidden_size: 3, ...attributes },
        ...node,
      },
    ],
    inputs: [
      { name: "X", shape: ["steps", "batch", 2] },
      { name: "lengths", dtype: "int32", shape: ["batch"] },
      { name: "h0", shape: [1, "batch", 3] },
    ],
    outputs: [
      { name: "Y", shape: ["steps", 1, "batch", 3] },
      { name: "hn", shape: [1, "batch", 3] },
    ],
    initializers: weights({ gates, inputSize: 2, hiddenSize: 3 }),
    ...model,
  });
}

/** What the inputs of a `recurrentModel` may be: 4 steps of 2 sequences. */
export function recurrentInputs() {
  const random = new Random(1);
  return {
    X: random.tensor([4, 2, 2]),
    lengths: tensor([4, 4]),
    h0: random.tensor([1, 2, 3]),
  };
}
