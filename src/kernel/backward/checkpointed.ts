import { type Arena, lanesOf, panelsOf, type Rows } from "./arena.js";
import type { Cell } from "./cell.js";
import { backwardCell, type Ends } from "./cell-backward.js";
import { type CellTape, forwardCell } from "./cell-forward.js";
import type { Packing } from "./packing.js";
import type { CellStates, Machine } from "./run.js";
import type { Work } from "./work.js";

/*
 * A cell whose tape would not fit (Chen et al. 2016): of its run forward only outputs stay, and the states before each chunk
 * of so many steps; going back, a chunk is computed again before it is gone back through. A third more time; packed
 * steps know neither direction nor masks, so every model can be run so.
 */

/** A run of a cell forward, whichever way its tape is kept. */
export interface CellRun {
  readonly packing: Packing;
  readonly y: Rows;
  /** Where each row started, and ended. */
  readonly starts: CellStates;
  readonly ends: CellStates;
  /** As backwardCell. */
  back(
    dy: Rows,
    ends: Ends,
    trains: boolean,
    needs: boolean,
  ): Work<Rows | null>;
}

/**
 * As forwardCell.
 *
 * @param chunk steps that are kept at a time; 0: all of them
 */
export function* runCell(
  cell: Cell,
  machine: Machine,
  x: Rows,
  packing: Packing,
  batch: number,
  state: CellStates | null,
  dropped: Float32Array | null,
  chunk: number,
): Work<CellRun> {
  if (chunk && chunk < packing.active.length)
    return yield* inChunks(
      cell,
      machine,
      x,
      packing,
      packing.cut(chunk),
      batch,
      state,
      dropped,
    );
  const tape = yield* forwardCell(
    cell,
    machine,
    x,
    packing,
    batch,
    state,
    dropped,
  );
  return {
    packing,
    y: tape.y,
    starts: tape.starts,
    ends: tape.ends,
    back: (dy, ends, trains, needs) =>
      backwardCell(cell, machine, tape, dy, ends, trains, needs),
  };
}

function* inChunks(
  cell: Cell,
  machine: Machine,
  x: Rows,
  packing: Packing,
  chunks: readonly Packing[],
  batch: number,
  state: CellStates | null,
  dropped: Float32Array | null,
): Work<CellRun> {
  const { arena } = machine;
  const { spec, output } = cell;
  const { count } = packing;
  const offsets: number[] = [];
  let at = 0;
  for (const chunk of chunks) {
    offsets.push(at);
    at += chunk.count;
  }
  const y = {
    at: arena.floats(count * output),
    stride: output * 4,
    size: spec.outputSize,
  };
  const states: (CellStates | null)[] = [state];
  let starts: CellStates | null = null;
  const forward = (index: number): Work<CellTape> =>
    forwardCell(
      cell,
      machine,
      from(x, offsets[index] as number),
      chunks[index] as Packing,
      batch,
      states[index] as CellStates | null,
      dropped,
    );
  for (const [index, chunk] of chunks.entries()) {
    const mark = arena.top;
    const tape = yield* forward(index);
    starts ??= tape.starts;
    states.push(tape.ends);
    const to = from(y, offsets[index] as number);
    copy(arena, tape.y, to, chunk.count, output);
    arena.top = mark;
  }
  return {
    packing,
    y,
    starts: starts as unknown as CellStates,
    ends: states.at(-1) as CellStates,
    *back(dy, ends, trains, needs) {
      const lanes = panelsOf(lanesOf(spec.inputSize));
      const dx = needs
        ? {
            at: arena.floats(count * lanes),
            stride: lanes * 4,
            size: spec.inputSize,
          }
        : null;
      for (let index = chunks.length - 1; index >= 0; index--) {
        const mark = arena.top;
        const offset = offsets[index] as number;
        const tape = yield* forward(index);
        // what is added to the first state of all is added there
        const own = { parts: ends.parts, direct: index ? null : ends.direct };
        const part = yield* backwardCell(
          cell,
          machine,
          tape,
          from(dy, offset),
          own,
          trains,
          needs,
        );
        const { count: rows } = chunks[index] as Packing;
        if (dx && part) copy(arena, part, from(dx, offset), rows, lanes);
        arena.top = mark;
      }
      return dx;
    },
  };
}

const from = (rows: Rows, place: number): Rows => ({
  ...rows,
  at: rows.at + place * rows.stride,
});

/** Rows of the same stride. */
function copy(
  { memory }: Arena,
  source: Rows,
  target: Rows,
  count: number,
  lanes: number,
): void {
  const start = source.at >> 2;
  memory.f32.copyWithin(target.at >> 2, start, start + count * lanes);
}
