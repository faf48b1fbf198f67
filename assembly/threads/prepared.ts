import { rowStride } from "../integers";
import { Layer } from "../layer";
import { F32, INTEGERS } from "../product";
import { productF32 } from "../product-f32";
import {
  integersFor,
  panelBytesInt8,
  productOfIntegers,
} from "../product-int8";

/*
 * Products in two parts, which threads do at different times: rows as the product reads them, and then any of a matrix's
 * panels. Rows of float32 are copied, those for int8 weights become integers (integers.ts).
 */

/** Bytes from row to row of k numbers. */
export function preparedStride(layer: Layer, k: i32): i32 {
  return layer.format == F32 ? k << 2 : rowStride(k);
}

/** Rows of k numbers as a matrix's product reads them, at `to`; k a multiple of 4. */
export function prepare(
  layer: Layer,
  matrix: usize,
  x: usize,
  xStride: i32,
  to: usize,
  rows: i32,
  k: i32,
): void {
  if (layer.format != F32) {
    if (!INTEGERS) unreachable();
    else integersFor(layer.format, matrix, x, xStride, to, rows, k);
    return;
  }
  const bytes: i32 = k << 2;
  for (; rows > 0; rows--) {
    for (let i = 0; i < bytes; i += 16) v128.store(to + i, v128.load(x + i));
    x += xStride;
    to += bytes;
  }
}

/**
 * z [rows, zStride] ← bias + x W, or z + x W, of `panels` panels from the `first` on, whose sums lie at z; x lies
 * prepared at `at`.
 */
export function productPrepared(
  layer: Layer,
  matrix: usize,
  first: i32,
  at: usize,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
  accumulate: i32,
): void {
  if (layer.format == F32)
    productF32(
      matrix + first * ((k + 1) << 6),
      at,
      k << 2,
      z,
      zStride,
      rows,
      k,
      panels,
      accumulate,
    );
  else if (!INTEGERS) unreachable();
  else
    productOfIntegers(
      layer.format,
      matrix + first * panelBytesInt8(layer.format, k),
      at,
      z,
      zStride,
      rows,
      k,
      panels,
      accumulate,
    );
}
