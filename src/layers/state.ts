import { record, sameShape } from "../checks.js";
import type { Cell, CellState } from "../kernel/model.js";
import { checkTensor, type Tensor } from "../tensor.js";

/**
 * The state of a recurrent layer: hidden [L·D, B, O] and, for an LSTM, cell [L·D, B, H]; without B if the input had
 * none.
 */
export interface State {
  hidden: Tensor;
  cell?: Tensor;
}

/** The states of a model: one entry per layer, null for layers without a state. */
export type States = (State | null)[];

type Part = Cell["states"][number];

/** The shape of a part as users see it, for a layer's cells and the batch (null: no such axis). */
const shapeOf = (
  { shape, stacked }: Part,
  cells: readonly Cell[],
  batch: number | null,
): number[] => {
  const axes = stacked ? [cells.length] : [];
  if (batch !== null) axes.push(batch);
  axes.push(...shape);
  return axes;
};

/** Every layer's cells have the same parts. */
const partsOf = (cells: readonly Cell[]): readonly Part[] =>
  cells[0]?.states ?? [];

/** Whether the layer of these cells has a state. */
export const hasState = (cells: readonly Cell[]): boolean =>
  partsOf(cells).length > 0;

/** A state split into cells, after checking it against the layer's cells and the batch (null: no such axis). */
export function splitState(
  state: unknown,
  cells: readonly Cell[],
  batch: number | null,
  name: string,
): CellState[] {
  const given = record(state, name);
  const parts = partsOf(cells).map((part) => {
    const place = `${name}.${part.name}`;
    const tensor = checkTensor(given[part.name], place);
    const shape = shapeOf(part, cells, batch);
    return [part.name, sameShape(tensor, shape, place).data] as const;
  });
  const share = (data: Float32Array, index: number) => {
    if (cells.length === 1) return data;
    const size = data.length / cells.length;
    return data.subarray(index * size, (index + 1) * size);
  };
  return cells.map((_, index) =>
    Object.fromEntries(parts.map(([part, data]) => [part, share(data, index)])),
  );
}

/** The cells' states as one; that of a single cell is not copied again. */
export function joinState(
  states: readonly CellState[],
  cells: readonly Cell[],
  batch: number | null,
): State {
  // a plain loop: for short sequences, most of the time goes into what surrounds the kernel call
  const joined: Record<string, Tensor> = {};
  for (const part of partsOf(cells)) {
    const { name, size } = part;
    const shape = shapeOf(part, cells, batch);
    const [first] = states;
    if (first && states.length === 1) {
      joined[name] = { shape, data: first[name] as Float32Array };
      continue;
    }
    const each = (batch ?? 1) * size;
    const data = new Float32Array(cells.length * each);
    states.forEach((own, index) =>
      data.set(own[name] as Float32Array, index * each),
    );
    joined[name] = { shape, data };
  }
  return joined as object as State;
}
