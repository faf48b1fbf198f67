import {
  type Cell,
  gatesApart,
  inputPanels,
  isGeneral,
  PANEL,
  quadsOf,
} from "./cell.js";
import { Field, RECORD_FIELDS } from "./contract.js";
import type { Memory } from "./memory.js";
import { peepholeFloats, writeOptions } from "./record.js";

/*
 * A panel, float by float:
 *
 *      [ bias of 16 rows ][ column 0 of those rows ][ column 1 ] … [ column k - 1 ]
 *
 * k is the width of the kernel's input row; columns past the matrix, and rows that no unit has, are zeros.
 */

/** A row of a panel: where its weights lie in PyTorch's matrix. */
interface PanelRow {
  readonly at: number;
  readonly bias: number;
  readonly sign: 1 | -1;
}

/** The rows of a matrix in packed order; null where there is no unit. */
interface Panels {
  readonly matrix: Float32Array;
  readonly columns: number;
  readonly rows: readonly (PanelRow | null)[];
  readonly k: number;
  readonly emptyBias: number;
}

function panelFloats({ rows, k }: Panels): number {
  return Math.ceil(rows.length / PANEL) * PANEL * (k + 1);
}

function writePanels(
  target: Float32Array,
  start: number,
  panels: Panels,
): void {
  const { matrix, columns, rows, k, emptyBias } = panels;
  target.fill(0, start, start + panelFloats(panels));
  const padded = Math.ceil(rows.length / PANEL) * PANEL;
  for (let r = 0; r < padded; r++) {
    const lane = start + Math.floor(r / PANEL) * PANEL * (k + 1) + (r % PANEL);
    const row = rows[r];
    target[lane] = row ? row.bias * row.sign : emptyBias;
    if (!row) continue;
    for (let column = 0; column < columns; column++) {
      target[lane + (column + 1) * PANEL] =
        (matrix[row.at + column] as number) * row.sign;
    }
  }
}

/** Rows unit by unit in groups of four: for each group, gate after gate. */
function interleaved(
  units: number,
  gates: readonly number[],
  row: (gate: number, unit: number) => PanelRow,
): (PanelRow | null)[] {
  const rows: (PanelRow | null)[] = [];
  for (let quad = 0; quad < quadsOf(units); quad++) {
    for (const gate of gates) {
      for (let lane = 0; lane < 4; lane++) {
        const unit = quad * 4 + lane;
        rows.push(unit < units ? row(gate, unit) : null);
      }
    }
  }
  return rows;
}

/** Rows gate by gate, each padded to whole quads, all of them to whole panels. */
function consecutive(
  units: number,
  gates: readonly number[],
  row: (gate: number, unit: number) => PanelRow,
): (PanelRow | null)[] {
  const rows = gates.flatMap((gate) => interleaved(units, [gate], row));
  while (rows.length % 16) rows.push(null);
  return rows;
}

