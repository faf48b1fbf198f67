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
 * The gates of all recurrent layers of a Sequential, layer by layer from zero states, as `gates` draws them. Each entry
 * has the layer's place and type as `name`: "1: GRU".
 *
 * @param input as `model.forward` takes it
 * @throws TypeError for what is no Sequential; RangeError when it has no recurrent layer; what `forward` throws
 */
export function traceLayers(model: Chain, input: TensorLike): Trace {
  const { layers } = Object(model) as Partial<Chain>;
  if (!Array.isArray(layers))
    throw wrong(false, "model", "a Sequential", model);
  const entries: Trace[number][] = [];
  let values = input;
  for (const [index, layer] of (layers as Layer[]).entries()) {
    // states have names where a layer has gates
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

/** Whether its forward can leave a trace: the layers whose options have a direction. */
const isRecurrent = (layer: Layer): layer is Layer & Traced =>
  "hiddenSize" in layer.options;
