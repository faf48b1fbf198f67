/*
 * PyTorch's number types, and how to read those of weights.
 */
import { DTYPES, type Dtype } from "../../dtypes.js";
import { Named } from "./pickle/values.js";

/** A number type: torch.float16. */
export class TorchDtype extends Named {
  constructor(
    name: string,
    /** Bytes per number. */
    readonly size: number,
    /** null for types that are not read as weights: integers, booleans, complex, quantised and 8-bit floats. */
    readonly read: Dtype["read"] | null,
  ) {
    super(name);
  }
}

/** The class of a storage: torch.FloatStorage. */
export class StorageType extends Named {
  constructor(
    name: string,
    /** null for bytes, whose type is given by each tensor. */
    readonly dtype: TorchDtype | null,
  ) {
    super(name);
  }
}

const FLOATS: readonly (readonly [string, string])[] = [
  ["float32", "F32"],
  ["float64", "F64"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
];

const NOT_READ: readonly (readonly [string, number])[] = [
  ["int64", 8],
  ["int32", 4],
  ["int16", 2],
  ["int8", 1],
  ["uint64", 8],
  ["uint32", 4],
  ["uint16", 2],
  ["uint8", 1],
  ["bool", 1],
  ["complex32", 4],
  ["complex64", 8],
  ["complex128", 16],
  ["float8_e4m3fn", 1],
  ["float8_e4m3fnuz", 1],
  ["float8_e5m2", 1],
  ["float8_e5m2fnuz", 1],
  ["float8_e8m0fnu", 1],
  ["qint8", 1],
  ["quint8", 1],
  ["qint32", 4],
];

/** By PyTorch's names, without the module. */
export const TORCH_DTYPES: ReadonlyMap<string, TorchDtype> = new Map(
  [
    ...FLOATS.map(([name, code]) => {
      const { size, read } = DTYPES.get(code) as Dtype;
      return new TorchDtype(name, size, read);
    }),
    ...NOT_READ.map(([name, size]) => new TorchDtype(name, size, null)),
  ].map((dtype) => [dtype.name, dtype]),
);

/** The names of PyTorch's storage classes, without "Storage", and their number types. */
const STORAGES: readonly (readonly [string, string])[] = [
  ["Float", "float32"],
  ["Double", "float64"],
  ["Half", "float16"],
  ["BFloat16", "bfloat16"],
  ["Long", "int64"],
  ["Int", "int32"],
  ["Short", "int16"],
  ["Char", "int8"],
  ["Byte", "uint8"],
  ["Bool", "bool"],
  ["ComplexFloat", "complex64"],
  ["ComplexDouble", "complex128"],
  ["QInt8", "qint8"],
  ["QUInt8", "quint8"],
  ["QInt32", "qint32"],
];

/** By their full names. */
export const STORAGE_TYPES: ReadonlyMap<string, StorageType> = new Map(
  [
    ...STORAGES.map(([name, dtype]) => {
      const type = TORCH_DTYPES.get(dtype) as TorchDtype;
      return new StorageType(`torch.${name}Storage`, type);
    }),
    new StorageType("torch.UntypedStorage", null),
    new StorageType("torch.storage.UntypedStorage", null),
  ].map((type) => [type.name, type]),
);