/** A cell's matrices as panels: what multiplies x, what multiplies h, and the LSTM's W_hr or the GRU's U_n. */
function panelsOf(
  cell: Cell,
  k: number,
): { input: Panels; recurrent: Panels | null; second: Panels | null } {
  const { kind, inputSize: I, hiddenSize: H, outputSize: O } = cell;
  const { ih, hh, biasIh, biasHh, hr } = cell.weights();
  const outputK = quadsOf(O) * 4;
  const rowsOf =
    (columns: number, bias: (index: number) => number) =>
    (gate: number, unit: number): PanelRow => ({
      at: (gate * H + unit) * columns,
      bias: bias(gate * H + unit),
      sign: cell.replace && gate === 1 && !isGeneral(cell) ? -1 : 1,
    });
  const noBias = () => 0;
  const inner = (index: number) => biasIh?.[index] ?? 0;
  const outer = (index: number) => biasHh?.[index] ?? 0;
  const both = (index: number) => inner(index) + outer(index);
  const input = { emptyBias: 0, matrix: ih, columns: I, k };
  const recurrent = { emptyBias: 0, matrix: hh, columns: O, k: outputK };
  if (kind === "lstm") {
    const gates = [0, 1, 2, 3];
    const projection = hr && {
      emptyBias: 0,
      matrix: hr,
      columns: H,
      k: quadsOf(H) * 4,
    };
    return {
      input: { ...input, rows: interleaved(H, gates, rowsOf(I, both)) },
      recurrent: {
        ...recurrent,
        rows: interleaved(H, gates, rowsOf(O, noBias)),
      },
      second: projection && {
        ...projection,
        rows: consecutive(O, [0], (_, unit) => ({
          at: unit * H,
          bias: 0,
          sign: 1,
        })),
      },
    };
  }
  if (gatesApart(cell)) {
    const [candidate, own] = cell.resetBefore ? [both, noBias] : [inner, outer];
    return {
      input: {
        ...input,
        rows: [
          ...consecutive(H, [0, 1], rowsOf(I, both)),
          ...consecutive(H, [2], rowsOf(I, candidate)),
        ],
      },
      recurrent: {
        ...recurrent,
        rows: consecutive(H, [0, 1], rowsOf(O, noBias)),
      },
      second: { ...recurrent, rows: consecutive(H, [2], rowsOf(O, own)) },
    };
  }
  if (kind === "gru") {
    const gates = [0, 1, 2];
    const candidateApart = (index: number) =>
      index < 2 * H ? both(index) : inner(index);
    return {
      input: {
        ...input,
        rows: interleaved(H, gates, rowsOf(I, candidateApart)),
      },
      recurrent: {
        ...recurrent,
        rows: interleaved(
          H,
          gates,
          rowsOf(O, (index) => (index < 2 * H ? 0 : outer(index))),
        ),
      },
      second: null,
    };
  }
  // Lanes of no output must not weigh in a softmax: e^-∞ = 0.
  const emptyBias =
    cell.activations[0] === "softmax" ? Number.NEGATIVE_INFINITY : 0;
  return {
    input: { ...input, emptyBias, rows: consecutive(H, [0], rowsOf(I, both)) },
    recurrent:
      kind === "rnn"
        ? { ...recurrent, rows: consecutive(H, [0], rowsOf(O, noBias)) }
        : null,
    second: null,
  };
}

/** Bytes of a cell's record and panels. */
export function packedBytes(cell: Cell, inputWidth: number): number {
  const { input, recurrent, second } = panelsOf(cell, inputWidth);
  let floats =
    Math.ceil(RECORD_FIELDS / 4) * 4 +
    panelFloats(input) +
    peepholeFloats(cell);
  for (const panels of [recurrent, second])
    if (panels) floats += panelFloats(panels);
  return floats * 4;
}

/** Writes a cell's record at `address` (a multiple of 16) and its panels behind it. */
export function pack(
  memory: Memory,
  address: number,
  cell: Cell,
  inputWidth: number,
  outputStride: number,
): void {
  const { f32, i32 } = memory;
  const panels = panelsOf(cell, inputWidth);
  const record = address >> 2;
  const tail = (size: number) => ((size - 1) % 4) + 1;
  i32[record + Field.inputWidth] = inputWidth;
  i32[record + Field.inputPanels] = inputPanels(cell);
  i32[record + Field.hiddenQuads] = quadsOf(cell.hiddenSize);
  i32[record + Field.outputQuads] = quadsOf(cell.outputSize);
  i32[record + Field.hiddenTail] = tail(cell.hiddenSize);
  i32[record + Field.outputTail] = tail(cell.outputSize);
  i32[record + Field.outputStride] = outputStride;
  i32[record + Field.reverse] = cell.reverse ? 1 : 0;
  let at = record + Math.ceil(RECORD_FIELDS / 4) * 4;
  for (const name of ["input", "recurrent", "second"] as const) {
    const part = panels[name];
    i32[record + Field[name]] = part ? at * 4 : 0;
    if (!part) continue;
    writePanels(f32, at, part);
    at += panelFloats(part);
  }
  writeOptions(memory, record, cell, at);
}
