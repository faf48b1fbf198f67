import { message, wrong } from "../checks.js";
import type { CellStates } from "../kernel/backward.js";
import type { Layer } from "../layers/layer.js";
import { joinState, splitState, type States } from "../layers/state.js";
import { concat } from "../tensor.js";

/* A state of each cell, part by part, null where it has none or is given none; and a state of each layer, as users see it. */

/** The cells of a layer that have a state. */
export const cellsOf = (layer: Layer): Layer["cells"] =>
  layer.stateNames.length ? layer.cells : [];

/** One state a layer → one a cell. */
export function splitStates(
  layers: readonly Layer[],
  states: unknown,
  batch: number,
  batched: boolean,
  name = "state",
): (CellStates | null)[] {
  const given = states ?? layers.map(() => null);
  const expected = `${layers.length} states, one per layer`;
  if (!Array.isArray(given))
    throw wrong(false, name, `an array of ${expected}`, given);
  if (given.length !== layers.length)
    throw new RangeError(message(name, expected, `${given.length}`));
  return layers.flatMap((layer, index) => {
    const state: unknown = given[index] ?? null;
    const cells = cellsOf(layer);
    const place = `${name}[${index}]`;
    if (state === null) return cells.map(() => null);
    if (!cells.length)
      throw wrong(false, place, "null for a layer without states", state);
    return splitState(state, cells, batched ? batch : null, place).map((own) =>
      layer.stateNames.map((part) => own[part] as Float32Array),
    );
  });
}

/** One a cell → one a layer; null where none of its cells has one. */
export function joinStates(
  layers: readonly Layer[],
  states: readonly (CellStates | null)[],
  batch: number,
  batched: boolean,
): States {
  let at = 0;
  return layers.map((layer) => {
    const cells = cellsOf(layer);
    const own = states.slice(at, (at += cells.length));
    if (own.every((state) => !state)) return null;
    const named = own.map((state) =>
      Object.fromEntries(
        layer.stateNames.map((part, i) => [part, state?.[i] as Float32Array]),
      ),
    );
    return joinState(named, cells, batched ? batch : null);
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
