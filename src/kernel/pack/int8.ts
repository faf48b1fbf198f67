import type { Memory } from "../memory.js";
import { PANEL } from "../sizes.js";
import { eachLane, type PanelMatrix, type WeightFormat } from "./format.js";
import { roundRow } from "./round-row.js";

/** As what weights lie in panels. */
interface Integers {
  readonly BYTES_PER_ELEMENT: number;
  new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ): Int16Array | Int8Array;
}

/*
 * int8, a scale for each row of the weight matrix. A panel, 64 bytes a cell of the drawing:
 *
 *      [ scales of 16 rows ][ their biases ][ Σ of each row's integers ][ columns ][ columns ] …
 *
 * with zeros to a multiple of 8 columns. So many columns of a row lie side by side as one lane of a product multiplies and
 * adds up: two numbers of 16 bits, to which weights are widened here, or four bytes.
 *
 *      int16    [ row 0: columns 0, 1 | row 1: 0, 1 | … | row 15 ][ row 0: columns 2, 3 | … ]
 *      int8     [ row 0: columns 0 … 3 | row 1: 0 … 3 | … | row 15 ]
 *
 * In front of a matrix lies the range of what it multiplies, where that was calibrated:
 *
 *      [ low | high | · | · ]      0 and 0: each row of x has its own
 *
 * The formats differ in how many bits x has: 16 (fewer where so many products would not fit into 32), or seven, for which
 * hosts have a dot product of bytes.
 */
const formatOf = (
  number: number,
  weights: Integers,
  dotted: WeightFormat | null,
): WeightFormat => ({
  number,
  dotted,
  integer: true,
  headBytes: 16,
  panelBytes: (columns) => panelBytes(weights, columns),
  writeHead,
  writePanel: (memory, address, matrix, panel) =>
    writePanel(memory, address, matrix, panel, weights),
});

export const INT8: WeightFormat = formatOf(1, Int16Array, null);
export const INT8_FAST: WeightFormat = formatOf(
  2,
  Int16Array,
  formatOf(3, Int8Array, null),
);

/** Bytes of a panel before its columns: assembly/scale.ts. */
export const PANEL_HEAD = 3 * PANEL * 4;

/** Bytes of a row of integers before them, and of all of it: assembly/integers.ts. */
export const ROW_HEAD = 16;
export const integerRowBytes = (k: number): number =>
  ROW_HEAD + Math.ceil(k / 8) * 16;

function panelBytes({ BYTES_PER_ELEMENT }: Integers, columns: number): number {
  return PANEL_HEAD + Math.ceil(columns / 8) * 8 * PANEL * BYTES_PER_ELEMENT;
}

function writeHead({ f32 }: Memory, address: number, matrix: PanelMatrix) {
  const [low, high] = matrix.range?.() ?? [0, 0];
  f32[(address >> 2) - 4] = low;
  f32[(address >> 2) - 3] = high;
}

function writePanel(
  { f32, i32 }: Memory,
  address: number,
  matrix: PanelMatrix,
  panel: number,
  weights: Integers,
): void {
  const { columns, stride } = matrix;
  const given = matrix.integers?.();
  const size = panelBytes(weights, columns.length);
  const at = address + panel * size;
  const head = at >> 2;
  const bytes = size - PANEL_HEAD;
  const side = 4 / weights.BYTES_PER_ELEMENT;
  const lanes = new weights(
    f32.buffer,
    at + PANEL_HEAD,
    bytes / weights.BYTES_PER_ELEMENT,
  ).fill(0);
  eachLane(matrix, panel, (lane, row, sign, bias) => {
    f32[head + lane] = 0;
    f32[head + PANEL + lane] = bias;
    i32[head + 2 * PANEL + lane] = 0;
    if (row < 0) return;
    const values = given?.values ?? new Int8Array(stride);
    const start = given ? row * stride : 0;
    f32[head + lane] =
      given?.scales[row] ??
      roundRow(matrix.weights(), row * stride, stride, values, 0);
    let sum = 0;
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c] as number;
      if (column < 0) continue;
      const value = (values[start + column] as number) * sign;
      const group = Math.floor(c / side) * PANEL + lane;
      lanes[group * side + (c % side)] = value;
      sum += value;
    }
    i32[head + 2 * PANEL + lane] = sum;
  });
}
