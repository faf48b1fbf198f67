/* The kinds of cell, as src/kernel/contract.ts numbers them. */
export const LINEAR = 0;
export const RNN = 1;
export const LSTM = 2;
export const GRU = 3;

/**
 * A layer's record, written once by src/kernel/panels.ts, read by every kernel. A kernel asks nothing and checks
 * nothing: sizes and addresses were settled when the record was written. Widths count floats, strides bytes.
 */
@unmanaged
export class Layer {
  /** Panels of the input weights, bias in front. */
  input: usize;
  /** Panels of the recurrent weights. */
  recurrent: usize;
  /** LSTM: panels of the projection W_hr, or 0. GRU with reset before: panels of the candidate's U, or 0. */
  second: usize;
  /** Floats in a row of x: even. */
  inputWidth: i32;
  /** Panels of 16 rows in `input`: a row of z has 16 floats a panel. */
  inputPanels: i32;
  /** Quads (4 units) of the cell, and of its output; they differ only in an LSTM with projection. */
  hiddenQuads: i32;
  outputQuads: i32;
  /** Real lanes, 1 to 4, in the last of those quads. */
  hiddenTail: i32;
  outputTail: i32;
  /** Bytes between two rows of y: both directions of a layer write into one row. */
  outputStride: i32;
  /** Not 0: from each row's last step to its first. */
  reverse: i32;
  /** Which cell: one of the kinds above. */
  kind: i32;
  /** One of the activations in linear.ts: of an RNN or Linear. */
  activation: i32;
  /** Not 0: the cell has options that are no standard one's, and takes its gates by general.ts. */
  general: i32;

  /* What follows is of such cells alone. */

  /** Three slots of curves.ts, the activations f, g and h as ONNX orders them. */
  f: i32;
  fa: f32;
  fb: f32;
  g: i32;
  ga: f32;
  gb: f32;
  h: i32;
  ha: f32;
  hb: f32;
  /** Sums are limited to ±clip; ∞: they are not. */
  clip: f32;
  /** LSTM: weights of c in the gates, or 0; general-lstm.ts draws them. */
  peepholes: usize;
  /** LSTM, not 0: f = 1 - i. */
  coupled: i32;
  /** GRU, not 0: the reset gate multiplies the candidate's product. */
  resetAfter: i32;
  /** GRU, not 0: the update gate weighs the candidate, not h. */
  replace: i32;

  /** The address of f, g or h. */
  @inline
  slot(index: i32): usize {
    return changetype<usize>(this) + offsetof<Layer>("f") + index * 12;
  }
}
