/*
 * A layer of ours as a report has it, for the files whose names and shapes are PyTorch's.
 */
import { Embedding, GRU, type Layer, Linear, LSTM, RNN } from "../index.js";
import { RECURRENT_KINDS } from "../layers/cells.js";
import { type RecurrentLayer, typeOf } from "../layers/chain.js";
import type { ReportLayer } from "./report.js";

/** @param name in the file */
export function describeLayer(name: string, layer: Layer): ReportLayer {
  const type = typeOf(layer);
  if (layer instanceof RNN || layer instanceof LSTM || layer instanceof GRU)
    return { name, type, ...describeRecurrent(layer) };
  if (layer instanceof Linear) {
    const { inputSize, outputSize, bias, activation } = layer.options;
    const after = activation === "linear" ? "" : `, ${textOf(activation)}`;
    const convention = `PyTorch: weight [out, in], ${bias ? "bias" : "no bias"}${after}`;
    return { name, type, sizes: { inputSize, outputSize }, convention };
  }
  if (layer instanceof Embedding) {
    const { vocabSize, size, maskZero } = layer.options;
    const convention = `PyTorch: a row a token${maskZero ? ", token 0 masked" : ""}`;
    return { name, type, sizes: { vocabSize, size }, convention };
  }
  const { maskValue } = layer.options;
  const convention = `steps of ${maskValue} alone masked`;
  return { name, type, sizes: {}, convention };
}

type Described = Pick<ReportLayer, "sizes" | "convention">;

function describeRecurrent(layer: RecurrentLayer): Described {
  const { inputSize, hiddenSize, numLayers, bias, direction } = layer.options;
  const directions = direction === "bidirectional" ? 2 : 1;
  const sizes = { inputSize, hiddenSize, numLayers, directions };
  const biases = bias ? "two biases" : "no bias";
  const said = ["bias", "direction", "projSize"];
  const parts: string[] = [];
  let all: Described["sizes"] = sizes;
  if (layer instanceof LSTM) {
    const { projSize } = layer.options;
    if (projSize) all = { ...sizes, projSize };
    parts.push(`gates ${RECURRENT_KINDS.LSTM.orders.pytorch}`, biases);
  } else if (layer instanceof GRU) {
    const { resetAfter, updateGate } = layer.options;
    const gates = `gates ${RECURRENT_KINDS.GRU.orders.pytorch}`;
    const reset = `reset ${resetAfter ? "after" : "before"}`;
    parts.push(gates, biases, reset, `update gate ${updateGate}s`);
    said.push("resetAfter", "updateGate");
  } else {
    parts.push(biases, layer.options.nonlinearity);
    said.push("nonlinearity");
  }
  if (direction === "reverse") parts.push("backwards");
  parts.push(...unusual(layer, said));
  return { sizes: all, convention: `PyTorch: ${parts.join(", ")}` };
}

/** The options that are other than by default, `said` and sizes left out: "returnSequences false". */
function unusual(layer: RecurrentLayer, said: readonly string[]): string[] {
  const Type = layer.constructor as typeof LSTM;
  const usual: object = new Type({ inputSize: 1, hiddenSize: 1 }).options;
  const left = ["inputSize", "hiddenSize", "numLayers", "seed", "backend"];
  return Object.entries(layer.options)
    .filter(([key]) => !left.includes(key) && !said.includes(key))
    .filter(([key, value]) => {
      const before: unknown = Reflect.get(usual, key);
      return JSON.stringify(before) !== JSON.stringify(value);
    })
    .map(([key, value]) => (value === true ? key : `${key} ${textOf(value)}`));
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);
