import type { Bytes } from "../bytes.js";
import { message } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import { type Layer, LAYERS, type LayerType, typeOf } from "./chain.js";

/** The form of metadata.gatewise; a reader refuses others. */
const VERSION = 1;

/** Options that came after the first files, and what they are unless given: a file leaves them out then. */
const LATER: Readonly<Record<string, unknown>> = {
  activations: [],
  clip: Number.POSITIVE_INFINITY,
  peepholes: false,
  coupledGates: false,
  learnedState: false,
  mergeMode: "concat",
  outputOrder: "time",
  maskRule: "zero",
  maskZero: false,
};

const isDefault = ([name, value]: readonly [string, unknown]): boolean =>
  Object.hasOwn(LATER, name) &&
  (value === LATER[name] || (Array.isArray(value) && !value.length));

/** A safetensors file of the weights, the layers' options as JSON in metadata.gatewise. */
export function saveModel(
  { layers, skip }: { layers: readonly Layer[]; skip: number },
  weights: StateDict,
  metadata: Record<string, string>,
): Bytes {
  const described = layers.map((layer) => {
    // Neither is the model's: one made its weights, the other runs it.
    const {
      seed: _,
      backend: __,
      ...options
    } = { backend: "auto", seed: 0, ...layer.options };
    const written = Object.entries(options).filter(
      (option) => !isDefault(option),
    );
    return { type: typeOf(layer), options: Object.fromEntries(written) };
  });
  const gatewise = JSON.stringify({
    version: VERSION,
    layers: described,
    ...(skip && { skip }),
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
    ...atPlace(place, () => described(text, tensors)),
  };
}

function described(
  text: string,
  weights: StateDict,
): { layers: Layer[]; skip: number } {
  const {
    version,
    layers,
    skip = 0,
  } = JSON.parse(text) as {
    version: unknown;
    layers: { type: LayerType; options: never }[];
    skip?: number;
  };
  if (version !== VERSION) {
    throw new RangeError(message("version", `${VERSION}`, String(version)));
  }
  const counts = countNumbers(weights);
  const made = layers.map(({ type, options }, index) => {
    if (Object.hasOwn(LAYERS, type)) {
      checkSizes(options, counts.get(`${index}`) ?? 0, `layers[${index}]`);
      return new LAYERS[type](options);
    }
    const expected = Object.keys(LAYERS).join(", ");
    throw new RangeError(
      message(`layers[${index}].type`, expected, String(type)),
    );
  });
  return { layers: made, skip };
}

/** How many numbers the file has for each layer. */
function countNumbers(weights: StateDict): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, { data }] of Object.entries(weights)) {
    const [index = ""] = name.split(".", 1);
    counts.set(index, (counts.get(index) ?? 0) + data.length);
  }
  return counts;
}

/**
 * A layer is made before its weights are looked at: its largest matrices must be in the file, or 200 bytes make one
 * of gigabytes. All else is checked later.
 */
function checkSizes(
  options: Readonly<Record<string, unknown>>,
  numbers: number,
  name: string,
): void {
  const size = (key: string, missing = 0) => Number(options[key] ?? missing);
  const hidden = size("hiddenSize");
  const inputs = size("inputSize");
  const outputs = size("projSize") || hidden;
  const least = Math.max(
    hidden * inputs,
    hidden * outputs * size("numLayers", 1),
    inputs * size("outputSize"),
    size("vocabSize") * size("size"),
  );
  if (!(least > numbers)) return;
  const expected = `at most ${numbers} weights, as the file has`;
  throw new RangeError(message(name, expected, `${least}`));
}

/** What `read` returns; what it throws becomes a FormatError at `place`. */
export function atPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new FormatError(reasonOf(error), place);
  }
}
