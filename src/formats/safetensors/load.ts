import { record, shapeText } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { Sequential } from "../../index.js";
import { readHeader } from "../../safetensors-header.js";
import { widen } from "../../integers.js";
import { scaleName, type StateDict } from "../../safetensors.js";
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
  /** Its name in reports. */
  readonly name: string;
  /** null for types other than floats. */
  readonly read: ((numbers: ArrayBuffer) => Float32Array) | null;
}

/** The size in bytes of types other than floats, which a state dict may have: the step counter of a BatchNorm. */
const NOT_FLOATS = {
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

/** By their codes. A function, because a constant would stay in bundles that only import `parse`. */
function numberTypes(): ReadonlyMap<unknown, NumberType> {
  const types = new Map<unknown, NumberType>();
  for (const [name, size] of Object.entries(NOT_FLOATS))
    types.set(name, { size, name, read: null });
  for (const [code, { size, read }] of DTYPES) {
    const name = String(code).replace("BF", "bfloat").replace(/^F/, "float");
    types.set(code, { size, name, read });
  }
  return types;
}

/**
 * The model of a safetensors file: one that Sequential.save wrote, or a state dict whose layers, recognised by their
 * parameters' names, form a chain.
 *
 * @param options only for state dicts: a saved Sequential needs none
 * @throws FormatError, which names the place, if the file is damaged, has no layers, or no model can be made of them
 *   (the error then has them and the report); TypeError, RangeError for options that do not fit the file
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: ModelOptions = {},
): LoadedLayers {
  record(options, "options", MODEL_OPTIONS);
  const { tensors, metadata, converted, widened, ignored } = readTensors(bytes);
  const format = "safetensors";
  // its layers keep the integers
  if (Object.hasOwn(metadata, "gatewise"))
    return loadOurs(bytes, { format, converted, ignored });
  const producer = metadata["format"] === "pt" ? "PyTorch" : null;
  const file = { format, producer, version: null, ignored };
  const all = [...converted, ...widened];
  return buildModel(
    { ...file, converted: all, tensors, modules: null },
    options,
  );
}

/** The tensors as float32, and lines for the report about those that were something else. */
export function readTensors(bytes: Uint8Array | ArrayBuffer): {
  tensors: StateDict;
  metadata: Record<string, string>;
  /** Floats of other sizes. */
  converted: string[];
  /** Integers with a scale for each row. */
  widened: string[];
  ignored: string[];
} {
  const { entries, metadata, numbersOf } = readHeader(bytes, numberTypes());
  const tensors = new Map<string, Tensor>();
  const converted = new Changes();
  const widened = new Changes();
  const ignored: string[] = [];
  for (const entry of entries) {
    const { name, shape, dtype } = entry;
    if (!dtype.read) continue;
    if (dtype.name !== "float32")
      converted.note(`${dtype.name} to float32`, name);
    tensors.set(name, { shape, data: dtype.read(numbersOf(entry)) });
  }
  for (const entry of entries) {
    const { name, shape, dtype } = entry;
    if (dtype.read) continue;
    const { data: scales } = tensors.get(scaleName(name)) ?? {};
    const Integers = { I8: Int8Array, I16: Int16Array }[dtype.name];
    if (!Integers || !scales || scales.length !== shape[0]) {
      ignored.push(`${name}: ${dtype.name} ${shapeText(shape)}`);
      continue;
    }
    widened.note(`${dtype.name} with scales to float32`, name);
    const values = new Integers(numbersOf(entry));
    tensors.set(name, { shape, data: widen({ values, scales }) });
    tensors.delete(scaleName(name));
  }
  // fromEntries defines own properties, so a tensor may be called __proto__
  return {
    tensors: Object.fromEntries(tensors),
    metadata,
    converted: converted.lines(),
    widened: widened.lines(),
    ignored,
  };
}

/** A file that Sequential.save wrote; layers are named by their index. */
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
      ? [
          ...read.converted,
          `skip ${skip}: that many inputs added to the output`,
        ]
      : read.converted,
    warnings: [],
  });
  return { model, layers, report };
}
