import { sigmoid, tanh } from "../../js/activations.js";
import { productF32 as product } from "../../js/product-f32.js";
import { type Cell, panelRow } from "./cell.js";
import {
  beforeStep,
  clearGates,
  gate,
  sigmoidSlope,
  tanhSlope,
  undrop,
} from "./gates.js";

/* assembly/train/gru.ts. */

const fround = Math.fround;

/** Floats of a row of z, of its r and z, of u. */
function widths({ output }: Cell) {
  const gates = panelRow(2 * output);
  const uRow = panelRow(output);
  return { gates, uRow, zRow: gates + uRow };
}

export function gruForward(cell: Cell): void {
  const { f32, output, outputSize, active, general } = cell;
  const { gates, uRow, zRow } = widths(cell);
  const after = cell.resetAfter;
  const panels = uRow / 16;
  let h = cell.of("y");
  let y = h + (active[0] ?? 0) * output;
  let z = cell.of("z");
  let u = cell.of("u");
  let sums = cell.of("sums");
  let at = 0;
  for (const rows of active) {
    const x = beforeStep(cell, h, at, rows);
    const w = cell.of("recurrent");
    const second = cell.of("second");
    product(f32, w, x, output, z, zRow, rows, output, gates / 16, true);
    for (let row = 0; row < rows; row++) {
      const zr = z + row * zRow;
      if (general) f32.copyWithin(sums + row * zRow, zr, zr + zRow);
      gate(cell, 0, sigmoid, zr, 2 * output);
      if (after) continue;
      const q = u + row * uRow;
      for (let i = 0; i < output; i++)
        f32[q + i] =
          (f32[zr + i] as number) * (f32[x + row * output + i] as number);
      clearGates(cell, q, 1, output, outputSize);
    }
    if (after)
      product(f32, second, x, output, u, uRow, rows, output, panels, false);
    else
      product(
        f32,
        second,
        u,
        uRow,
        z + gates,
        zRow,
        rows,
        output,
        panels,
        true,
      );
    const now = y;
    at += rows;
    for (let row = 0; row < rows; row++) {
      const n = z + gates;
      if (after)
        for (let i = 0; i < output; i++)
          f32[n + i] =
            fround((f32[z + i] as number) * (f32[u + i] as number)) +
            (f32[n + i] as number);
      if (general) f32.copyWithin(sums + gates, n, n + output);
      gate(cell, 1, tanh, n, output);
      for (let i = 0; i < output; i++) {
        const keep = f32[z + output + i] as number;
        const weight = cell.replace ? fround(1 - keep) : keep;
        const rest = fround(fround(1 - weight) * (f32[n + i] as number));
        f32[y + i] = fround(weight * (f32[h + i] as number)) + rest;
      }
      clearGates(cell, y, 1, output, outputSize);
      z += zRow;
      u += uRow;
      sums += zRow;
      h += output;
      y += output;
    }
    h = now;
  }
}

export function gruBackward(cell: Cell): void {
  const { f32, output, outputSize, active } = cell;
  const { gates, uRow, zRow } = widths(cell);
  const after = cell.resetAfter;
  const dyRow = cell.of("dyStride");
  const dh = cell.of("dh");
  const dropped = cell.of("dropped");
  const panels = uRow / 16;
  let at = cell.rows;
  for (let step = active.length - 1; step >= 0; step--) {
    const rows = active[step] as number;
    at -= rows;
    const zStart = cell.of("z") + at * zRow;
    const uStart = cell.of("u") + at * uRow;
    const sumsStart = cell.of("sums") + at * zRow;
    const old = cell.of("y") + cell.previous(step, at) * output;
    for (let row = 0; row < rows; row++) {
      const z = zStart + row * zRow;
      const n = z + gates;
      const u = uStart + row * uRow;
      const sums = sumsStart + row * zRow;
      const h = old + row * output;
      const dy = cell.of("dy") + (at + row) * dyRow;
      const back = dh + row * uRow;
      for (let i = 0; i < output; i++) {
        const r = f32[z + i] as number;
        const keep = f32[z + output + i] as number;
        const candidate = f32[n + i] as number;
        const hidden = f32[h + i] as number;
        const dout = fround(
          (f32[dy + i] as number) + (f32[back + i] as number),
        );
        const weight = cell.replace ? fround(1 - keep) : keep;
        const difference = cell.replace
          ? fround(candidate - hidden)
          : fround(hidden - candidate);
        const dz = fround(dout * difference);
        const dn = fround(dout * fround(1 - weight));
        const sum = (gateAt: number) => f32[sums + gateAt + i] as number;
        const dan = fround(dn * tanhSlope(cell, 1, sum(gates), candidate));
        const sz = sigmoidSlope(cell, 0, sum(output), keep);
        f32[back + i] = dout * weight;
        f32[z + output + i] = dz * sz;
        f32[n + i] = dan;
        if (!after) continue;
        const sr = sigmoidSlope(cell, 0, sum(0), r);
        f32[z + i] = fround(dan * (f32[u + i] as number)) * sr;
        f32[u + i] = dan * r;
      }
      if (after) {
        clearGates(cell, z, 1, output, outputSize);
        clearGates(cell, u, 1, output, outputSize);
      }
      clearGates(cell, z + output, 1, output, outputSize);
      clearGates(cell, n, 1, output, outputSize);
      clearGates(cell, back, 1, output, outputSize);
    }
    const recurrent = cell.of("recurrentBack");
    const second = cell.of("secondBack");
    // with h multiplied, what U hands back is summed apart
    const to = dropped ? cell.of("scratch") : dh;
    if (after) {
      product(
        f32,
        recurrent,
        zStart,
        zRow,
        to,
        uRow,
        rows,
        gates,
        panels,
        !dropped,
      );
      product(f32, second, uStart, uRow, to, uRow, rows, uRow, panels, true);
    } else {
      const dq = cell.of("scratch");
      product(
        f32,
        second,
        zStart + gates,
        zRow,
        dq,
        uRow,
        rows,
        uRow,
        panels,
        false,
      );
      const x = cell.of("before") ? cell.of("before") + at * output : old;
      for (let row = 0; row < rows; row++) {
        const z = zStart + row * zRow;
        const q = dq + row * uRow;
        const target = to + row * uRow;
        for (let i = 0; i < output; i++) {
          const r = f32[z + i] as number;
          const d = f32[q + i] as number;
          const sum = f32[sumsStart + row * zRow + i] as number;
          const sr = sigmoidSlope(cell, 0, sum, r);
          const through = fround(d * (f32[x + row * output + i] as number));
          f32[z + i] = through * sr;
          const back = fround(d * r);
          f32[target + i] = dropped ? back : (f32[target + i] as number) + back;
        }
        clearGates(cell, z, 1, output, outputSize);
        clearGates(cell, target, 1, output, outputSize);
      }
      product(
        f32,
        recurrent,
        zStart,
        zRow,
        to,
        uRow,
        rows,
        gates,
        panels,
        true,
      );
    }
    undrop(cell, to, dh, rows, uRow, true);
  }
}
