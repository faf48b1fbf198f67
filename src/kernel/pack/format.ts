import type { Integers } from "../../integers.js";
import type { Memory } from "../memory.js";
import { PANEL } from "../sizes.js";
import { INNER, OUTER, type PackedRows } from "./rows.js";

/** A weight matrix as its owner has it, and which of its rows and columns panels hold. */
export interface PanelMatrix {
  /** Row after row, as it is now: read again whenever weights have changed. */
  readonly weights: () => Float32Array;
  readonly biasIh: () => Float32Array | null;
  readonly biasHh: () => Float32Array | null;
  /** The same as integers, where the owner has them so. */
  readonly integers?: () => Integers | null;
  /** The calibrated range of what it multiplies; null: none. */
  readonly range?: () => readonly [low: number, high: number] | null;
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
  /** How they lie where the host has a dot product of bytes that is right; null: the same. */
  readonly dotted: WeightFormat | null;
  /** Whether products are sums of integers, which need room for rows of x as integers. */
  readonly integer: boolean;
  /** Bytes in front of a matrix, a multiple of 16. */
  readonly headBytes: number;
  /** Bytes of a panel with so many columns, a multiple of 16. */
  panelBytes(columns: number): number;
  /** Writes what lies in front of a matrix, whose first panel lies at `address`. */
  writeHead(memory: Memory, address: number, matrix: PanelMatrix): void;
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

/** Writes all panels of a matrix, and what lies in front. */
export function writeMatrix(
  format: WeightFormat,
  memory: Memory,
  address: number,
  matrix: PanelMatrix,
): void {
  format.writeHead(memory, address, matrix);
  for (let panel = 0; panel < matrix.rows.panels; panel++)
    format.writePanel(memory, address, matrix, panel);
}

/** The rows of a panel: where each lies in the matrix, -1 for one that no unit has, its sign and bias. */
export function eachLane(
  { rows, emptyBias, biasIh, biasHh }: PanelMatrix,
  panel: number,
  visit: (lane: number, row: number, sign: number, bias: number) => void,
): void {
  const ih = biasIh();
  const hh = biasHh();
  for (let lane = 0; lane < PANEL; lane++) {
    const index = panel * PANEL + lane;
    const row = rows.matrixRows[index] as number;
    const sign = rows.signs[index] as number;
    const added = rows.biases[index] as number;
    const inner = added & INNER ? (ih?.[row] ?? 0) : 0;
    const outer = added & OUTER ? (hh?.[row] ?? 0) : 0;
    visit(lane, row, sign, row < 0 ? emptyBias : (inner + outer) * sign);
  }
}
