import { message, wrong } from "../checks.js";
import type { CellState } from "../kernel/model.js";
import {
  cellsOf,
  isRecurrent,
  type Layer,
  runsInKernel,
  typeOf,
} from "./chain.js";
import { joinState, splitState, type State } from "./state.js";

/** Of a model: one entry a layer, null where it has none. */
export type States = (State | null)[];

/**
 * A state of every cell of a model, null for those that have or are given none; checked against the layers and the
 * batch (null: without that axis).
 */
export function splitStates(
  layers: readonly Layer[],
  states: unknown,
  batch: number | null,
): (CellState | null)[] {
  const { length } = layers;
  const expected = `${length} states, one a layer`;
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
    if (given && isRecurrent(layer)) {
      return splitState(state, cellsOf(layer), batch, name);
    }
    if (given) throw wrong(false, name, `null for a ${typeOf(layer)}`, state);
    return runsInKernel(layer) ? cellsOf(layer).map(() => null) : [];
  });
}

/** The cells' states, which are copies, as users see them. */
export function joinStates(
  layers: readonly Layer[],
  parts: readonly CellState[],
  batch: number | null,
): States {
  let at = 0;
  return layers.map((layer) => {
    if (!runsInKernel(layer)) return null;
    const cells = cellsOf(layer);
    const own = parts.slice(at, at + cells.length);
    at += cells.length;
    return isRecurrent(layer) ? joinState(own, cells, batch) : null;
  });
}
