import { record, sameShape } from "../checks.js";
import type { Cell, CellState } from "../kernel/model.js";
import { checkTensor, type Tensor } from "../tensor.js";

/** Where a sequence stands: hidden [L·D, B, O] and, of an LSTM, cell [L·D, B, H]; no B when the input had none. */
export interface State {
  hidden: Tensor;
  cell?: Tensor;
}

const hasCell = (cells: readonly Cell[]): boolean =>
  (cells[0]?.states.length ?? 0) > 1;

const axesOf = (cells: readonly Cell[], batch: number | null): number[] =>
  batch === null ? [cells.length] : [cells.length, batch];

/** A state's parts, cell by cell; checked against the layer's cells and the batch (null: without that axis). */
export function splitState(
  state: unknown,
  cells: readonly Cell[],
  batch: number | null,
  name: string,
): CellState[] {
  const given = record(state, name);
  const { hiddenSize, outputSize } = cells[0] as Cell;
  const part = (key: "hidden" | "cell", size: number): Float32Array => {
    const tensor = checkTensor(given[key], `${name}.${key}`);
    const shape = [...axesOf(cells, batch), size];
    return sameShape(tensor, shape, `${name}.${key}`).data;
  };
  const hidden = part("hidden", outputSize);
  const cell = hasCell(cells) ? part("cell", hiddenSize) : null;
  const share = (data: Float32Array, index: number) => {
    if (cells.length === 1) return data;
    const size = data.length / cells.length;
    return data.subarray(index * size, (index + 1) * size);
  };
  return cells.map((_, index) => ({
    hidden: share(hidden, index),
    cell: cell && share(cell, index),
  }));
}

/** The parts, which are copies, put together again; a single one as it is. */
export function joinState(
  parts: readonly CellState[],
  cells: readonly Cell[],
  batch: number | null,
): State {
  const { hiddenSize, outputSize } = cells[0] as Cell;
  const join = (
    size: number,
    values: (state: CellState) => Float32Array,
  ): Tensor => {
    const shape = [...axesOf(cells, batch), size];
    const [first] = parts;
    if (first && parts.length === 1) return { shape, data: values(first) };
    const each = (batch ?? 1) * size;
    const data = new Float32Array(cells.length * each);
    parts.forEach((state, index) => data.set(values(state), index * each));
    return { shape, data };
  };
  const hidden = join(outputSize, (state) => state.hidden);
  if (!hasCell(cells)) return { hidden };
  const cell = join(hiddenSize, (state) => state.cell as Float32Array);
  return { hidden, cell };
}
