import { sigmoid, tanh } from "./activations";
import { Layer } from "./layer";
import { clearPadding, product, project } from "./linear";
import { carry, running } from "./recurrence";
import { columns, firstOf, madd, pair, secondOf } from "./simd";

/*
 *      r = σ(W_r x + U_r h + b_r)     z likewise
 *      reset after:   n = tanh(W_n x + b_n + r ∘ (U_n h + c_n))
 *      reset before:  n = tanh(W_n x + b_n + U_n (r ∘ h))
 *      h' = z ∘ h + (1 - z) ∘ n       the other polarity of z is folded into its rows: σ(-a) = 1 - σ(a)
 *
 * Reset after: a panel's 12 rows are the three gates of four units. The candidate's two sums stay apart: W_n x
 * waits in z, U_n h starts from its own bias c_n, which lies in front of the panel.
 *
 *      z        [ r r r r | z z z z | W_n x ×4 ]      panel of U   [ · · · · | · · · · | c_n ×4 ][ k = 0: 12 ] …  48 bytes each
 *
 * Reset before needs all of r before the candidate's product, so its row of z is [ r of all units | z | n ], and
 * U comes in two sets of 16-row panels: r with z (`recurrent`), then n (`second`).
 *
 * trace, when asked for: [steps, quads, r z n, 4].
 */

@inline
function store(
  r: v128,
  u: v128,
  n: v128,
  h: usize,
  y: usize,
  trace: usize,
): void {
  v128.store(
    y,
    madd(u, v128.load(h), f32x4.mul(f32x4.sub(f32x4.splat(1), u), n)),
  );
  if (trace) {
    v128.store(trace, r);
    v128.store(trace, u, 16);
    v128.store(trace, n, 32);
  }
}

/** One step of one row. */
function stepRow(
  w: usize,
  h: usize,
  z: usize,
  y: usize,
  quads: i32,
  kBytes: i32,
  trace: usize,
): void {
  const end = h + kBytes;
  let hq = h;
  for (; quads > 0; quads--) {
    let r = v128.load(z);
    let u = v128.load(z, 16);
    let n = v128.load(w, 32);
    let x = h;
    w += 48;
    do {
      const both = columns(x);
      const x0 = firstOf(both);
      const x1 = secondOf(both, x);
      r = pair(r, v128.load(w), x0, v128.load(w, 48), x1);
      u = pair(u, v128.load(w, 16), x0, v128.load(w, 64), x1);
      n = pair(n, v128.load(w, 32), x0, v128.load(w, 80), x1);
      w += 96;
      x += 8;
    } while (x < end);
    r = sigmoid(r);
    store(r, sigmoid(u), tanh(madd(r, n, v128.load(z, 32))), hq, y, trace);
    z += 48;
    hq += 16;
    y += 16;
    if (trace) trace += 48;
  }
}

/** One step of two rows: six sums share the panel's weights. */
function stepPair(
  w: usize,
  h: usize,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  kBytes: i32,
  hq: usize,
): void {
  const z2 = z + zRow;
  let r = v128.load(z);
  let u = v128.load(z, 16);
  let n = v128.load(w, 32);
  let r2 = v128.load(z2);
  let u2 = v128.load(z2, 16);
  let n2 = n;
  let x = h;
  const end = x + kBytes;
  w += 48;
  do {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    const y0 = v128.load32_splat(x + kBytes);
    const y1 = v128.load32_splat(x + kBytes, 4);
    let a = v128.load(w);
    let b = v128.load(w, 48);
    r = pair(r, a, x0, b, x1);
    r2 = pair(r2, a, y0, b, y1);
    a = v128.load(w, 16);
    b = v128.load(w, 64);
    u = pair(u, a, x0, b, x1);
    u2 = pair(u2, a, y0, b, y1);
    a = v128.load(w, 32);
    b = v128.load(w, 80);
    n = pair(n, a, x0, b, x1);
    n2 = pair(n2, a, y0, b, y1);
    w += 96;
    x += 8;
  } while (x < end);
  store(r, sigmoid(u), tanh(madd(sigmoid(r), n, v128.load(z, 32))), hq, y, 0);
  store(
    r2,
    sigmoid(u2),
    tanh(madd(sigmoid(r2), n2, v128.load(z2, 32))),
    hq + kBytes,
    y + yRow,
    0,
  );
}

/** One step of all rows, reset after the product. */
function stepAfter(
  layer: Layer,
  h: usize,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  rows: i32,
  trace: usize,
): void {
  const quads = layer.outputQuads;
  const kBytes: i32 = quads << 4;
  const even = rows & ~1;
  let w = layer.recurrent;
  for (let p = 0; p < kBytes && even; p += 16) {
    for (let row = 0; row < even; row += 2) {
      const hr = h + row * kBytes;
      stepPair(
        w,
        hr,
        z + row * zRow + p * 3,
        zRow,
        y + row * yRow + p,
        yRow,
        kBytes,
        hr + p,
      );
    }
    w += 48 + kBytes * 12;
  }
  if (rows != even)
    stepRow(
      layer.recurrent,
      h + even * kBytes,
      z + even * zRow,
      y + even * yRow,
      quads,
      kBytes,
      trace,
    );
}

/** One step of all rows, reset before the product; r ∘ h lies in `scratch` [rows, outputQuads · 4]. */
function stepBefore(
  layer: Layer,
  h: usize,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  rows: i32,
  scratch: usize,
  trace: usize,
): void {
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  const gatePanels = (quads + 1) >> 1;
  const candidateAt: i32 = gatePanels << 6;
  product(layer.recurrent, h, bytes, z, zRow, rows, quads << 2, gatePanels, 1);
  for (let row = 0; row < rows; row++) {
    const zr = z + row * zRow;
    const reset = scratch + row * bytes;
    for (let i = 0; i < bytes; i += 16) {
      const r = sigmoid(v128.load(zr + i));
      v128.store(zr + i, r);
      v128.store(reset + i, f32x4.mul(r, v128.load(h + row * bytes + i)));
    }
    clearPadding(reset, quads, layer.outputTail);
  }
  product(
    layer.second,
    scratch,
    bytes,
    z + candidateAt,
    zRow,
    rows,
    quads << 2,
    (quads + 3) >> 2,
    1,
  );
  for (let row = 0; row < rows; row++) {
    const zr = z + row * zRow;
    for (let i = 0; i < bytes; i += 16) {
      const u = sigmoid(v128.load(zr + bytes + i));
      const n = tanh(v128.load(zr + candidateAt + i));
      store(
        v128.load(zr + i),
        u,
        n,
        h + row * bytes + i,
        y + row * yRow + i,
        trace,
      );
      if (trace) trace += 48;
    }
  }
}

export function gru(
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
  const scratch = z + rows * zRow;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    const yt = y + t * yStride;
    const at = trace ? trace + t * layer.outputQuads * 48 : 0;
    if (layer.second)
      stepBefore(layer, h, zt, zRow, yt, yRow, active, scratch, at);
    else stepAfter(layer, h, zt, zRow, yt, yRow, active, at);
    carry(layer, yt, yRow, h, active);
  }
}
