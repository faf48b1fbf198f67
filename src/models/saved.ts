import type { Bytes } from "../bytes.js";
import { message, record, wrong } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import type { Layer } from "../layers/layer.js";
import { LAYER_TYPES, layerTypes } from "./layer-types.js";
import type { ModelNames } from "./ports.js";

/** The form of metadata.gatewise; a reader refuses others. */
const VERSION = 1;

/** A safetensors file of the weights, the layers' options as JSON in metadata.gatewise. */
export function saveModel(
  {
    layers,
    skip,
    names,
  }: { layers: readonly Layer[]; skip: number; names: ModelNames },
  weights: StateDict,
  metadata: Record<string, string>,
): Bytes {
  const described = layers.map(({ type, savedOptions: options }, index) => {
    if (isKnown(type)) return { type, options };
    const name = `layers[${index}]`;
    throw new RangeError(message(name, `one of ${layerTypes()}`, type));
  });
  const gatewise = JSON.stringify({
    version: VERSION,
    layers: described,
    ...(skip && { skip }),
    ...(Object.keys(names).length && { names }),
  });
  return serialize(weights, { ...metadata, gatewise });
}

/**
 * The layers and weights that such a file holds.
 *
 * @throws FormatError naming the place
 */
export function readModel(bytes: Uint8Array | ArrayBuffer): {
  layers: Layer[];
  weights: StateDict;
  skip: number;
  names: ModelNames;
} {
  const { tensors, metadata } = parse(bytes);
  const place = "metadata.gatewise";
  const text = metadata["gatewise"];
  if (text === undefined) {
    throw new FormatError(
      "expected what Sequential.save writes, got none",
      place,
    );
  }
  return {
    weights: tensors,
    ...atPlace(place, () => described(text)),
  };
}

function described(text: string): {
  layers: Layer[];
  skip: number;
  names: ModelNames;
} {
  const value: unknown = JSON.parse(text);
  const {
    version,
    layers,
    graph,
    skip = 0,
    names = {},
  } = record(value, "model") as {
    version?: unknown;
    layers?: { type: string; options: never }[];
    graph?: unknown;
    skip?: number;
    names?: ModelNames;
  };
  if (graph !== undefined)
    throw new RangeError(
      message(
        "model",
        "a chain of layers",
        "a graph, which load of gatewise/load and loadGraph of gatewise/onnx read",
      ),
    );
  if (version !== VERSION) {
    throw new RangeError(message("version", `${VERSION}`, String(version)));
  }
  if (!Array.isArray(layers))
    throw wrong(false, "layers", "an array of layers", layers);
  const made = layers.map(({ type, options }, index) => {
    // Options of gigabytes cost nothing here: a layer draws its weights when somebody looks at them.
    if (isKnown(type)) return new LAYER_TYPES[type](options);
    const name = `layers[${index}].type`;
    throw new RangeError(message(name, layerTypes(), String(type)));
  });
  return { layers: made, skip, names };
}

const isKnown = (type: string): type is keyof typeof LAYER_TYPES =>
  Object.hasOwn(LAYER_TYPES, type);

/** What `read` returns; what it throws becomes a FormatError at `place`. */
export function atPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new FormatError(reasonOf(error), place);
  }
}
