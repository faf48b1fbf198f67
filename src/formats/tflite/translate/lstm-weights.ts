/*
 * Reads the weights of an LSTM operator, gates i f c o: inputs 1 to 4 multiply x, 5 to 8 h, 9 to 11 are peepholes of i, f
 * and o, 12 to 15 biases, 16 and 17 the projection, 20 to 23 scales of normalisations. Without weights of i, i = 1 - f.
 */
import { joined, type Numbers, type Value } from "../../../graph/index.js";
import type { FusedActivation } from "../schema.js";
import type { Call } from "./call.js";

export interface Gate {
  readonly W: Value; // [H, I]
  readonly R: Value; // [H, P]
  readonly bias: Value | null; // [H]
  readonly peephole: Value | null; // [H]
  readonly norm: Value | null; // [H]
}

export interface LstmWeights {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** The size of h: the projection's, otherwise that of c. */
  readonly outputSize: number;
  /** null if i = 1 - f. */
  readonly input: Gate | null;
  readonly forget: Gate;
  readonly candidate: Gate;
  readonly output: Gate;
  readonly projection: Value | null; // [P, H]
  readonly projectionBias: Value | null; // [P]
  /** The activation of the candidate and of c for the output. */
  readonly activation: FusedActivation;
  /** Infinity if c is not limited. */
  readonly cellClip: number;
  readonly projectionClip: number;
}

/** The indices of a cell's inputs among the operator's. */
export interface LstmPlaces {
  readonly W: number;
  readonly R: number;
  readonly peephole: number;
  readonly bias: number;
  readonly projection: number;
  readonly norm: number | null;
  /** Weights of a second input, whose columns follow those of the first. */
  readonly auxiliary: number | null;
}

export const SINGLE: LstmPlaces = {
  W: 1,
  R: 5,
  peephole: 9,
  bias: 12,
  projection: 16,
  norm: 20,
  auxiliary: null,
};

export function readLstm(call: Call, places: LstmPlaces): LstmWeights {
  const { options } = call;
  const gateAt = (index: number): Gate | null => {
    if (!call.has(places.W + index)) return null;
    const own = constant(call, places.W + index, 2);
    const more = places.auxiliary === null ? null : places.auxiliary + index;
    const peephole = PEEPHOLES[index] as number;
    return {
      W:
        more !== null && call.has(more)
          ? beside(own, constant(call, more, 2))
          : own,
      R: constant(call, places.R + index, 2),
      bias: optional(call, places.bias + index),
      peephole:
        peephole < 0 ? null : optional(call, places.peephole + peephole),
      norm: places.norm === null ? null : optional(call, places.norm + index),
    };
  };
  const [input, forget, candidate, output] = [0, 1, 2, 3].map(gateAt) as [
    Gate | null,
    Gate,
    Gate,
    Gate,
  ];
  if (!forget || !candidate || !output)
    throw call.refuse("expected weights of the gates f, c and o, got none");
  const [hiddenSize = 0, inputSize = 0] = forget.W.shape;
  const projection = call.has(places.projection)
    ? constant(call, places.projection, 2)
    : null;
  const outputSize = projection?.shape[0] ?? hiddenSize;
  const weights = {
    inputSize,
    hiddenSize,
    outputSize,
    input,
    forget,
    candidate,
    output,
    projection,
    projectionBias: optional(call, places.projection + 1),
    activation: call.fused,
    cellClip: limit(options.float("cell_clip")),
    projectionClip: limit(options.float("proj_clip")),
  };
  check(call, weights);
  return weights;
}

/** 0 means no limit. */
const limit = (clip: number): number => (clip > 0 ? clip : Infinity);

/** For each gate, the index of its peephole; -1 for none. */
const PEEPHOLES = [0, 1, -1, 2];

function check(call: Call, weights: LstmWeights): void {
  const { inputSize, hiddenSize, outputSize, projection } = weights;
  const expect = (value: Value | null, shape: readonly number[]) => {
    if (!value || String(value.shape) === String(shape)) return;
    throw call.refuse(
      `expected weights of [${shape.join(", ")}], got [${value.shape.join(", ")}]`,
    );
  };
  for (const gate of [
    weights.input,
    weights.forget,
    weights.candidate,
    weights.output,
  ]) {
    if (!gate) continue;
    expect(gate.W, [hiddenSize, inputSize]);
    expect(gate.R, [hiddenSize, outputSize]);
    for (const vector of [gate.bias, gate.peephole, gate.norm])
      expect(vector, [hiddenSize]);
  }
  expect(projection, [outputSize, hiddenSize]);
  expect(weights.projectionBias, [outputSize]);
  if (!(inputSize && hiddenSize && outputSize))
    throw call.refuse("expected sizes of at least 1, got 0");
}

/** A constant input of floats. */
export function constant(call: Call, input: number, rank: number): Value {
  const value = call.known(input);
  if (value?.dtype === "float32" && value.shape.length === rank) return value;
  const got = value
    ? `${value.dtype} of ${value.shape.length} axes`
    : "a computed value";
  throw call.refuse(
    `expected input ${input} to be constant floats of ${rank} axes, got ${got}`,
  );
}

export const optional = (call: Call, input: number): Value | null =>
  call.has(input) ? constant(call, input, 1) : null;

/** Concatenates the columns of two matrices. */
export function beside(a: Value, b: Value): Value {
  const [rows = 0, left = 0] = a.shape;
  const [, right = 0] = b.shape;
  const width = left + right;
  return joined([a, b], [rows, width], ([x, y]) => {
    const data = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const at = row * width;
      data.set((x as Numbers).subarray(row * left, (row + 1) * left), at);
      data.set(
        (y as Numbers).subarray(row * right, (row + 1) * right),
        at + left,
      );
    }
    return data;
  });
}

/** Concatenates along the first axis. */
export function below(list: readonly Value[]): Value {
  const [first] = list as [Value];
  const size = list.reduce((sum, { data }) => sum + data.length, 0);
  const rest = first.shape.slice(1);
  const rows = size / rest.reduce((all, n) => all * n, 1);
  return joined(list, [rows, ...rest], (parts) => {
    const data = new Float32Array(size);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return data;
  });
}

export const zeros = (size: number): Value => ({
  dtype: "float32",
  shape: [size],
  data: new Float32Array(size),
});
