import type { ActivationCode } from "../../activations.js";
import { sigmoid, tanh } from "../../js/activations.js";
import { activation } from "../../js/all-activations.js";
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
import { slope } from "./slopes.js";

/* assembly/train/lstm.ts. */

const fround = Math.fround;

/** Where a row's parts lie. */
interface Row {
  z: number;
  sums: number;
  c: number;
  cNew: number;
  t: number;
}

export function lstmForward(cell: Cell): void {
  const { f32, hidden, output, active } = cell;
  const zRow = 4 * hidden;
  const projected = cell.of("second");
  const mRow = projected ? panelRow(hidden) : output;
  const first = active[0] ?? 0;
  let h = cell.of("y");
  let y = h + first * output;
  let c = cell.of("c");
  const row: Row = {
    z: cell.of("z"),
    sums: cell.of("sums"),
    c,
    cNew: c + first * hidden,
    t: cell.of("t"),
  };
  let m = projected ? cell.of("u") : y;
  let at = 0;
  for (const rows of active) {
    const x = beforeStep(cell, h, at, rows);
    const w = cell.of("recurrent");
    product(f32, w, x, output, row.z, zRow, rows, output, hidden / 4, true);
    const mStart = m;
    c = row.cNew;
    for (let i = 0; i < rows; i++) {
      updateRow(cell, row, m);
      row.z += zRow;
      row.sums += zRow;
      row.c += hidden;
      row.cNew += hidden;
      row.t += hidden;
      m += mRow;
    }
    row.c = c;
    h = y;
    at += rows;
    y += rows * output;
    if (!projected) continue;
    const stride = panelRow(output);
    const out = cell.of("scratch");
    product(
      f32,
      projected,
      mStart,
      mRow,
      out,
      stride,
      rows,
      hidden,
      stride / 16,
      false,
    );
    for (let i = 0; i < rows; i++)
      f32.copyWithin(
        h + i * output,
        out + i * stride,
        out + i * stride + output,
      );
  }
}

function updateRow(cell: Cell, row: Row, m: number): void {
  const { f32, general, hidden, hiddenSize, coupled } = cell;
  const { z, sums, c, cNew, t } = row;
  const p = general ? cell.of("peepholes") : 0;
  const peep = (gateAt: number, state: number) => {
    for (let i = 0; i < hidden; i++) {
      const at = z + gateAt + i;
      const weight = f32[p + (gateAt > hidden ? 2 * hidden : gateAt) + i];
      f32[at] =
        fround((weight as number) * (f32[state + i] as number)) +
        (f32[at] as number);
    }
    f32.copyWithin(sums + gateAt, z + gateAt, z + gateAt + hidden);
  };
  if (general) f32.copyWithin(sums, z, z + 4 * hidden);
  if (p) {
    peep(0, c);
    peep(hidden, c);
  }
  gate(cell, 0, sigmoid, z, hidden);
  if (coupled)
    for (let i = 0; i < hidden; i++)
      f32[z + hidden + i] = 1 - (f32[z + i] as number);
  else gate(cell, 0, sigmoid, z + hidden, hidden);
  gate(cell, 1, tanh, z + 2 * hidden, hidden);
  for (let i = 0; i < hidden; i++) {
    const added = fround(
      (f32[z + i] as number) * (f32[z + 2 * hidden + i] as number),
    );
    f32[cNew + i] =
      fround((f32[z + hidden + i] as number) * (f32[c + i] as number)) + added;
  }
  if (p) peep(3 * hidden, cNew);
  gate(cell, 0, sigmoid, z + 3 * hidden, hidden);
  if (general) {
    f32.copyWithin(t, cNew, cNew + hidden);
    activation(cell.curves[2] as ActivationCode, f32, t, hidden);
  } else tanh(f32, cNew, f32, t, hidden);
  for (let i = 0; i < hidden; i++)
    f32[m + i] = (f32[z + 3 * hidden + i] as number) * (f32[t + i] as number);
  clearGates(cell, cNew, 1, hidden, hiddenSize);
  clearGates(cell, m, 1, hidden, hiddenSize);
}

