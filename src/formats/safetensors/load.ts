import { record, shapeText } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { Sequential } from "../../index.js";
import { readHeader } from "../../safetensors-header.js";
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import { Changes } from "../changes.js";
import { describeLayer } from "../describe.js";
import { makeReport, type Report } from "../report.js";
import {
  buildModel,
  type LoadedLayers,
  MODEL_OPTIONS,
  type ModelOptions,
} from "../state-dict.js";

interface NumberType {
  readonly size: number;
  /** As the report calls it. */
  readonly name: string;
  /** null for all that are no floats of weights. */
  readonly read: ((numbers: ArrayBuffer) => Float32Array) | null;
}

/** Number types beside those that `parse` reads, with their bytes; a state dict may have some: steps of BatchNorm. */
const OTHERS = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  U64: 8,
  I64: 8,
};

/** By their codes. Made at each call: as a constant it would stay in the bundle of who imports parse alone. */
function numberTypes(): ReadonlyMap<unknown, NumberType> {
  const types = new Map<unknown, NumberType>();
  for (const [name, size] of Object.entries(OTHERS))
    types.set(name, { size, name, read: null });
  for (const [code, { size, read }] of DTYPES) {
    const name = String(code).replace("BF", "bfloat").replace(/^F/, "float");
    types.set(code, { size, name, read });
  }
  return types;
}

/**
 * The model of a safetensors file: one that Sequential.save wrote, or the layers of a state dict, found by their
 * parameters' names under any prefix, and the model where they are one chain.
 *
 * @param options for state dicts alone: a model of ours says all of itself
 * @throws FormatError, which names the place: the file is damaged, has no layers, or layers that make no model, which
 *   are then on the error with the report; TypeError, RangeError for options that do not fit it
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: ModelOptions = {},
): LoadedLayers {
  record(options, "options", MODEL_OPTIONS);
  const { tensors, metadata, converted, ignored } = readTensors(bytes);
  const format = "safetensors";
  if (Object.hasOwn(metadata, "gatewise"))
    return loadOurs(bytes, { format, converted, ignored });
  const producer = metadata["format"] === "pt" ? "PyTorch" : null;
  const file = { format, producer, version: null, converted, ignored };
  return buildModel({ ...file, tensors, modules: null }, options);
}

/** The floats, and a line for all that is other than float32. */
export function readTensors(bytes: Uint8Array | ArrayBuffer): {
  tensors: StateDict;
  metadata: Record<string, string>;
  converted: string[];
  ignored: string[];
} {
  const { entries, metadata, numbersOf } = readHeader(bytes, numberTypes());
  const tensors: [string, Tensor][] = [];
  const converted = new Changes();
  const ignored: string[] = [];
  for (const entry of entries) {
    const { name, shape, dtype } = entry;
    if (!dtype.read) {
      ignored.push(`${name}: ${dtype.name} ${shapeText(shape)}`);
      continue;
    }
    if (dtype.name !== "float32")
      converted.note(`${dtype.name} to float32`, name);
    tensors.push([name, { shape, data: dtype.read(numbersOf(entry)) }]);
  }
  // fromEntries defines own properties, so a tensor may be called __proto__
  return {
    tensors: Object.fromEntries(tensors),
    metadata,
    converted: converted.lines(),
    ignored,
  };
}

/** What Sequential.save wrote; the layers' names are their places. */
function loadOurs(
  bytes: Uint8Array | ArrayBuffer,
  read: Pick<Report, "format" | "converted" | "ignored">,
): LoadedLayers {
  const model = Sequential.load(bytes);
  const layers = Object.fromEntries(Object.entries(model.layers));
  const described = Object.entries(layers).map(([name, layer]) =>
    describeLayer(name, layer),
  );
  const { skip } = model;
  const report = makeReport({
    ...read,
    producer: "gatewise",
    version: "1",
    layers: described,
    converted: skip
      ? [...read.converted, `skip ${skip}: so many inputs added to the output`]
      : read.converted,
    warnings: [],
  });
  return { model, layers, report };
}
