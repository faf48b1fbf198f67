import { sigmoid, tanh } from "../activations";
import { activation, held } from "../all-activations";
import { clearPadding } from "../product";
import { madd } from "../simd";
import { Cell, panelRow } from "./cell";
import { slope } from "./slopes";

/*
 * What all cells do with a gate, a block of a row of z: [quads · 4]. A standard cell's are σ and tanh; a general one's
 * are the record's functions, behind its clip. The choice is made once a block.
 */

/** The standard function of a gate. */
export const LOGISTIC = 0;
export const TANH = 1;

/** The slot that no clip limits: an LSTM's h. */
const UNCLIPPED = 2;


@inline
function clipOf(cell: Cell, slot: i32): v128 {
  return f32x4.splat(slot == UNCLIPPED ? <f32>Infinity : cell.clip);
}

/** to ← f(from). */
export function activate(
  cell: Cell,
  slot: i32,
  standard: i32,
  from: usize,
  to: usize,
  bytes: i32,
): void {
  const end = from + bytes;
  if (cell.general) {
    const clip = clipOf(cell, slot);
    for (; from < end; from += 16, to += 16)
      v128.store(to, activation(cell.slot(slot), held(v128.load(from), clip)));
  } else if (standard == TANH)
    for (; from < end; from += 16, to += 16)
      v128.store(to, tanh(v128.load(from)));
  else
    for (; from < end; from += 16, to += 16)
      v128.store(to, sigmoid(v128.load(from)));
}

/** to ← f'(sums), the function's values being y; 0 where the sum was clipped. */
export function derive(
  cell: Cell,
  slot: i32,
  standard: i32,
  sums: usize,
  y: usize,
  to: usize,
  bytes: i32,
): void {
  const end = y + bytes;
  const one = f32x4.splat(1);
  if (cell.general) {
    const clip = clipOf(cell, slot);
    for (; y < end; y += 16, to += 16, sums += 16) {
      const sum = v128.load(sums);
      const by = slope(cell.slot(slot), held(sum, clip), v128.load(y));
      v128.store(to, v128.and(by, f32x4.le(f32x4.abs(sum), clip)));
    }
  } else
    for (; y < end; y += 16, to += 16) {
      const value = v128.load(y);
      v128.store(
        to,
        standard == TANH
          ? f32x4.sub(one, f32x4.mul(value, value))
          : f32x4.mul(value, f32x4.sub(one, value)),
      );
    }
}

/** Clears the padding units of `count` gates, one after another at `row`: functions of 0 need not be 0. */
export function clearGates(
  cell: Cell,
  row: usize,
  count: i32,
  quads: i32,
  tail: i32,
): void {
  if (!cell.general) return;
  for (; count > 0; count--) {
    clearPadding(row, quads, tail);
    row += (<usize>quads) << 4;
  }
}

/**
 * h before a step as U takes it: where it lies, or, where rows are dropped or end early, its copy in `before`.
 * `at`: the first of the step's rows among all packed rows.
 */
export function beforeStep(cell: Cell, h: usize, at: i32, rows: i32): usize {
  if (!cell.before) return h;
  const row: i32 = cell.outputQuads << 4;
  const bytes = rows * row;
  const to = cell.before + at * row;
  if (cell.dropped)
    for (let i = 0; i < bytes; i += 16) {
      const kept = v128.load(cell.dropped + i);
      v128.store(to + i, f32x4.mul(v128.load(h + i), kept));
    }
  else memory.copy(to, h, bytes);
  return to;
}

/** to ← sums ∘ what h was multiplied by, and, with `onTop`, what is there already: rows of dh. */
export function undrop(
  cell: Cell,
  sums: usize,
  to: usize,
  rows: i32,
  onTop: i32,
): void {
  if (!cell.dropped) return;
  const bytes: i32 = cell.outputQuads << 4;
  const stride = panelRow(cell.outputQuads);
  let kept = cell.dropped;
  for (; rows > 0; rows--) {
    for (let i = 0; i < bytes; i += 16) {
      const there = onTop ? v128.load(to + i) : f32x4.splat(0);
      v128.store(to + i, madd(v128.load(sums + i), v128.load(kept + i), there));
    }
    sums += stride;
    to += stride;
    kept += bytes;
  }
}
