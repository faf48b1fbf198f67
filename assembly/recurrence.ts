import { stepGeneralGru } from "./general-gru";
import { stepGeneralLstm } from "./general-lstm";
import { stepAfter, stepBefore } from "./gru";
import { GRU, Layer, LSTM, Recurrent, RNN } from "./layer";
import { clearPadding, product, project, sums } from "./product";
import { stepLstm } from "./lstm";
import { stepRnn } from "./rnn";

/*
 * The time loop of every cell. A chunk holds `rows` sequences of `steps` steps each, longest first:
 *
 *      x, z, y   [rows, steps, width]         h, c   [rows, width]: the state before, and in the end after
 *
 * With `lengths` (steps of each row in this chunk) the rows that are still running are always the first ones.
 */

/** How many rows have a step t, given how many had the step before (or after, when running backwards). */
function running(lengths: usize, rows: i32, before: i32, t: i32): i32 {
  if (!lengths) return rows;
  let active = before;
  while (active > 0 && load<i32>(lengths + ((active - 1) << 2)) <= t) active--;
  while (active < rows && load<i32>(lengths + (active << 2)) > t) active++;
  return active;
}

/** The step's outputs are complete: clear their padding and make them the state, h ← y. */
function carry(layer: Layer, y: usize, yRow: i32, h: usize, rows: i32): void {
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  for (; rows > 0; rows--) {
    clearPadding(y, quads, layer.outputTail);
    for (let i = 0; i < bytes; i += 16) v128.store(h + i, v128.load(y + i));
    y += yRow;
    h += bytes;
  }
}

/** One step of the first `rows` rows: from z, h and c to y and c. */
@inline
function step(
  layer: Recurrent,
  h: usize,
  c: usize,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  rows: i32,
  scratch: usize,
  trace: usize,
): void {
  if (layer.kind == LSTM) {
    if (layer.general)
      stepGeneralLstm(layer, c, z, zRow, y, yRow, rows, scratch, trace);
    else stepLstm(layer, c, z, zRow, y, yRow, rows, scratch, trace);
  } else if (layer.kind == GRU) {
    if (layer.general)
      stepGeneralGru(layer, h, z, zRow, y, yRow, rows, scratch, trace);
    else if (layer.candidate)
      stepBefore(layer, h, z, zRow, y, yRow, rows, scratch, trace);
    else stepAfter(layer, h, z, zRow, y, yRow, rows, scratch, trace);
  } else if (layer.kind == RNN) stepRnn(layer, z, zRow, y, yRow, rows);
  else unreachable();
}

/** A recurrent layer over a chunk: `Pass` of src/kernel/contract.ts. */
export function recurrent(
  layer: Recurrent,
  x: usize,
  z: usize,
  y: usize,
  h: usize,
  c: usize,
  lengths: usize,
  rows: i32,
  steps: i32,
  trace: usize,
): void {
  const panels = layer.inputPanels;
  const zStride: i32 = panels << 6;
  const yStride: i32 = layer.outputStride;
  const zRow = steps * zStride;
  const yRow = steps * yStride;
  const scratch = z + rows * zRow;
  const hRow: i32 = layer.outputQuads << 4;
  const traced = layer.hiddenQuads * (layer.kind == LSTM ? 80 : 48);
  // A GRU makes its products itself: they wait for one another, or stay apart.
  const summed = layer.kind != GRU;
  const single = summed && rows * steps == 1;
  if (single) sums(layer, x, h, z);
  else project(layer, x, z, lengths, rows, steps);
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    const yt = y + t * yStride;
    const at = trace ? trace + t * traced : 0;
    if (summed && !single)
      product(
        layer,
        layer.recurrent,
        h,
        hRow,
        zt,
        zRow,
        active,
        hRow >> 2,
        panels,
        1,
      );
    step(layer, h, c, zt, zRow, yt, yRow, active, scratch, at);
    carry(layer, yt, yRow, h, active);
  }
}
