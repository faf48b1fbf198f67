import { productF32 as product } from "../product-f32";
import { Cell, panelRow } from "./cell";
import {
  activate,
  beforeStep,
  clearGates,
  derive,
  TANH,
  undrop,
} from "./gates";

/*
 *      h' = f(W x + b + U h)        da = dh ∘ f'      dh ← da U
 *
 * z keeps the sums until they are replaced by their gradients.
 */

export function rnnForward(cell: Cell): void {
  const quads = cell.outputQuads;
  const bytes: i32 = quads << 4;
  const zRow = panelRow(quads);
  let h = cell.y;
  let y = h + cell.rows(0) * bytes;
  let z = cell.z;
  for (let step = 0, at = 0; step < cell.steps; step++) {
    const rows = cell.rows(step);
    const x = beforeStep(cell, h, at, rows);
    product(cell.recurrent, x, bytes, z, zRow, rows, quads << 2, zRow >> 6, 1);
    h = y;
    at += rows;
    for (let row = 0; row < rows; row++) {
      activate(cell, 0, TANH, z, y, bytes);
      clearGates(cell, y, 1, quads, cell.outputTail);
      y += bytes;
      z += zRow;
    }
  }
}

export function rnnBackward(cell: Cell): void {
  const quads = cell.outputQuads;
  const bytes: i32 = quads << 4;
  const zRow = panelRow(quads);
  const slopes = cell.slopes;
  let at = cell.packed;
  for (let step = cell.steps - 1; step >= 0; step--) {
    const rows = cell.rows(step);
    at -= rows;
    const start = cell.z + at * zRow;
    let y = cell.y + (cell.rows(0) + at) * bytes;
    let z = start;
    let dy = cell.dy + at * cell.dyStride;
    let dh = cell.dh;
    for (let row = 0; row < rows; row++) {
      derive(cell, 0, TANH, z, y, slopes, bytes);
      for (let i = 0; i < bytes; i += 16) {
        const dout = f32x4.add(v128.load(dy + i), v128.load(dh + i));
        v128.store(z + i, f32x4.mul(dout, v128.load(slopes + i)));
      }
      clearGates(cell, z, 1, quads, cell.outputTail);
      y += bytes;
      z += zRow;
      dy += cell.dyStride;
      dh += zRow;
    }
    dh = cell.dh;
    const w = cell.recurrentBack;
    product(w, start, zRow, dh, zRow, rows, zRow >> 2, zRow >> 6, 0);
    undrop(cell, dh, dh, rows, 0);
  }
}
