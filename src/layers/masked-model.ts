import {
  addInput,
  type CellState,
  type ForwardResult,
  type Model,
} from "../kernel/model.js";
import {
  cellsOf,
  givesLastOnly,
  isRecurrent,
  type KernelLayer,
  type Layer,
} from "./chain.js";
import { Embedding } from "./embedding.js";
import type { Sequences } from "./input.js";
import { bothMasks, type Mask } from "./mask.js";
import { clear, Masking } from "./masking.js";

/** What a model's layers are run on, one after another. */
export interface MaskedRun {
  readonly given: Sequences;
  /** What the caller masks; layers may mask more. */
  readonly mask: Mask | null;
  readonly lengths: readonly number[] | null;
  /** One entry a cell of the whole model, or none. */
  readonly states: readonly (CellState | null)[];
  readonly skip: number;
}

/**
 * Runs layer by layer, because a masked layer's sequences are put together anew: each layer in a model of its own
 * (`modelOf`). A mask reaches every recurrent layer up to one with returnSequences false.
 */
export function forwardMasked(
  layers: readonly Layer[],
  modelOf: (layer: KernelLayer) => Model,
  { given, mask: first, lengths: all, states, skip }: MaskedRun,
): ForwardResult {
  let { data, steps } = given;
  let mask = first;
  let lengths = all;
  const results: CellState[] = [];
  for (const layer of layers) {
    if (layer instanceof Embedding) {
      const tokens = data;
      data = layer.lookUp(tokens, "input");
      if (layer.options.maskZero)
        mask = bothMasks(
          mask,
          Uint8Array.from(tokens, (id) => (id ? 1 : 0)),
        );
    } else if (layer instanceof Masking) {
      const size = data.length / (given.batch * steps);
      const own = layer.maskOf(data, size);
      data = clear(data, own);
      mask = bothMasks(mask, own);
    } else {
      const model = modelOf(layer);
      const from = results.length;
      const own = states.slice(from, from + cellsOf(layer).length);
      const result = runOne(layer, model, { ...given, data, steps }, own);
      data = result.output;
      results.push(...result.states);
      if (givesLastOnly(layer)) {
        steps = 1;
        mask = null;
        lengths = null;
      }
    }
  }
  if (skip) {
    const { data: input, batch } = given;
    addInput({ input, batch, steps, lengths }, data, skip, mask);
  }
  return { output: data, states: results, steps };

  function runOne(
    layer: KernelLayer,
    model: Model,
    sequences: Sequences,
    own: readonly (CellState | null)[],
  ) {
    if (isRecurrent(layer)) {
      const run = { given: sequences, states: own, lengths, trace: false };
      return layer.run(model, run, mask);
    }
    const { batch, data: input } = sequences;
    return model.forward({
      input,
      batch,
      steps: sequences.steps,
      lengths,
      states: [],
      trace: null,
    });
  }
}
