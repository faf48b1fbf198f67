import { GRU, LSTM, RNN } from "../layer";

export { GRU, LSTM, RNN };

/**
 * A cell's record: its weights, its place on the tape, and what comes back. Written by src/kernel/backward/, read by the
 * loops here, which ask nothing and check nothing.
 *
 * Rows are packed: those of a step lie together, the longest sequence first, so that the rows which a step still has
 * are the first ones of the step before. Reverse directions and masked steps are moved before they come here; a loop
 * knows one direction and sequences without gaps.
 *
 *      active   [ 3 | 3 | 2 | 1 ]                       rows of each step
 *      y        [ h0 h0 h0 | y y y | y y y | y y | y ]  the state before the first step in front; c likewise
 *      z        [ z z z | z z z | z z | z ]
 *
 * A row of z has the gates one after another, each in whole quads (4 units), in whole panels of 16:
 *
 *      RNN [ a ]      LSTM [ i | f | g | o ]      GRU [ r | z | pad ][ n | pad ]
 */
@unmanaged
export class Cell {
  /** Panels of U: of a GRU, of r and z. */
  recurrent: usize;
  /** The same, transposed: panels of 16 outputs over the lanes of z. */
  recurrentBack: usize;
  /** Panels of an LSTM's projection W_hr, or 0; of a GRU's U_n, c_n in front if reset comes after. */
  second: usize;
  secondBack: usize;
  /** LSTM: [ p_i | p_f | p_o ], or 0; and where their gradient is added up. */
  peepholes: usize;
  peepholeGradient: usize;

  kind: i32;
  /** Not 0: its functions are no standard ones, or it clips, peeps or couples. */
  general: i32;
  hiddenQuads: i32;
  outputQuads: i32;
  /** Real lanes, 1 to 4, in the last of those quads. */
  hiddenTail: i32;
  outputTail: i32;
  steps: i32;
  /** Rows of all steps. */
  packed: i32;
  active: usize;

  /** Sums, then gates; going back, the gradients of the sums. */
  z: usize;
  /** General cells: a copy of the sums. */
  sums: usize;
  /** The outputs, [outputQuads · 4] a row. */
  y: usize;
  /** LSTM: the cell, [hiddenQuads · 4] a row; `t`: h(c'). */
  c: usize;
  t: usize;
  /** LSTM with projection: o ∘ t. GRU: U_n h + c_n, then its gradient, or r ∘ h; rows of whole panels of 16. */
  u: usize;
  /** Where h is multiplied or rows end early: h before each step as U takes it, [outputQuads · 4] a row; or 0. */
  before: usize;
  /** Recurrent dropout: what h is multiplied by, [outputQuads · 4] for each row of the first step; or 0. */
  dropped: usize;

  /** Gradient of the outputs, and bytes between its rows. */
  dy: usize;
  dyStride: i32;
  /** Gradient of the state: of the last one before, of the first one after. Rows of whole panels of 16; dc of quads. */
  dh: usize;
  dc: usize;
  /** LSTM with projection: the gradient of its outputs, rows of whole panels. */
  dp: usize;
  /** Of a step: a row of panels for each of its rows. */
  scratch: usize;
  /** Of a row: the derivatives of its gates and, of an LSTM, of h, [quads · 4] each. */
  slopes: usize;

  /** Slots of all-activations.ts: f, g and h as ONNX orders them. */
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
  /** LSTM, not 0: f = 1 - i. */
  coupled: i32;
  /** GRU, not 0: the update gate weighs the candidate, not h; the reset gate multiplies U_n h + c_n, not h. */
  replace: i32;
  resetAfter: i32;

  /** The address of f, g or h. */
  @inline
  slot(index: i32): usize {
    return changetype<usize>(this) + offsetof<Cell>("f") + index * 12;
  }

  /** Where a step's rows lie among those of y and c, which have the state before the first step in front. */
  @inline
  previous(step: i32, at: i32): i32 {
    return step ? this.rows(0) + at - this.rows(step - 1) : 0;
  }

  /** Rows of a step. */
  @inline
  rows(step: i32): i32 {
    return load<i32>(this.active + ((<usize>step) << 2));
  }
}

/** Bytes of a row of whole panels that has so many quads. */
@inline
export function panelRow(quads: i32): i32 {
  return ((quads + 3) >> 2) << 6;
}
