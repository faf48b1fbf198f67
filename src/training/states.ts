import { message, record, sameShape, wrong } from "../checks.js";
import type { CellStates } from "../kernel/backward.js";
import type { Layer } from "../layers/layer.js";
import type { State } from "../layers/state.js";
import { checkTensor } from "../tensor.js";

/** A layer's cells, in the order of their states, and the parts of those; no cells of a layer that has no state. */
export interface LayerCells {
  readonly count: number;
  readonly parts: readonly StatePart[];
}

/** A part of a state; all cells' are one tensor, an axis in front, if it is `stacked`. */
interface StatePart {
  readonly name: string;
  readonly size: number;
  readonly shape: readonly number[];
  readonly stacked: boolean;
}

/** @internal */
export function cellsOfLayer({ cells }: Layer): LayerCells {
  const stateful = cells.filter(({ states }) => states.length);
  return { count: stateful.length, parts: stateful[0]?.states ?? [] };
}

const shapeOf = (
  { count }: LayerCells,
  { shape, stacked }: StatePart,
  batch: number,
  batched: boolean,
): number[] => [
  ...(stacked ? [count] : []),
  ...(batched ? [batch] : []),
  ...shape,
];

/** One state a layer, as users give them → one a cell; null for those that have none. */
export function splitStates(
  layers: readonly LayerCells[],
  states: unknown,
  batch: number,
  batched: boolean,
  name = "state",
): (CellStates | null)[] {
  const none = ({ count }: LayerCells) =>
    Array.from({ length: count }, () => null);
  if (states === undefined || states === null) return layers.flatMap(none);
  const expected = `${layers.length} states, one per layer`;
  if (!Array.isArray(states))
    throw wrong(false, name, `an array of ${expected}`, states);
  if (states.length !== layers.length)
    throw new RangeError(message(name, expected, `${states.length}`));
  return layers.flatMap((cells, index) => {
    const state: unknown = states[index];
    const place = `${name}[${index}]`;
    if (state === null || state === undefined) return none(cells);
    if (!cells.count)
      throw wrong(false, place, "null for a layer without states", state);
    const given = record(state, place);
    const parts = cells.parts.map((part) => {
      const own = `${place}.${part.name}`;
      const shape = shapeOf(cells, part, batch, batched);
      return sameShape(checkTensor(given[part.name], own), shape, own).data;
    });
    return Array.from({ length: cells.count }, (_, cell) =>
      parts.map((data) => {
        const size = data.length / cells.count;
        return data.subarray(cell * size, (cell + 1) * size);
      }),
    );
  });
}

/** One a cell → one a layer; null where a layer has none, or none of its cells. */
export function joinStates(
  layers: readonly LayerCells[],
  states: readonly (CellStates | null)[],
  batch: number,
  batched: boolean,
): (State | null)[] {
  let at = 0;
  return layers.map((cells) => {
    const own = states.slice(at, at + cells.count);
    at += cells.count;
    if (own.every((state) => state === null)) return null;
    const parts = cells.parts.map((each, part) => {
      const { name, size } = each;
      const data = new Float32Array(cells.count * batch * size);
      own.forEach((state, cell) => {
        const values = state?.[part];
        if (values) data.set(values, cell * batch * size);
      });
      return [name, { shape: shapeOf(cells, each, batch, batched), data }];
    });
    return Object.fromEntries(parts) as State;
  });
}

/** Rows `from` to `to` of every cell's states. */
export const rowsOfStates = (
  states: readonly (CellStates | null)[],
  batch: number,
  from: number,
  to: number,
): (CellStates | null)[] =>
  states.map(
    (state) =>
      state &&
      state.map((data) => {
        const size = data.length / batch;
        return data.subarray(from * size, to * size);
      }),
  );

/** Rows one after another, of each cell. */
export function stackStates(
  parts: readonly (readonly (CellStates | null)[])[],
): (CellStates | null)[] {
  const [first] = parts;
  if (!first || parts.length === 1) return [...(first ?? [])];
  return first.map(
    (state, cell) =>
      state &&
      state.map((_, part) =>
        concat(parts.map((rows) => rows[cell]?.[part] as Float32Array)),
      ),
  );
}

export function concat(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const all = new Float32Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
