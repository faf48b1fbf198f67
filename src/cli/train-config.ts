/*
 * A model from scratch, as a file says it: {"layers": [{"type": "LSTM", "options": {"inputSize": 1, "hiddenSize": 16}}, …]},
 * as saved models have them in their metadata.
 */
import { isRecord, message, oneOf } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
} from "../index.js";

const LAYERS = { RNN, LSTM, GRU, Linear, Embedding, Masking };

/** @throws FormatError naming the layer */
export function modelOfConfig(config: Record<string, unknown>): Sequential {
  const layers = (config["layers"] as unknown[]).map((value, i) => {
    const place = `layers[${i}]`;
    if (!isRecord(value))
      throw new FormatError(
        message(place, "an object with type and options", typeof value),
      );
    try {
      const type = oneOf(
        value["type"],
        "type",
        Object.keys(LAYERS) as (keyof typeof LAYERS)[],
      );
      return new LAYERS[type]((value["options"] ?? {}) as never);
    } catch (error) {
      throw new FormatError(reasonOf(error), place);
    }
  });
  return new Sequential(layers);
}
