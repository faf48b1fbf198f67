import { PANEL, panelsOf, quadsOf } from "../sizes.js";

/** Which of a layer's two bias vectors are added into a row's bias. */
export const NO_BIAS = 0;
export const INNER = 1; // bias_ih
export const OUTER = 2; // bias_hh
export const BOTH = INNER | OUTER;

/** A row of a panel, as a row of PyTorch's matrix. */
export interface Row {
  readonly row: number;
  readonly bias: number;
  /** Weights and bias with the other sign. */
  readonly negated?: boolean;
}

/** Rows in the order in which panels hold them, whole panels of them. */
export class PackedRows {
  /** Rows of PyTorch's matrix; -1 where a panel has a row that no unit has. */
  readonly matrixRows: Int32Array;
  readonly signs: Float32Array;
  /** NO_BIAS, INNER, OUTER or BOTH. */
  readonly biases: Uint8Array;

  constructor(rows: readonly (Row | null)[]) {
    const padded = panelsOf(rows.length) * PANEL;
    this.matrixRows = new Int32Array(padded).fill(-1);
    this.signs = new Float32Array(padded).fill(1);
    this.biases = new Uint8Array(padded);
    rows.forEach((row, index) => {
      if (!row) return;
      this.matrixRows[index] = row.row;
      this.biases[index] = row.bias;
      if (row.negated) this.signs[index] = -1;
    });
  }

  get panels(): number {
    return this.matrixRows.length / PANEL;
  }
}

/** Rows unit by unit in groups of four: for each group, gate after gate. */
export function interleaved(
  units: number,
  gates: readonly number[],
  rowOf: (gate: number, unit: number) => Row,
): (Row | null)[] {
  const rows: (Row | null)[] = [];
  for (let quad = 0; quad < quadsOf(units); quad++) {
    for (const gate of gates) {
      for (let lane = 0; lane < 4; lane++) {
        const unit = quad * 4 + lane;
        rows.push(unit < units ? rowOf(gate, unit) : null);
      }
    }
  }
  return rows;
}

/** Rows gate by gate, each padded to whole quads, all of them to whole panels. */
export function consecutive(
  units: number,
  gates: readonly number[],
  rowOf: (gate: number, unit: number) => Row,
): (Row | null)[] {
  const rows = gates.flatMap((gate) => interleaved(units, [gate], rowOf));
  while (rows.length % PANEL) rows.push(null);
  return rows;
}
