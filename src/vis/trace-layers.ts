import { message, wrong } from "../checks.js";
import type { Layer, Trace } from "../index.js";
import type { Tensor, TensorLike } from "../tensor.js";

/** A chain of layers. */
interface Chain {
  readonly layers: readonly Layer[];
}

interface Traced {
  forward(
    input: TensorLike,
    options: { trace: true },
  ): { output: Tensor; trace: Trace };
}

/**
 * Runs a Sequential from zero states, and returns the gates of all its recurrent layers, for `gates`. Each entry has the
 * layer's index and type as its `name`: "1: GRU".
 *
 * @param input as for `model.forward`
 * @throws TypeError if `model` is not a Sequential; RangeError if it has no recurrent layer; what `forward` throws
 */
export function traceLayers(model: Chain, input: TensorLike): Trace {
  const { layers } = Object(model) as Partial<Chain>;
  if (!Array.isArray(layers))
    throw wrong(false, "model", "a Sequential", model);
  const entries: Trace[number][] = [];
  let values = input;
  for (const [index, layer] of (layers as Layer[]).entries()) {
    if (!isRecurrent(layer)) {
      values = layer.forward(values).output;
      continue;
    }
    const { output, trace } = layer.forward(values, { trace: true });
    const several = new Set(trace.map((each) => each.layer)).size > 1;
    for (const each of trace) {
      const within = several ? `, layer ${each.layer + 1}` : "";
      entries.push({ name: `${index}: ${layer.type}${within}`, ...each });
    }
    values = output;
  }
  if (!entries.length)
    throw new RangeError(
      message("model", "one with an RNN, LSTM or GRU", "none"),
    );
  return entries;
}

/** Whether the layer's forward can return a trace. */
const isRecurrent = (layer: Layer): layer is Layer & Traced =>
  "hiddenSize" in layer.options;
