import { stepGeneralGru } from "./general-gru";
import { stepGeneralLstm } from "./general-lstm";
import { stepAfter, stepBefore } from "./gru";
import { useRoom } from "./integers";
import { GRU, Layer, LSTM, Recurrent, RNN } from "./layer";
import { clearPadding, F32, product, project, sums } from "./product";
import { row1x16 } from "./product-f32";
import { stepLstm } from "./lstm";
import { stepRnn } from "./rnn";
import { Run } from "./run";

/*
 * The time loop of every cell. With `lengths` the rows that are still running are always the first ones.
 */

/** How many rows have a step t, given how many had the step before (or after, when running backwards). */
export function running(lengths: usize, rows: i32, before: i32, t: i32): i32 {
  if (!lengths) return rows;
  let active = before;
  while (active > 0 && load<i32>(lengths + ((active - 1) << 2)) <= t) active--;
  while (active < rows && load<i32>(lengths + (active << 2)) > t) active++;
  return active;
}

/** The step's outputs are complete: clear their padding and make them the state, h ← y. */
function carry(layer: Layer, run: Run): void {
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  const yRow = run.yRow;
  let y = run.stepY;
  let h = run.state0;
  for (let rows = run.active; rows > 0; rows--) {
    clearPadding(y, quads, layer.outputTail);
    for (let i = 0; i < bytes; i += 16) v128.store(h + i, v128.load(y + i));
    y += yRow;
    h += bytes;
  }
}

/** One step of the rows that have it: from sums and states to y and the states. */
@inline
function step(layer: Recurrent, run: Run): void {
  if (layer.kind == LSTM) {
    if (layer.general) stepGeneralLstm(layer, run);
    else stepLstm(layer, run);
  } else if (layer.kind == GRU) {
    if (layer.general) stepGeneralGru(layer, run);
    else if (layer.candidate) stepBefore(layer, run);
    else stepAfter(layer, run);
  } else if (layer.kind == RNN) stepRnn(layer, run);
  else unreachable();
}

/** A recurrent layer over a chunk; its first state is h. */
export function recurrent(run: Run): void {
  const layer = changetype<Recurrent>(run.layer);
  const rows = run.rows;
  const steps = run.steps;
  const lengths = run.lengths;
  const z = run.z;
  const panels = layer.inputPanels;
  const zStride: i32 = panels << 6;
  const yStride: i32 = layer.outputStride;
  const zRow = steps * zStride;
  const hRow: i32 = layer.outputQuads << 4;
  const traced = layer.hiddenQuads * (layer.kind == LSTM ? 80 : 48);
  run.zRow = zRow;
  run.yRow = steps * yStride;
  run.scratch = z + rows * zRow;
  // A GRU makes its products itself: they wait for one another, or stay apart.
  const summed = layer.kind != GRU;
  useRoom(run.integers);
  const single = summed && rows * steps == 1;
  if (single) sums(layer, run);
  else project(layer, run);
  const alone = rows == 1 && layer.format == F32;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    run.active = active;
    run.stepZ = zt;
    run.stepY = run.y + t * yStride;
    run.stepTrace = run.trace ? run.trace + t * traced : 0;
    if (summed && !single) {
      if (alone) row1x16(layer.recurrent, run.state0, zt, hRow, panels, 1);
      else
        product(
          layer,
          layer.recurrent,
          run.state0,
          hRow,
          zt,
          zRow,
          active,
          hRow >> 2,
          panels,
          1,
        );
    }
    step(layer, run);
    carry(layer, run);
  }
}
