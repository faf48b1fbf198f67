import { message, wrong } from "../checks.js";
import type { CellState } from "../kernel/model.js";
import type { Layer } from "../layers/layer.js";
import { joinState, splitState, type States } from "../layers/state.js";

/**
 * The states of all cells of a model, null where there is none, after checking them against the layers and the batch
 * (null: no such axis).
 */
export function splitStates(
  layers: readonly Layer[],
  states: unknown,
  batch: number | null,
): (CellState | null)[] {
  const { length } = layers;
  const expected = `${length} states, one per layer`;
  if (!Array.isArray(states)) {
    throw wrong(false, "state", `an array of ${expected}`, states);
  }
  if (states.length !== length) {
    throw new RangeError(message("state", expected, `${states.length}`));
  }
  return layers.flatMap((layer, index) => {
    const state: unknown = states[index];
    const name = `state[${index}]`;
    const given = state !== null && state !== undefined;
    if (!given) return layer.cells.map(() => null);
    if (layer.stateNames.length)
      return splitState(state, layer.cells, batch, name);
    throw wrong(false, name, `null for a ${layer.type}`, state);
  });
}

/** The cells' states as users see them. */
export function joinStates(
  layers: readonly Layer[],
  parts: readonly CellState[],
  batch: number | null,
): States {
  let at = 0;
  return layers.map((layer) => {
    const { cells } = layer;
    const own = parts.slice(at, at + cells.length);
    at += cells.length;
    return layer.stateNames.length ? joinState(own, cells, batch) : null;
  });
}
