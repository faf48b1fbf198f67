/**
 * The kernel's contract: what both WebAssembly binaries (assembly/) and the plain JavaScript kernel (js/) fulfil.
 * Addresses and strides are bytes in the model's one memory; a kernel allocates nothing and checks nothing.
 *
 * Sizes: B rows (sequences of the batch), T steps, quads = units / 4 rounded up.
 */

/**
 * One layer and direction over a chunk of B rows × T steps: project the inputs, then run through time.
 *
 * @param layer   address of the layer's record (`Field`)
 * @param x       [B, T, inputWidth]
 * @param z       [B, T, 16 · inputPanels], scratch; behind it what `scratchFloats` of the layer says
 * @param y       [B, T, outputStride / 4]; written where this direction's lanes begin
 * @param h       [B, 4 · outputQuads], the state before, then after the chunk
 * @param c       [B, 4 · hiddenQuads], LSTM alone
 * @param lengths B int32, each row's steps in this chunk, longest first; 0: every row has all
 * @param trace   where one row's gates are written, 0: nowhere (B must be 1 otherwise)
 */
export type Pass = (
  layer: number,
  x: number,
  z: number,
  y: number,
  h: number,
  c: number,
  lengths: number,
  rows: number,
  steps: number,
  trace: number,
) => void;

/** What runs layers, with the same parameters for all. */
export interface Kernel {
  /** Linear. */
  readonly linear: Pass;
  /** RNN, LSTM and GRU: the record says which, and whether with options that few have. */
  readonly recurrent: Pass;
}

/** The fields of a layer's record, int32 each, in the order of `class Layer` in assembly/layer.ts, which explains them. */
export const Field = {
  input: 0,
  recurrent: 1,
  second: 2,
  inputWidth: 3,
  inputPanels: 4,
  hiddenQuads: 5,
  outputQuads: 6,
  hiddenTail: 7,
  outputTail: 8,
  outputStride: 9,
  reverse: 10,
  kind: 11,
  activation: 12,
  general: 13,
  curves: 14, // three times: number, a, b (float32)
  clip: 23, // float32
  peepholes: 24,
  coupled: 25,
  resetAfter: 26,
  replace: 27,
} as const;
export const RECORD_FIELDS = 28;

/** The kinds of cell, by the numbers that assembly/layer.ts gives them. */
export const KINDS = ["linear", "rnn", "lstm", "gru"] as const;

/** The activations of RNN and Linear, by the numbers that assembly/linear.ts gives them. */
export const ACTIVATIONS = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "softmax",
] as const;
/** A function that the standard kernels know; softmax is a Linear's alone. */
export type Activation = (typeof ACTIVATIONS)[number];

/** What a quad leaves in the trace, four floats each, by the names that users know. */
export const TRACED_GATES = {
  lstm: ["input", "forget", "candidate", "output", "cell"],
  gru: ["reset", "update", "candidate"],
  rnn: [],
  linear: [],
} as const;
