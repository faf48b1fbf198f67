import type { CellField } from "./contract.js";
import type { CellRecord } from "./cell-record.js";
import type { Packing } from "./packing.js";
import type { Machine } from "./run.js";
import type { Work } from "./work.js";

/** Where a run of a cell has its numbers: addresses, and bytes from row to row. */
export type Places = Partial<Record<CellField, number>>;

/** One address a packed row. */
export const ROWS = ["z", "sums", "t", "u", "before", "dy", "dp"] as const;
/** And with the rows of the state before the first step in front. */
export const STATES = ["y", "c"] as const;

/** A run of the kernel's loop over packed steps, in pieces of which each is a run of its own to the kernel. */
export interface Loop {
  readonly record: CellRecord;
  readonly packing: Packing;
  readonly at: Places;
  readonly strides: Places;
  /** Multiply-adds of a row's step. */
  readonly each: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

export function* loopForward(machine: Machine, loop: Loop): Work {
  const spans = spansOf(machine, loop);
  for (const span of spans) {
    if (spans.length > 1) write(loop, span);
    machine.kernel.forward(loop.record.address);
    if (machine.meter.full(rowsOf(loop, span) * loop.each)) yield;
  }
}

/** dh and dc go on from piece to piece where they lie. */
export function* loopBackward(machine: Machine, loop: Loop): Work {
  const spans = spansOf(machine, loop);
  for (const span of spans.reverse()) {
    if (spans.length > 1) write(loop, span);
    machine.kernel.backward(loop.record.address);
    if (machine.meter.full(rowsOf(loop, span) * loop.each)) yield;
  }
}

/**
 * Cut where a step has as many rows as the one before: there the rows before a piece's first step lie as the kernel
 * expects the state before the first step of all.
 */
function spansOf({ meter }: Machine, { packing, each }: Loop): Span[] {
  const { active } = packing;
  const spans: Span[] = [];
  let from = 0;
  let work = 0;
  for (let step = 0; step < active.length; step++) {
    if (work >= meter.piece && active[step] === active[step - 1]) {
      spans.push({ from, to: step });
      from = step;
      work = 0;
    }
    work += (active[step] as number) * each;
  }
  spans.push({ from, to: active.length });
  return spans;
}

const rowsOf = (
  { packing: { offsets, count } }: Loop,
  { from, to }: Span,
): number => (offsets[to] ?? count) - (offsets[from] ?? count);

function write(loop: Loop, { from, to }: Span): void {
  const { record, packing, at, strides } = loop;
  const { offsets, active, rows } = packing;
  const row = offsets[from] as number;
  const before = from ? rows.length + row - (active[from] as number) : 0;
  const fields: Places = {
    steps: to - from,
    packed: rowsOf(loop, { from, to }),
    active: (at.active as number) + from * 4,
  };
  const move = (names: readonly CellField[], count: number) => {
    for (const name of names)
      if (at[name]) fields[name] = at[name] + count * (strides[name] as number);
  };
  move(ROWS, row);
  move(STATES, before);
  record.write(fields);
}
