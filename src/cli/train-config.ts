/*
 * A new model from a JSON description, {"layers": [{"type": "LSTM", "options": {"inputSize": 1, "hiddenSize": 16}}, …]},
 * as in the metadata of saved models.
 */
import { isRecord, message, oneOf } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LastStep,
  LayerNorm,
  Linear,
  LSTM,
  Masking,
  Pooling,
  RNN,
  Sequential,
} from "../index.js";

const LAYER_TYPES = {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LSTM,
  LastStep,
  LayerNorm,
  Linear,
  Masking,
  Pooling,
  RNN,
};

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
        Object.keys(LAYER_TYPES) as (keyof typeof LAYER_TYPES)[],
      );
      return new LAYER_TYPES[type]((value["options"] ?? {}) as never);
    } catch (error) {
      throw new FormatError(reasonOf(error), place);
    }
  });
  return new Sequential(layers);
}
