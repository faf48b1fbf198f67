import type { Memory } from "../memory.js";
import type { PackedRows } from "./rows.js";

/** A weight matrix as its owner has it, and which of its rows and columns panels hold. */
export interface PanelMatrix {
  /** Row after row, as it is now: read again whenever weights have changed. */
  readonly weights: () => Float32Array;
  readonly biasIh: () => Float32Array | null;
  readonly biasHh: () => Float32Array | null;
  /** Numbers from one row of the matrix to the next. */
  readonly stride: number;
  readonly rows: PackedRows;
  /** Of each column of a panel, where in a row of the matrix it lies; -1: a column of zeros. An even number of them. */
  readonly columns: Int32Array;
  /** The bias of a row that no unit has. */
  readonly emptyBias: number;
}

/** How weights lie in panels: all that there is to know of a format on this side of the kernel. */
export interface WeightFormat {
  /** In a layer's record, by which assembly/product.ts and js/product.ts choose the product that reads it. */
  readonly number: number;
  /** Bytes of a panel with so many columns, a multiple of 16. */
  panelBytes(columns: number): number;
  /** Writes one panel of a matrix, whose first panel lies at `address`. */
  writePanel(
    memory: Memory,
    address: number,
    matrix: PanelMatrix,
    panel: number,
  ): void;
}

/** Bytes of all panels of a matrix. */
export const matrixBytes = (
  format: WeightFormat,
  { rows, columns }: PanelMatrix,
): number => rows.panels * format.panelBytes(columns.length);

/** Writes all panels of a matrix. */
export function writeMatrix(
  format: WeightFormat,
  memory: Memory,
  address: number,
  matrix: PanelMatrix,
): void {
  for (let panel = 0; panel < matrix.rows.panels; panel++)
    format.writePanel(memory, address, matrix, panel);
}
