/*
 * The weights of a layers model: concatenated files, and a list of what they contain.
 *
 *     weightsManifest: [{ paths: ["group1-shard1of2.bin", …], weights: [{ name, shape, dtype, quantization }] }]
 *
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts. Quantised numbers are v · scale + min.
 */
import { shapeText } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import type { Budget } from "../budget.js";
import {
  field,
  inside,
  list,
  object,
  objects,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { number } from "../keras-layers/config.js";

/** A weight that has not been read yet. */
export interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Its type in the file: the dtype, or what it was quantised to. */
  readonly stored: string;
  readonly read: () => Tensor;
}

const SIZES = new Map([
  ["float32", 4],
  ["float16", 2],
  ["uint16", 2],
  ["uint8", 1],
  ["int32", 4],
  ["bool", 1],
  ["complex64", 8],
]);

/**
 * @param find the bytes of a path of the manifest
 * @throws FormatError if the files are shorter or longer than the list says
 */
export function readManifest(
  model: Place,
  find: (path: string, at: string) => Uint8Array,
  budget: Budget,
): Entry[] {
  return objects(model, "weightsManifest").flatMap((group) => {
    const files = list(group, "paths").map((path, i) => {
      const at = `${inside(group, "paths")}[${i}]`;
      if (typeof path === "string") return find(path, at);
      throw unexpected("a path", path, at);
    });
    const bytes = joined(files, group, budget);
    let at = 0;
    const entries: Entry[] = [];
    for (const weight of objects(group, "weights")) {
      const entry = readEntry(weight, bytes, at, budget);
      at = entry.end;
      // the state of an optimizer is among the weights
      if (field(weight, "group") !== "optimizer") entries.push(entry);
    }
    if (at !== bytes.length)
      throw new FormatError(
        `expected files of ${at} bytes, got ${bytes.length}`,
        inside(group, "paths"),
      );
    return entries;
  });
}

function joined(
  files: readonly Uint8Array[],
  group: Place,
  budget: Budget,
): Uint8Array {
  const [only] = files;
  if (files.length === 1 && only) return only;
  const size = files.reduce((sum, { length }) => sum + length, 0);
  budget.take(size, inside(group, "paths"));
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const file of files) {
    bytes.set(file, at);
    at += file.length;
  }
  return bytes;
}

function readEntry(
  place: Place,
  bytes: Uint8Array,
  start: number,
  budget: Budget,
): Entry & { end: number } {
  const name = text(place, "name");
  const dtype = text(place, "dtype");
  const shape = list(place, "shape") as number[];
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw unexpected("sizes", shapeText(shape), inside(place, "shape"));
  const count = sizeOf(shape);
  const quantised = field(place, "quantization") !== undefined;
  const quantization = quantised ? object(place, "quantization") : null;
  const stored = quantization ? text(quantization, "dtype") : dtype;
  const size = SIZES.get(stored);
  if (size === undefined)
    throw unexpected(
      `one of ${[...SIZES.keys()].join(", ")}`,
      stored,
      inside(place, "dtype"),
    );
  const end = start + count * size;
  if (!(end <= bytes.length))
    throw new FormatError(
      `expected ${count * size} bytes from ${start} on, got ${bytes.length - start}`,
      inside(place, "shape"),
    );
  const read = (): Tensor => {
    budget.take(4 * count, name.slice(0, 200));
    const own = bytes.slice(start, end).buffer;
    const data =
      quantization && stored.startsWith("uint")
        ? scaled(own, stored, quantization)
        : floats(own, stored, place);
    return { shape, data };
  };
  return { name, shape, dtype, stored, read, end };
}

function floats(
  bytes: ArrayBuffer,
  stored: string,
  place: Place,
): Float32Array {
  const float = { float32: "F32", float16: "F16" }[stored];
  const dtype = DTYPES.get(float);
  if (dtype) return dtype.read(bytes);
  throw unexpected("float32, or quantised", stored, inside(place, "dtype"));
}

function scaled(
  bytes: ArrayBuffer,
  stored: string,
  quantization: Place,
): Float32Array {
  const scale = number(quantization, "scale", 1);
  const min = number(quantization, "min", 0);
  const integers =
    stored === "uint8" ? new Uint8Array(bytes) : new Uint16Array(bytes);
  return Float32Array.from(integers, (v) => v * scale + min);
}
