import type { Dtype } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import type { Budget } from "../budget.js";
import { StorageType, type TorchDtype } from "./dtypes.js";
import { describeValue, Tuple } from "./pickle/values.js";

/** Numbers that one or more tensors view, in an entry of the zip file or after the pickles. */
export class Storage {
  #bytes: Uint8Array | undefined;
  #numbers: { dtype: TorchDtype; data: Float32Array } | undefined;

  constructor(
    readonly key: string,
    readonly type: StorageType,
    /** In numbers; in bytes if untyped. */
    readonly length: number,
    readonly load: () => Uint8Array,
  ) {}

  get byteLength(): number {
    return this.length * (this.type.dtype?.size ?? 1);
  }

  /** Its bytes, read on first use. */
  get bytes(): Uint8Array {
    if (this.#bytes) return this.#bytes;
    const bytes = this.load();
    if (bytes.length !== this.byteLength)
      throw new FormatError(
        `expected ${this.byteLength} bytes for ${this.length} numbers of ${this.type.name}, got ${bytes.length}`,
        this.place,
      );
    return (this.#bytes = bytes);
  }

  /** All its numbers, for tensors that view them out of order. They are kept, as such tensors may share them. */
  numbers(
    dtype: TorchDtype,
    read: Dtype["read"],
    budget: Budget,
  ): Float32Array {
    if (this.#numbers?.dtype === dtype) return this.#numbers.data;
    const count = Math.floor(this.byteLength / dtype.size);
    budget.take(4 * count, this.place);
    const bytes = this.bytes.slice(0, count * dtype.size);
    const data = read(bytes.buffer as ArrayBuffer);
    this.#numbers = { dtype, data };
    return data;
  }

  get place(): string {
    return `storage ${JSON.stringify(this.key.slice(0, 200))}`;
  }
}

/** Part of a storage, as PyTorch before 0.4 saved them. */
export interface StorageView {
  readonly storage: Storage;
  /** In numbers. */
  readonly offset: number;
  readonly length: number;
}

/** A storage's entry in a pickle: ('storage', type, key, device, count), in the old format followed by a view. */
export interface StorageId {
  readonly type: StorageType;
  readonly key: string;
  readonly length: number;
  readonly view: unknown;
}

/** @throws FormatError at `place` if `id` is not the entry of a storage */
export function toStorageId(id: unknown, place: string): StorageId {
  const [tag, type, key, device, length, view = null] =
    id instanceof Tuple ? id.items : [];
  const fits =
    tag === "storage" &&
    type instanceof StorageType &&
    typeof key === "string" &&
    typeof device === "string" &&
    isCount(length);
  if (fits) return { type, key, length, view };
  throw new FormatError(
    `expected ("storage", type, key, device, count), got ${describeValue(id)}`,
    place,
  );
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The storages of a file, by key. */
export class Storages {
  readonly #byKey = new Map<string, Storage>();
  readonly #load: (key: string) => Uint8Array;

  constructor(load: (key: string) => Uint8Array) {
    this.#load = load;
  }

  get(key: string): Storage | undefined {
    return this.#byKey.get(key);
  }

  /** @throws FormatError at `place` if the file described the same storage differently before */
  find({ type, key, length, view }: StorageId, place: string): StorageView {
    const storage =
      this.#byKey.get(key) ??
      new Storage(key, type, length, () => this.#load(key));
    this.#byKey.set(key, storage);
    if (storage.type !== type || storage.length !== length)
      throw new FormatError(
        `expected ${storage.length} numbers of ${storage.type.name} as before, got ${length} of ${type.name}`,
        place,
      );
    if (view === null) return { storage, offset: 0, length };
    const [, offset, viewLength] = view instanceof Tuple ? view.items : [];
    if (isCount(offset) && isCount(viewLength) && offset + viewLength <= length)
      return { storage, offset, length: viewLength };
    throw new FormatError(`expected a view of ${length} numbers`, place);
  }
}
