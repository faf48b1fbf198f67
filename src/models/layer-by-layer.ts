import {
  addInput,
  type CellState,
  type ForwardResult,
  type Model,
} from "../kernel/model.js";
import type { Layer, Passage, Passed } from "../layers/layer.js";

/** What came out of a layer on the way. */
type Told = (layer: Layer, passed: Passed) => void;

/**
 * Runs a model one layer after another, each in a kernel model of its own (`modelOf`), because the sequences of a
 * masked layer are put together anew. A mask reaches every layer up to one that gives its last step alone.
 *
 * @param states one entry per cell of the whole model, or none
 * @param skip how many features of the input are added to the output's
 * @param tell is told what comes out of each layer; with `given.trace` gates too
 */
export function forwardLayerByLayer(
  layers: readonly Layer[],
  modelOf: (layer: Layer) => Model,
  given: Passage,
  states: readonly (CellState | null)[],
  skip: number,
  tell?: Told,
): ForwardResult {
  let passage = given;
  const after: CellState[] = [];
  for (const layer of layers) {
    const own = states.slice(after.length, after.length + layer.cells.length);
    const passed = layer.pass(passage, own, () => modelOf(layer));
    after.push(...passed.states);
    tell?.(layer, passed);
    const { data, batch, steps, mask, lengths } = passed;
    passage = { ...given, data, batch, steps, mask, lengths };
  }
  const { data: output, mask, steps } = passage;
  if (skip) addInput({ ...given, input: given.data }, output, skip, mask);
  return { output, states: after, steps };
}
