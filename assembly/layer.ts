/*
 * A layer's record, written once by src/kernel/place.ts, read by every kernel; src/kernel/fields.ts lists the same fields
 * in the same order. A kernel asks nothing and checks nothing: sizes and addresses were settled when the record was
 * written. Widths count floats, strides bytes.
 */

/** What every layer's record begins with. */
@unmanaged
export class Layer {
  /** Panels of the input weights, bias in front. */
  input: usize;
  /** How the weights lie in panels: a row of src/kernel/pack/index.ts. */
  format: i32;
  /** Floats in a row of x: even. */
  inputWidth: i32;
  /** Panels of 16 rows in `input`: a row of z has 16 floats a panel. */
  inputPanels: i32;
  /** Quads (4 units) of the output. */
  outputQuads: i32;
  /** Real lanes, 1 to 4, in the last of those quads. */
  outputTail: i32;
  /** Bytes between two rows of y: both directions of a layer write into one row. */
  outputStride: i32;
  /** One of the activations in linear.ts: of an RNN or Linear. */
  activation: i32;
  /** Not 0: it has options that no standard layer has, and takes its functions from here: general.ts. */
  general: i32;

  /* Codes of all-activations.ts, f, g and h as ONNX orders them: each a number and two constants. */
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

  /** The address of the code of f, g or h. */
  @inline
  functionAt(index: i32): usize {
    return changetype<usize>(this) + offsetof<Layer>("f") + index * 12;
  }
}

/* The kinds of recurrent cell, as src/kernel/fields.ts numbers them. */
export const RNN = 1;
export const LSTM = 2;
export const GRU = 3;

/** The record of an RNN, LSTM or GRU. */
@unmanaged
export class Recurrent extends Layer {
  /** Which cell: one of the kinds above. */
  kind: i32;
  /** Panels of the recurrent weights. */
  recurrent: usize;
  /** LSTM: panels of the projection W_hr, or 0. */
  projection: usize;
  /** GRU: panels of the candidate's U where its product waits for the reset gate, or 0. */
  candidate: usize;
  /** Quads of the cell; its outputs have as many but in an LSTM with projection. */
  hiddenQuads: i32;
  /** Real lanes, 1 to 4, in the last of those quads. */
  hiddenTail: i32;
  /** Not 0: from each row's last step to its first. */
  reverse: i32;

  /* What follows is of general cells alone. */

  /** LSTM: weights of c in the gates, or 0; general-lstm.ts draws them. */
  peepholes: usize;
  /** LSTM, not 0: f = 1 - i. */
  coupled: i32;
  /** LSTM: c is limited to ±cellClip; ∞: it is not. */
  cellClip: f32;
  /** GRU, not 0: the reset gate multiplies the candidate's product. */
  resetAfter: i32;
  /** GRU, not 0: the update gate weighs the candidate, not h. */
  replace: i32;
}
