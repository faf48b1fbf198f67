import { message, record, sameShape, wrong } from "../checks.js";
import type { CellStates, OperationSpec } from "../kernel/backward.js";
import type { State } from "../layers/state.js";
import { checkTensor } from "../tensor.js";

/** A layer's cells in the order of their states; none of a layer that has none. */
export interface LayerCells {
  readonly cells: readonly {
    outputSize: number;
    hiddenSize: number;
    lstm: boolean;
  }[];
}

export function cellsOfLayer(
  specs: readonly OperationSpec[],
): LayerCells["cells"] {
  return specs.flatMap((spec) =>
    spec.type === "recurrent"
      ? spec.cells.map(({ outputSize, hiddenSize, kind }) => ({
          outputSize,
          hiddenSize,
          lstm: kind === "lstm",
        }))
      : [],
  );
}

/** One state a layer, as users give them → one a cell; null for those that have none. */
export function splitStates(
  layers: readonly LayerCells[],
  states: unknown,
  batch: number,
  batched: boolean,
  name = "state",
): (CellStates | null)[] {
  if (states === undefined || states === null)
    return layers.flatMap(({ cells }) => cells.map(() => null));
  const expected = `${layers.length} states, one a layer`;
  if (!Array.isArray(states))
    throw wrong(false, name, `an array of ${expected}`, states);
  if (states.length !== layers.length)
    throw new RangeError(message(name, expected, `${states.length}`));
  return layers.flatMap(({ cells }, index) => {
    const state: unknown = states[index];
    const place = `${name}[${index}]`;
    if (state === null || state === undefined) return cells.map(() => null);
    const [first] = cells;
    if (!first)
      throw wrong(false, place, "null for a layer without states", state);
    const given = record(state, place);
    const part = (key: "hidden" | "cell", size: number) => {
      const shape = [cells.length, ...(batched ? [batch] : []), size];
      const tensor = checkTensor(given[key], `${place}.${key}`);
      return sameShape(tensor, shape, `${place}.${key}`).data;
    };
    const hidden = part("hidden", first.outputSize);
    const cell = first.lstm ? part("cell", first.hiddenSize) : null;
    const share = (data: Float32Array, i: number) => {
      const size = data.length / cells.length;
      return data.subarray(i * size, (i + 1) * size);
    };
    return cells.map((_, i) => ({
      hidden: share(hidden, i),
      cell: cell && share(cell, i),
    }));
  });
}

/** One a cell → one a layer; null where a layer has none, or none of its cells. */
export function joinStates(
  layers: readonly LayerCells[],
  parts: readonly (CellStates | null)[],
  batch: number,
  batched: boolean,
): (State | null)[] {
  let at = 0;
  return layers.map(({ cells }) => {
    const own = parts.slice(at, at + cells.length);
    at += cells.length;
    const [first] = cells;
    if (!first || own.every((part) => part === null)) return null;
    const join = (
      size: number,
      of: (part: CellStates) => Float32Array | null,
    ) => {
      const data = new Float32Array(cells.length * batch * size);
      own.forEach((part, i) => {
        const values = part && of(part);
        if (values) data.set(values, i * batch * size);
      });
      const shape = [cells.length, ...(batched ? [batch] : []), size];
      return { shape, data };
    };
    const hidden = join(first.outputSize, (part) => part.hidden);
    if (!first.lstm) return { hidden };
    return { hidden, cell: join(first.hiddenSize, (part) => part.cell) };
  });
}

/** Rows `from` to `to` of every cell's states. */
export const rowsOfStates = (
  states: readonly (CellStates | null)[],
  batch: number,
  from: number,
  to: number,
): (CellStates | null)[] =>
  states.map((state) => {
    if (!state) return null;
    const cut = (data: Float32Array) => {
      const size = data.length / batch;
      return data.subarray(from * size, to * size);
    };
    return { hidden: cut(state.hidden), cell: state.cell && cut(state.cell) };
  });

/** Rows one after another, of each cell. */
export function stackStates(
  parts: readonly (readonly (CellStates | null)[])[],
): (CellStates | null)[] {
  const [first] = parts;
  if (!first || parts.length === 1) return [...(first ?? [])];
  return first.map((state, index) => {
    if (!state) return null;
    const all = parts.map((part) => part[index] as CellStates);
    const join = (of: (part: CellStates) => Float32Array) => {
      const data = new Float32Array(
        all.reduce((sum, part) => sum + of(part).length, 0),
      );
      let at = 0;
      for (const part of all) {
        data.set(of(part), at);
        at += of(part).length;
      }
      return data;
    };
    return {
      hidden: join((part) => part.hidden),
      cell: state.cell && join((part) => part.cell as Float32Array),
    };
  });
}
