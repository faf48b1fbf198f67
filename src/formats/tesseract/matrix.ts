/*
 * Reads a matrix of weights: one row per output, whose last column is the bias.
 *
 *     u8 mode: bit 0 integers, bit 2 Adam, bit 7 always (else the older layout, with float32 in place of float64)
 *     i32 rows    i32 columns    one filler element    rows × columns elements
 *     integers: u32 count    count scales
 *
 * An integer weight is the element times the scale of its row, in the older layout times 127 as well. In a training
 * checkpoint, arrays of the same form follow: the updates, and with Adam their squares.
 */
import type { Integers } from "../../integers.js";
import type { Cursor } from "./cursor.js";

export interface Matrix {
  readonly rows: number;
  /** Inputs and the bias. */
  readonly columns: number;
  /** (rows, columns) float32 */
  readonly data: Float32Array;
  /** (rows, columns) int8 and a scale per row; null if the file has floats. */
  readonly integers: Integers | null;
}

const MAX_PADDING = 63;
const INTEGERS = 1;
const ADAM = 4;
const DOUBLES = 128;

/** @param columns inputs and the bias */
export function readMatrix(
  cursor: Cursor,
  rows: number,
  columns: number,
  training: boolean,
  what: string,
): Matrix {
  const start = cursor.at;
  const mode = cursor.uint8(what);
  if (mode & ~(INTEGERS | ADAM | DOUBLES)) {
    const expected = "a mode of bits 0, 2 and 7";
    throw cursor.unexpected(what, expected, mode, start);
  }
  const doubles = (mode & DOUBLES) !== 0;
  const size = { rows, columns };
  if (mode & INTEGERS)
    return { ...size, ...readIntegers(cursor, size, doubles, what) };
  const width = doubles ? 8 : 4;
  const data = readFloats(cursor, size, width, what);
  if (training) {
    const arrays = !doubles || mode & ADAM ? 2 : 1;
    for (let i = 0; i < arrays; i++)
      skipFloats(cursor, width, `${what}, updates`);
  }
  return { ...size, data, integers: null };
}

interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** @throws FormatError unless the file has the expected rows and columns */
function checkSize(cursor: Cursor, { rows, columns }: Size, what: string) {
  const { at } = cursor;
  const found = `${cursor.int32(what)} × ${cursor.int32(what)}`;
  const expected = `${rows} × ${columns}`;
  if (found !== expected) throw cursor.unexpected(what, expected, found, at);
}

function readIntegers(
  cursor: Cursor,
  size: Size,
  doubles: boolean,
  what: string,
): Pick<Matrix, "data" | "integers"> {
  const { rows, columns } = size;
  checkSize(cursor, size, what);
  cursor.uint8(what);
  const weights = cursor.int8s(rows * columns, what);
  const { at } = cursor;
  const count = cursor.uint32(`${what}, scales`);
  // a machine with SIMD pads the scales to whole registers
  if (count < rows || count > rows + MAX_PADDING) {
    const expected = `${rows}, or up to ${MAX_PADDING} more`;
    throw cursor.unexpected(`${what}, scales`, expected, count, at);
  }
  const scales = cursor.floats(count, doubles ? 8 : 4, `${what}, scales`);
  const factor = doubles ? 1 : 127;
  const data = new Float32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    const scale = (scales[row] as number) * factor;
    for (let column = 0; column < columns; column++, i++)
      data[i] = (weights[i] as number) * scale;
  }
  const rowScales = scales.slice(0, rows).map((scale) => scale * factor);
  return { data, integers: { values: weights.slice(), scales: rowScales } };
}

function readFloats(
  cursor: Cursor,
  size: Size,
  width: 4 | 8,
  what: string,
): Float32Array {
  checkSize(cursor, size, what);
  cursor.take(1, width, what);
  return cursor.floats(size.rows * size.columns, width, what);
}

function skipFloats(cursor: Cursor, width: 4 | 8, what: string): void {
  const rows = cursor.integer(what, 0);
  const columns = cursor.integer(what, 0);
  cursor.take(1 + rows * columns, width, what);
}
