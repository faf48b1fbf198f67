import type { ActivationCode } from "../../activations.js";
import { sigmoid, tanh } from "../../js/activations.js";
import { activation, held } from "../../js/all-activations.js";
import type { Cell } from "./cell.js";
import { gateSlope } from "./slopes.js";

const fround = Math.fround;

/** f of `count` sums in place: σ or tanh of a standard cell, or what a general one has in `slot`, behind the clip. */
export function gate(
  cell: Cell,
  slot: number,
  standard: typeof sigmoid | typeof tanh,
  at: number,
  count: number,
): void {
  const { f32, clip } = cell;
  if (!cell.general) {
    standard(f32, at, f32, at, count);
    return;
  }
  for (let i = at; i < at + count; i++) held(f32, i, clip);
  activation(cell.curves[slot] as ActivationCode, f32, at, count);
}

/** Derivative of σ by its value; of a general cell that of its function. */
export function sigmoidSlope(
  cell: Cell,
  slot: number,
  sum: number,
  y: number,
): number {
  return cell.general
    ? gateSlope(cell.curves[slot] as ActivationCode, cell.clip, sum, y)
    : fround(y * fround(1 - y));
}

/** The same of tanh. */
export function tanhSlope(
  cell: Cell,
  slot: number,
  sum: number,
  y: number,
): number {
  return cell.general
    ? gateSlope(cell.curves[slot] as ActivationCode, cell.clip, sum, y)
    : fround(1 - fround(y * y));
}

/** Clears the padding of `count` gates, one after another at `at`, of a general cell. */
export function clearGates(
  { f32, general }: Cell,
  at: number,
  count: number,
  lanes: number,
  size: number,
): void {
  if (!general) return;
  for (; count > 0; count--, at += lanes) f32.fill(0, at + size, at + lanes);
}

/** h before a step as U takes it; `at`: the first of the step's rows among all. */
export function beforeStep(
  cell: Cell,
  h: number,
  at: number,
  rows: number,
): number {
  const before = cell.of("before");
  if (!before) return h;
  const { f32, output } = cell;
  const to = before + at * output;
  const dropped = cell.of("dropped");
  f32.copyWithin(to, h, h + rows * output);
  if (dropped)
    for (let i = 0; i < rows * output; i++)
      f32[to + i] = (f32[to + i] as number) * (f32[dropped + i] as number);
  return to;
}

/** to ← sums ∘ what h was multiplied by, and, with `onTop`, what is there already: rows of dh. */
export function undrop(
  cell: Cell,
  sums: number,
  to: number,
  rows: number,
  stride: number,
  onTop: boolean,
): void {
  const dropped = cell.of("dropped");
  const { f32, output } = cell;
  if (!dropped) return;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < output; i++) {
      const at = row * stride + i;
      const kept = f32[dropped + row * output + i] as number;
      const there = onTop ? (f32[to + at] as number) : 0;
      f32[to + at] = fround((f32[sums + at] as number) * kept) + there;
    }
}
