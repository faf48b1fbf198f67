import { rowStride } from "../integers";
import { GRU, Layer, LSTM, Recurrent } from "../layer";
import { linear } from "../linear";
import { recurrent } from "../recurrence";
import { Run } from "../run";
import { count, index, runRoom } from "./team";

/*
 * A call split by rows: each thread runs the plain kernel over rows of its own, in buffers that lie one behind the other
 * in those of the whole call. A row's bits do not depend on the rows beside it.
 */

/** Bytes of each row that a recurrent cell has behind z. */
function scratchBytes(layer: Recurrent): i32 {
  if (layer.kind == LSTM)
    return layer.projection
      ? (layer.hiddenQuads << 4) + (((layer.outputQuads + 3) >> 2) << 6)
      : 0;
  if (layer.kind != GRU) return 0;
  return layer.candidate
    ? ((layer.outputQuads + 3) >> 2) << 6
    : layer.inputPanels << 6;
}

/** Bytes of each row that a call has for integers. */
function integerBytes(run: Run, layer: Layer, units: i32): i32 {
  return run.steps * rowStride(layer.inputWidth) + rowStride(units);
}

/** Where a thread's rows begin: as many steps to each as there are, in pairs of rows, as products take them. */
function firstRow(run: Run, which: i32): i32 {
  const rows = run.rows;
  const threads = count();
  if (which == threads) return rows;
  if (!run.lengths) return ((rows * which) / threads) & ~1;
  let all: i32 = 0;
  for (let row = 0; row < rows; row++)
    all += load<i32>(run.lengths + (row << 2));
  let before: i32 = 0;
  let row: i32 = 0;
  while (row < rows && before * threads < all * which) {
    before += load<i32>(run.lengths + (row << 2));
    row++;
  }
  return row & ~1;
}

/** This thread's record of the call, over its rows alone; `scratch`: bytes of a row behind z, `units`: the most of h or m. */
function ownRows(run: Run, layer: Layer, scratch: i32, units: i32): Run {
  const own = changetype<Run>(runRoom());
  memory.copy(changetype<usize>(own), changetype<usize>(run), offsetof<Run>());
  const first = firstRow(run, index());
  const steps = run.steps;
  own.rows = firstRow(run, index() + 1) - first;
  own.x = run.x + first * steps * (layer.inputWidth << 2);
  own.z = run.z + first * (steps * (layer.inputPanels << 6) + scratch);
  own.y = run.y + first * steps * layer.outputStride;
  own.integers = run.integers + first * integerBytes(run, layer, units);
  if (run.lengths) own.lengths = run.lengths + (first << 2);
  own.state0 = run.state0 + first * (layer.outputQuads << 4);
  return own;
}

export function recurrentRows(run: Run): void {
  const layer = changetype<Recurrent>(run.layer);
  const units: i32 = max(layer.hiddenQuads, layer.outputQuads) << 2;
  const own = ownRows(run, layer, scratchBytes(layer), units);
  const moved = <i32>(own.state0 - run.state0) / (layer.outputQuads << 4);
  own.state1 = run.state1 + moved * (layer.hiddenQuads << 4);
  if (own.rows) recurrent(own);
}

export function linearRows(run: Run): void {
  const layer = changetype<Layer>(run.layer);
  const own = ownRows(run, layer, 0, layer.outputQuads << 2);
  if (own.rows) linear(own);
}

/** Rows of all steps alike: a Linear knows no time. */
export function linearSteps(run: Run): void {
  const layer = changetype<Layer>(run.layer);
  const own = changetype<Run>(runRoom());
  memory.copy(changetype<usize>(own), changetype<usize>(run), offsetof<Run>());
  own.steps = run.rows * run.steps;
  own.rows = 1;
  const all = own.steps;
  const threads = count();
  const first = ((all * index()) / threads) & ~1;
  const end =
    index() + 1 == threads ? all : ((all * (index() + 1)) / threads) & ~1;
  own.steps = end - first;
  own.x = run.x + first * (layer.inputWidth << 2);
  own.z = run.z + first * (layer.inputPanels << 6);
  own.y = run.y + first * layer.outputStride;
  own.integers = run.integers + first * rowStride(layer.inputWidth);
  if (own.steps) linear(own);
}
