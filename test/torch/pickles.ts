/*
 * Files made by hand: pickles of a few instructions, and zip files around them.
 */
import { type Zippable, zipSync } from "fflate";

const ascii = (text: string) => [...Buffer.from(text, "latin1")];
const uint32 = (n: number) => [...new Uint8Array(Uint32Array.of(n).buffer)];

/** Instructions of protocol 2, named as Python's pickletools names them. */
export const op = {
  global: (module: string, name: string) => ascii(`c${module}\n${name}\n`),
  text: (text: string) => {
    const bytes = Buffer.from(text);
    return [...ascii("X"), ...uint32(bytes.length), ...bytes];
  },
  int: (n: number) => [...ascii("J"), ...uint32(n >>> 0)],
  /** Of up to 63 bits. */
  long: (n: bigint) => [0x8a, 8, ...new Uint8Array(BigInt64Array.of(n).buffer)],
  tuple: (...items: number[][]) => [
    ...ascii("("),
    ...items.flat(),
    ...ascii("t"),
  ],
  list: (...items: number[][]) => [
    ...ascii("]("),
    ...items.flat(),
    ...ascii("e"),
  ],
  dict: (...entries: [number[], number[]][]) => [
    ...ascii("}("),
    ...entries.flat(2),
    ...ascii("u"),
  ],
  none: ascii("N"),
  false: [0x89],
  call: ascii("R"),
  persistent: ascii("Q"),
  put: (n: number) => [...ascii("r"), ...uint32(n)],
  get: (n: number) => [...ascii("j"), ...uint32(n)],
};

/** A pickle of protocol 2 that does this. */
export const pickle = (...parts: number[][]): Uint8Array =>
  Uint8Array.from([0x80, 2, ...parts.flat(), 0x2e]);

export interface TensorFields {
  type?: string;
  key?: string;
  count?: number;
  offset?: number | bigint;
  shape?: (number | bigint)[];
  strides?: (number | bigint)[];
}

/** The instructions that rebuild a tensor; by default 2 × 3 numbers of storage "0". */
export function tensorAs({
  type = "FloatStorage",
  key = "0",
  count = 6,
  offset = 0,
  shape = [2, 3],
  strides = [3, 1],
}: TensorFields = {}): number[] {
  const number = (n: number | bigint) =>
    typeof n === "bigint" ? op.long(n) : op.int(n);
  return [
    ...op.global("torch._utils", "_rebuild_tensor_v2"),
    ...op.tuple(
      [...storageAs(type, key, count)],
      number(offset),
      op.tuple(...shape.map(number)),
      op.tuple(...strides.map(number)),
      op.false,
      op.none,
    ),
    ...op.call,
  ];
}

export function storageAs(type: string, key: string, count: number): number[] {
  return [
    ...op.tuple(
      op.text("storage"),
      op.global("torch", type),
      op.text(key),
      op.text("cpu"),
      op.int(count),
    ),
    ...op.persistent,
  ];
}

export const numbers = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

/** A file as torch.save writes it, with this pickle and these storages. */
export function torchFile(
  data: Uint8Array,
  storages: Record<string, Uint8Array> = { 0: numbers(1, 2, 3, 4, 5, 6) },
  level: 0 | 9 = 0,
): Uint8Array {
  const entries: Zippable = { "a/data.pkl": [data, { level: 0 }] };
  for (const [key, bytes] of Object.entries(storages))
    entries[`a/data/${key}`] = [bytes, { level }];
  entries["a/version"] = [Buffer.from("3\n"), { level: 0 }];
  return zipSync(entries, { level: 0 });
}

/** A file of one state dict with these tensors. */
export function dictFile(
  tensors: Record<string, number[]>,
  storages?: Record<string, Uint8Array>,
  level?: 0 | 9,
): Uint8Array {
  const entries = Object.entries(tensors).map(
    ([name, parts]): [number[], number[]] => [op.text(name), parts],
  );
  return torchFile(pickle(op.dict(...entries)), storages, level);
}

/** The same as PyTorch wrote it before 1.6: pickles one behind another, then the numbers of the storages that are listed. */
export function legacyFile(
  data: Uint8Array,
  { littleEndian = true, keys = ["0"] } = {},
): Uint8Array {
  const magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const storage = numbers(1, 2, 3, 4, 5, 6);
  const count = new Uint8Array(BigInt64Array.of(6n).buffer);
  return Buffer.concat([
    pickle([0x8a, magic.length, ...magic]),
    pickle(op.int(1001)),
    pickle(op.dict([op.text("little_endian"), [littleEndian ? 0x88 : 0x89]])),
    data,
    pickle(op.list(...keys.map(op.text))),
    ...keys.flatMap(() => [count, storage]),
  ]);
}
