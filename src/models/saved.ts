import type { Bytes } from "../bytes.js";
import { message, record, wrong } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import type { Layer } from "../layers/layer.js";
import { LAYER_TYPES, layerTypes } from "./layer-types.js";
import type { ModelNames } from "./ports.js";

/** The version of metadata.gatewise; readers refuse others. */
const VERSION = 1;

/** A safetensors file of the weights, with the layers' options as JSON in metadata.gatewise. */
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
 * The layers and weights of such a file.
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
      "expected the options of layers, as Sequential.save writes them, got nothing",
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
  const read = layers.map(({ type, options }, index) => {
    // options that ask for gigabytes are harmless: a layer does not draw its weights until they are read
    if (isKnown(type)) return new LAYER_TYPES[type](options);
    const name = `layers[${index}].type`;
    throw new RangeError(message(name, layerTypes(), String(type)));
  });
  return { layers: read, skip, names };
}

const isKnown = (type: string): type is keyof typeof LAYER_TYPES =>
  Object.hasOwn(LAYER_TYPES, type);

/** The result of `read`; whatever it throws becomes a FormatError at `place`. */
export function atPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new FormatError(reasonOf(error), place);
  }
}
