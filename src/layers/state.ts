import { equalShapes, isRecord, message, shapeText, wrong } from "../checks.js";
import type { CellState } from "../kernel/forward.js";
import type { Cell } from "../kernel/panels.js";
import { checkTensor, type Tensor } from "../tensor.js";

/** Where a sequence stands: hidden [L·D, B, O] and, of an LSTM, cell [L·D, B, H]; no B when the input had none. */
export interface State {
  hidden: Tensor;
  cell?: Tensor;
}

const hasCell = (cells: readonly Cell[]): boolean => cells[0]?.kind === "lstm";

/** A state's parts, cell by cell; checked against the layer's cells and the batch (null: without that axis). */
export function splitState(
  state: unknown,
  cells: readonly Cell[],
  batch: number | null,
  name: string,
): CellState[] {
  if (!isRecord(state))
    throw wrong(
      false,
      name,
      hasCell(cells) ? "{ hidden, cell }" : "{ hidden }",
      state,
    );
  const { hiddenSize, outputSize } = cells[0] as Cell;
  const axes = batch === null ? [cells.length] : [cells.length, batch];
  const hidden = part(state["hidden"], [...axes, outputSize], `${name}.hidden`);
  const cell = hasCell(cells)
    ? part(state["cell"], [...axes, hiddenSize], `${name}.cell`)
    : null;
  const rows = batch ?? 1;
  return cells.map((_, index) => ({
    hidden: hidden.subarray(
      index * rows * outputSize,
      (index + 1) * rows * outputSize,
    ),
    cell:
      cell &&
      cell.subarray(index * rows * hiddenSize, (index + 1) * rows * hiddenSize),
  }));
}

function part(
  value: unknown,
  shape: readonly number[],
  name: string,
): Float32Array {
  const tensor = checkTensor(value, name);
  if (!equalShapes(tensor.shape, shape))
    throw new RangeError(
      message(name, shapeText(shape), shapeText(tensor.shape)),
    );
  return tensor.data;
}

/** The parts put together again, as copies. */
export function joinState(
  parts: readonly CellState[],
  cells: readonly Cell[],
  batch: number | null,
): State {
  const { hiddenSize, outputSize } = cells[0] as Cell;
  const axes = batch === null ? [cells.length] : [cells.length, batch];
  const rows = batch ?? 1;
  const join = (
    size: number,
    data: (state: CellState) => Float32Array,
  ): Tensor => {
    const joined = new Float32Array(cells.length * rows * size);
    parts.forEach((state, index) =>
      joined.set(data(state), index * rows * size),
    );
    return { shape: [...axes, size], data: joined };
  };
  const hidden = join(outputSize, (state) => state.hidden);
  if (!hasCell(cells)) return { hidden };
  return {
    hidden,
    cell: join(hiddenSize, (state) => state.cell as Float32Array),
  };
}
