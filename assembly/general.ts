import { curve, held } from "./curves";
import { stepGru } from "./general-gru";
import { stepLstm } from "./general-lstm";
import { Layer } from "./layer";
import { clearPadding, product, project } from "./linear";
import { carry, running } from "./recurrence";

/*
 * Cells that are not standard: free activations, clip, peepholes, coupled gates. They share project, product, running
 * and carry with the standard ones, and with them the order of every sum; what differs is that a step's product ends
 * in z before its gates are taken, quad by quad, by functions that the record names (curves.ts).
 */

/** The kinds of cell, as src/kernel/contract.ts numbers them. */
const LINEAR = 0;
const LSTM = 2;
const GRU = 3;

/** f of a sum: the activation in the slot at `slot`, behind the clip. */
export function gate(layer: Layer, slot: usize, sum: v128): v128 {
  return curve(slot, held(sum, f32x4.splat(layer.clip)));
}

/** y ← f(z) for the rows of a step: Elman's cell behind its product, and Linear. */
function bend(
  layer: Layer,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  rows: i32,
): void {
  const slot = layer.slot(0);
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  for (; rows > 0; rows--) {
    for (let i = 0; i < bytes; i += 16)
      v128.store(y + i, gate(layer, slot, v128.load(z + i)));
    clearPadding(y, quads, layer.outputTail);
    z += zRow;
    y += yRow;
  }
}

export function general(
  layer: Layer,
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
  project(layer, x, z, lengths, rows, steps);
  const kind = layer.kind;
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  const zRow = steps * zStride;
  const yRow = steps * yStride;
  const quads = layer.outputQuads;
  const scratch = z + rows * zRow;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    const yt = y + t * yStride;
    if (kind == LSTM) {
      const at = trace ? trace + t * layer.hiddenQuads * 80 : 0;
      stepLstm(layer, h, c, zt, zRow, yt, yRow, active, scratch, at);
    } else if (kind == GRU) {
      const at = trace ? trace + t * quads * 48 : 0;
      stepGru(layer, h, zt, zRow, yt, yRow, active, scratch, at);
    } else {
      if (kind != LINEAR)
        product(
          layer.recurrent,
          h,
          quads << 4,
          zt,
          zRow,
          active,
          quads << 2,
          layer.inputPanels,
          1,
        );
      bend(layer, zt, zRow, yt, yRow, active);
    }
    if (kind != LINEAR) carry(layer, yt, yRow, h, active);
  }
}
