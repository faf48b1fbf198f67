/*
 * Models as files of half the size: matrices in 16 bits, which whoever reads them has as float32 again.
 */
import type { Bytes } from "../bytes.js";
import { isRecord, message, oneOf, record, wrong } from "../checks.js";
import type { IntegerTensor } from "../integers.js";
import type { Model } from "../models/model.js";
import { assemble, type Blob, parse } from "../safetensors.js";
import type { Tensor } from "../tensor.js";

/** How a file has matrices: as float16, or as int16 with a scale a row, of its largest number to 32767. */
export type Storage = "float16" | "int16";

/**
 * What `model.save(metadata)` writes, its float32 matrices in half of the bytes: float16 errs by 2e-4 of a number, int16 by
 * 2e-5. Whatever reads saved models reads it, `Sequential.load`, `loadGraph`, `load` of gatewise/load, pools and worklets,
 * and has float32. Matrices of int8 stay so, and so do biases, and what has NaN or infinities in it in int16.
 *
 * @throws TypeError, RangeError that name the argument, or a tensor with numbers beyond those of float16
 */
export function saveCompact(
  model: Model,
  storage: Storage,
  metadata: Record<string, string> = {},
): Bytes {
  if (!isRecord(model) || typeof model["save"] !== "function")
    throw wrong(false, "model", "a Sequential or a Graph", model);
  oneOf(storage, "storage", ["float16", "int16"]);
  record(metadata, "metadata");
  const file = parse(model.save(metadata));
  const { tensors } = file;
  const floats: Blob[] = [];
  // by the size of a number, so that each begins at a multiple of it
  const halves: Blob[] = [];
  const bytes: Blob[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const { shape } = tensor;
    const { integers } = tensor as Partial<IntegerTensor>;
    if (integers) {
      const { values, scales } = integers;
      floats.push([`${name}_scale`, "F32", [scales.length], scales]);
      bytes.push([name, "I8", shape, values]);
      continue;
    }
    const { data } = tensor;
    const isMatrix = shape.length > 1 && data.length > 0;
    const taken = Object.hasOwn(tensors, `${name}_scale`);
    const rows =
      isMatrix && !taken && storage === "int16" && toInt16({ shape, data });
    if (rows) {
      const { values, scales } = rows;
      floats.push([`${name}_scale`, "F32", [scales.length], scales]);
      halves.push([name, "I16", shape, values]);
    } else if (isMatrix && storage === "float16")
      halves.push([name, "F16", shape, toHalves(data, name)]);
    else floats.push([name, "F32", shape, data]);
  }
  return assemble([...floats, ...halves, ...bytes], file.metadata);
}

/** The largest number that does not become an infinity. */
const MOST_HALF = 65519;

/** The bits of the nearest float16s, ties to even; NaN and infinities stay. @throws RangeError for others beyond ±65519 */
export function toHalves(data: Float32Array, name: string): Uint16Array {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  return Uint16Array.from(data, (value) => {
    const size = Math.abs(value);
    if (size > MOST_HALF && size < Number.POSITIVE_INFINITY)
      throw new RangeError(
        message(name, `numbers within ±${MOST_HALF} for float16`, `${value}`),
      );
    // 2^-24 is the last place of 0.5 and of a float16 below 2^-14
    float[0] = size < 2 ** -14 ? size + 0.5 : size;
    const own = bits[0] as number;
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    if (size < 2 ** -14) return sign | (own - 0x3f000000);
    if (!(size < Number.POSITIVE_INFINITY))
      return sign | (size === size ? 0x7c00 : 0x7e00);
    return sign | ((own - 0x38000000 + 0xfff + ((own >>> 13) & 1)) >>> 13);
  });
}

/** The largest integer of int16, of either sign. */
const MOST = 32767;

/** Rows of a matrix as int16 with a scale each; null where a number is none or infinite. */
export function toInt16({ shape, data }: Tensor): {
  values: Int16Array;
  scales: Float32Array;
} | null {
  const rows = shape[0] as number;
  const size = data.length / rows;
  const values = new Int16Array(data.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * size, (row + 1) * size);
    const most = own.reduce((all, value) => Math.max(all, Math.abs(value)), 0);
    if (!(most < Number.POSITIVE_INFINITY)) return null;
    const scale = Math.fround(most / MOST);
    scales[row] = scale;
    // of numbers near the least that float32 has nothing is left
    if (!(scale > 0)) continue;
    own.forEach((value, i) => {
      const integer = Math.round(value / scale);
      values[row * size + i] = Math.max(-MOST, Math.min(MOST, integer));
    });
  }
  return { values, scales };
}
