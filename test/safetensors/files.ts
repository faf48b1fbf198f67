import { expect } from "vitest";
import { FormatError } from "../../src/errors.js";
import { parse, serialize, type StateDict } from "../../src/safetensors.js";
import { tensor } from "../../src/tensor.js";
import { expectSameDict } from "../support/compare.js";

/** A file with this header, which may be damaged in any way. */
export function file(
  header: unknown,
  data: ArrayLike<number> = [],
): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = Buffer.from(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

export const entry = (
  dtype: unknown,
  shape: unknown,
  ...data_offsets: unknown[]
) => ({
  dtype,
  shape,
  data_offsets,
});

/** What a file of F32 tensors holds, read number by number without a check. */
export function readPlainly(bytes: Uint8Array): StateDict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, start)).toString());
  const tensors = Object.entries<ReturnType<typeof entry>>(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, { shape, data_offsets }]) => {
      const [begin, end] = data_offsets as [number, number];
      const data = Float32Array.from({ length: (end - begin) / 4 }, (_, i) =>
        view.getFloat32(start + begin + 4 * i, true),
      );
      return [name, { shape, data }];
    });
  return Object.fromEntries(tensors);
}

/** Reads `bytes` rightly or refuses them with a FormatError that says why; returns which. */
export function readsOrRefuses(bytes: Uint8Array): "read" | "refused" {
  let tensors: StateDict;
  try {
    ({ tensors } = parse(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(
      /^FormatError: (byte \d+|header|data|tensor ".*"|__metadata__.*): /s,
    );
    return "refused";
  }
  expectSameDict(tensors, readPlainly(bytes));
  return "read";
}

export const small = serialize(
  {
    weight: tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    bias: tensor([NaN, -0]),
    empty: { shape: [0, 4], data: new Float32Array() },
  },
  { author: "a test", note: "öß→" },
);
