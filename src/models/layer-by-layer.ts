import {
  addInput,
  type CellState,
  type ForwardResult,
  type Model,
} from "../kernel/model.js";
import type { Layer, LayerInput, LayerOutput } from "../layers/layer.js";

/**
 * Runs a model one layer after another, each in a kernel model of its own (`modelOf`), because masked sequences are
 * rearranged for each layer. A mask applies up to a layer that returns only its last step.
 *
 * @param states one entry per cell of the whole model, or none
 * @param skip how many features of the input are added to those of the output
 * @param onLayer is called with the output of each layer, and its gates if `given.trace` is set
 */
export function forwardLayerByLayer(
  layers: readonly Layer[],
  modelOf: (layer: Layer) => Model,
  given: LayerInput,
  states: readonly (CellState | null)[],
  skip: number,
  onLayer?: (layer: Layer, output: LayerOutput) => void,
): ForwardResult {
  let current = given;
  const after: CellState[] = [];
  for (const layer of layers) {
    const own = states.slice(after.length, after.length + layer.cells.length);
    const result = layer.pass(current, own, () => modelOf(layer));
    after.push(...result.states);
    onLayer?.(layer, result);
    const { data, batch, steps, mask, lengths } = result;
    current = { ...given, data, batch, steps, mask, lengths };
  }
  const { data: output, mask, steps } = current;
  if (skip) addInput({ ...given, input: given.data }, output, skip, mask);
  return { output, states: after, steps };
}