export function lstmBackward(cell: Cell): void {
  const { f32, hidden, output, active } = cell;
  const zRow = 4 * hidden;
  const dhRow = panelRow(output);
  const dmRow = panelRow(hidden);
  const dyRow = cell.of("dyStride");
  const projected = cell.of("secondBack");
  const first = active[0] ?? 0;
  let at = cell.rows;
  for (let step = active.length - 1; step >= 0; step--) {
    const rows = active[step] as number;
    at -= rows;
    const start = cell.of("z") + at * zRow;
    const dh = cell.of("dh");
    let dy = cell.of("dy") + at * dyRow;
    let dm = dh;
    if (projected) {
      const dp = cell.of("dp") + at * dhRow;
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < dhRow; i++) {
          const own = i < output ? (f32[dy + row * dyRow + i] as number) : 0;
          f32[dp + row * dhRow + i] =
            own + (f32[dh + row * dhRow + i] as number);
        }
      dm = cell.of("scratch");
      product(
        f32,
        projected,
        dp,
        dhRow,
        dm,
        dmRow,
        rows,
        dhRow,
        dmRow / 16,
        false,
      );
      dy = 0;
    }
    const before = cell.previous(step, at);
    for (let row = 0; row < rows; row++) {
      backRow(
        cell,
        {
          z: start + row * zRow,
          sums: cell.of("sums") + (at + row) * zRow,
          c: cell.of("c") + (before + row) * hidden,
          cNew: cell.of("c") + (first + at + row) * hidden,
          t: cell.of("t") + (at + row) * hidden,
        },
        dy && dy + row * dyRow,
        dm + row * (projected ? dmRow : dhRow),
        cell.of("dc") + row * hidden,
      );
    }
    const w = cell.of("recurrentBack");
    product(f32, w, start, zRow, dh, dhRow, rows, zRow, dhRow / 16, false);
    undrop(cell, dh, dh, rows, dhRow, false);
  }
}

function backRow(
  cell: Cell,
  { z, sums, c, cNew, t }: Row,
  dy: number,
  dh: number,
  dc: number,
): void {
  const { f32, general, hidden, hiddenSize, coupled, curves } = cell;
  const p = cell.of("peepholes");
  const dp = cell.of("peepholeGradient");
  for (let at = 0; at < hidden; at++) {
    const zf = z + hidden + at;
    const zg = zf + hidden;
    const zo = zg + hidden;
    const i = f32[z + at] as number;
    const f = f32[zf] as number;
    const g = f32[zg] as number;
    const o = f32[zo] as number;
    const old = f32[c + at] as number;
    const now = f32[cNew + at] as number;
    const bent = f32[t + at] as number;
    const sum = (gateAt: number) => f32[sums + gateAt * hidden + at] as number;
    const weight = (gateAt: number) => f32[p + gateAt * hidden + at] as number;
    let dm = f32[dh + at] as number;
    if (dy) dm = fround((f32[dy + at] as number) + dm);
    const so = sigmoidSlope(cell, 0, sum(3), o);
    const dout = fround(fround(dm * bent) * so);
    const sh = general
      ? slope(curves[2] as ActivationCode, now, bent)
      : fround(1 - fround(bent * bent));
    const through = fround(dm * o);
    let state = fround(fround(through * sh) + (f32[dc + at] as number));
    if (p) state = fround(fround(dout * weight(2)) + state);
    const si = sigmoidSlope(cell, 0, sum(0), i);
    const sg = tanhSlope(cell, 1, sum(2), g);
    const gain = coupled ? fround(g - old) : g;
    const din = fround(fround(state * gain) * si);
    const dforget = coupled
      ? 0
      : fround(fround(state * old) * sigmoidSlope(cell, 0, sum(1), f));
    let kept = fround(state * f);
    if (p) {
      kept = fround(fround(din * weight(0)) + kept);
      kept = fround(fround(dforget * weight(1)) + kept);
    }
    f32[dc + at] = kept;
    f32[z + at] = din;
    f32[zf] = dforget;
    f32[zg] = fround(state * i) * sg;
    f32[zo] = dout;
    if (!p) continue;
    const add = (gateAt: number, value: number, by: number) => {
      const to = dp + gateAt * hidden + at;
      f32[to] = fround(value * by) + (f32[to] as number);
    };
    add(0, din, old);
    add(1, dforget, old);
    add(2, dout, now);
  }
  clearGates(cell, z, 4, hidden, hiddenSize);
  clearGates(cell, dc, 1, hidden, hiddenSize);
}
