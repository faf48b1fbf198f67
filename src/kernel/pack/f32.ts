import type { Memory } from "../memory.js";
import { PANEL } from "../sizes.js";
import type { PanelMatrix, WeightFormat } from "./format.js";
import { INNER, OUTER } from "./rows.js";

/*
 * float32. A panel, float by float:
 *
 *      [ bias of 16 rows ][ column 0 of those rows ][ column 1 ] … [ column k - 1 ]
 *
 * Columns past the matrix, and rows that no unit has, are zeros.
 */
export const F32: WeightFormat = { number: 0, panelBytes, writePanel };

function panelBytes(columns: number): number {
  return PANEL * (columns + 1) * 4;
}

function writePanel(
  { f32 }: Memory,
  address: number,
  matrix: PanelMatrix,
  panel: number,
): void {
  const { stride, rows, columns, emptyBias } = matrix;
  const weights = matrix.weights();
  const biasIh = matrix.biasIh();
  const biasHh = matrix.biasHh();
  const start = (address + panel * panelBytes(columns.length)) >> 2;
  for (let lane = 0; lane < PANEL; lane++) {
    const index = panel * PANEL + lane;
    const row = rows.matrixRows[index] as number;
    const sign = rows.signs[index] as number;
    const added = rows.biases[index] as number;
    const inner = added & INNER ? (biasIh?.[row] ?? 0) : 0;
    const outer = added & OUTER ? (biasHh?.[row] ?? 0) : 0;
    f32[start + lane] = row < 0 ? emptyBias : (inner + outer) * sign;
    let to = start + lane;
    for (let c = 0; c < columns.length; c++) {
      to += PANEL;
      const column = columns[c] as number;
      f32[to] =
        row < 0 || column < 0
          ? 0
          : (weights[row * stride + column] as number) * sign;
    }
  }
}
