import { Layer } from "./layer";
import { activate, product, project } from "./linear";
import { carry, running } from "./recurrence";

/** Elman's network: h' = f(W x + b + R h), f tanh or relu. A unit has one row, so a panel is 16 units. */
export function rnn(
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
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  const zRow = steps * zStride;
  const yRow = steps * yStride;
  const quads = layer.outputQuads;
  const k = quads << 2;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    const yt = y + t * yStride;
    product(
      layer.recurrent,
      h,
      quads << 4,
      zt,
      zRow,
      active,
      k,
      layer.inputPanels,
      1,
    );
    for (let row = 0; row < active; row++)
      activate(zt + row * zRow, yt + row * yRow, quads, layer.activation);
    carry(layer, yt, yRow, h, active);
  }
}
