import type { Memory } from "../memory.js";
import { PANEL } from "../sizes.js";
import { eachLane, type PanelMatrix, type WeightFormat } from "./format.js";

/*
 * float32. A panel, float by float:
 *
 *      [ bias of 16 rows ][ column 0 of those rows ][ column 1 ] … [ column k - 1 ]
 *
 * Columns past the matrix, and rows that no unit has, are zeros.
 */
export const F32: WeightFormat = {
  number: 0,
  dotted: null,
  integer: false,
  headBytes: 0,
  panelBytes,
  writeHead: () => {},
  writePanel,
};

function panelBytes(columns: number): number {
  return PANEL * (columns + 1) * 4;
}

function writePanel(
  { f32 }: Memory,
  address: number,
  matrix: PanelMatrix,
  panel: number,
): void {
  const { stride, columns } = matrix;
  const weights = matrix.weights();
  const start = (address + panel * panelBytes(columns.length)) >> 2;
  eachLane(matrix, panel, (lane, row, sign, bias) => {
    f32[start + lane] = bias;
    let to = start + lane;
    for (let c = 0; c < columns.length; c++) {
      to += PANEL;
      const column = columns[c] as number;
      f32[to] =
        row < 0 || column < 0
          ? 0
          : (weights[row * stride + column] as number) * sign;
    }
  });
}
