import { LSTM, GRU, Recurrent } from "../layer";
import { running } from "../recurrence";
import { rowStride, useRoom } from "../integers";
import { clearPadding, F32 } from "../product";
import { Run } from "../run";
import { barrier, count, index, layerRoom, partOf, partRoom } from "./team";
import { stepAfter, stepBefore } from "./gru";
import { stepLstm } from "./lstm";
import { stepRnn } from "./rnn";
import { Part } from "./part";
import { prepare, productPrepared } from "./prepared";

/*
 * A call split by units: each thread has panels of its own of every matrix, and the units whose gates those are. Sums
 * are those of the plain kernel, in the same order, so the bits are too.
 *
 * A unit's step needs all of h, and other threads are still reading the h of the step before when one has its new part.
 * So h is read where it was written, in y, and the states are written when the chunk has ended. One barrier a step, when
 * all of y is there; two with a projection, three in a GRU that resets before.
 */

/** Whole lines of the cache. */
@inline
function inLines(bytes: i32): i32 {
  return (bytes + 63) & ~63;
}

/**
 * Where this thread has its step's rows of h, prepared. Bytes from run.integers on, as src/kernel/buffers.ts
 * makes them:
 *
 *      [ rows of x as integers, of all threads ][ rows of h of thread 0 ][ of thread 1 ] …
 */
function ownRoom(layer: Recurrent, run: Run): usize {
  const units: i32 = max(layer.hiddenQuads, layer.outputQuads) << 2;
  const row: i32 = max(rowStride(units), units << 2);
  const ofX: i32 =
    layer.format == F32
      ? 0
      : run.rows * run.steps * rowStride(layer.inputWidth);
  return run.integers + inLines(ofX) + index() * inLines(run.rows * row);
}

/**
 * z of this thread's panels: the projection of a chunk. Rows of x become integers once, each thread makes some of them.
 * False: the call was stopped.
 */
function projectPart(layer: Recurrent, run: Run, part: Part): bool {
  const xStride: i32 = layer.inputWidth << 2;
  const zStride: i32 = layer.inputPanels << 6;
  const steps = run.steps;
  const k = layer.inputWidth;
  const first = part.firstPanel;
  const panels = part.panels;
  const matrix = layer.input;
  const z = run.z + (first << 6);
  const floats = layer.format == F32;
  const stride: i32 = floats ? xStride : rowStride(k);
  const x = floats ? run.x : run.integers;
  if (!floats) {
    for (let row = 0; row < run.rows; row++) {
      const length = lengthOf(run, row);
      const from = partOf(length, index());
      const to = partOf(length, index() + 1);
      const at = row * steps + from;
      prepare(
        layer,
        matrix,
        run.x + at * xStride,
        xStride,
        run.integers + at * stride,
        to - from,
        k,
      );
    }
    if (!barrier()) return false;
  }
  if (!panels) return true;
  // rows of all steps are one product
  const whole = !run.lengths;
  const rows = whole ? 1 : run.rows;
  for (let row = 0; row < rows; row++) {
    const count = whole ? run.rows * steps : lengthOf(run, row);
    const at = row * steps;
    productPrepared(
      layer,
      matrix,
      first,
      x + at * stride,
      z + at * zStride,
      zStride,
      count,
      k,
      panels,
      0,
    );
  }
  return true;
}

/** A row's steps in this chunk. */
@inline
function lengthOf(run: Run, row: i32): i32 {
  return run.lengths ? load<i32>(run.lengths + (row << 2)) : run.steps;
}

/** The last step's outputs of each row become its state: this thread's quads. */
function keepStates(layer: Recurrent, run: Run, part: Part): void {
  const hRow: i32 = layer.outputQuads << 4;
  const yStride: i32 = layer.outputStride;
  const at: i32 = part.firstOutput << 4;
  const bytes: i32 = part.outputs << 4;
  for (let row = 0; row < run.rows; row++) {
    const length = lengthOf(run, row);
    if (!length) return;
    const last = layer.reverse ? 0 : length - 1;
    memory.copy(
      run.state0 + row * hRow + at,
      run.y + (row * run.steps + last) * yStride + at,
      bytes,
    );
  }
}

/** This thread's part of a recurrent layer over a chunk. False: the call was stopped. */
export function recurrentUnits(run: Run): bool {
  const layer = changetype<Recurrent>(run.layer);
  const part = changetype<Part>(partRoom());
  part.take(layer, index(), count());
  const rows = run.rows;
  const steps = run.steps;
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  part.zRow = steps * zStride;
  part.yRow = steps * yStride;
  part.scratch = run.z + rows * part.zRow;
  part.state = run.state0;
  part.cell = run.state1;
  const own = changetype<Recurrent>(layerRoom());
  memory.copy(layerRoom(), run.layer, offsetof<Recurrent>());
  own.outputQuads = part.quads;
  useRoom(ownRoom(layer, run));
  if (!projectPart(layer, run, part)) return false;
  // a thread adds to sums that another began
  if (layer.kind == GRU && layer.candidate && !barrier()) return false;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    const before = s ? active : 0;
    active = running(run.lengths, rows, active, t);
    part.active = active;
    part.known = min(before, active);
    part.z = run.z + t * zStride;
    part.y = run.y + t * yStride;
    part.previous = layer.reverse ? part.y + yStride : part.y - yStride;
    part.claim();
    let on = true;
    if (layer.kind == LSTM) on = stepLstm(layer, part);
    else if (layer.kind == GRU) {
      if (layer.candidate) on = stepBefore(layer, part);
      else stepAfter(layer, part);
    } else stepRnn(layer, own, part);
    if (part.firstOutput + part.outputs == layer.outputQuads)
      for (let row = 0; row < active; row++)
        clearPadding(
          part.y + row * part.yRow,
          layer.outputQuads,
          layer.outputTail,
        );
    if (!on || !barrier()) return false;
  }
  keepStates(layer, run, part);
  return true;
}
