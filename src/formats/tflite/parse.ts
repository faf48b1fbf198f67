import { toBytes } from "../../bytes.js";
import { record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { budgetFor } from "../budget.js";
import { collectTensors, type ParsedTensors } from "../parsed.js";
import { Constants } from "./constants.js";
import { isTflite } from "./identifier.js";
import { readModel } from "./model.js";

/**
 * The constants of a .tflite file with any operators, by their tensors' names. Quantised ones are dequantised. If several
 * tensors share a name, the later ones have their place added to it.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, naming the place, for a damaged file
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: { maxBytes?: number } = {},
): ParsedTensors {
  const { maxBytes } = record(options, "options", { maxBytes: 0 });
  const file = toBytes(bytes);
  if (!isTflite(file))
    throw new FormatError(
      "expected a TensorFlow Lite model (TFL3), got other bytes",
      4,
    );
  const model = readModel(file);
  const constants = new Constants(model, budgetFor(maxBytes, file.length));
  const names = new Set<string>();
  const entries = model.subgraphs
    .flatMap(({ tensors }) => tensors)
    .filter(({ buffer }) => model.buffers[buffer]?.length)
    .map((tensor) => {
      const { type, shape, place } = tensor;
      const name = names.has(tensor.name)
        ? `${tensor.name} (${place})`
        : tensor.name;
      names.add(name);
      const read = () => {
        const isText = type === "STRING";
        const { dtype, data } = isText
          ? { dtype: type, data: null }
          : constants.real(tensor);
        return dtype === "float32" && data instanceof Float32Array
          ? { shape, data }
          : null;
      };
      return { name, dtype: type.toLowerCase(), shape, read };
    });
  const { description } = model;
  return {
    ...collectTensors(entries),
    metadata: description ? { description } : {},
  };
}
