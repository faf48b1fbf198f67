/*
 * Tensors as PyTorch saves them: views of a storage. The number [i, j, …] is at offset + i · strides[0] + j · strides[1] + ….
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { sizeOf } from "../../tensor.js";
import type { Budget } from "../budget.js";
import { TorchDtype } from "./dtypes.js";
import { describeValue, Named, Tuple } from "./pickle/values.js";
import { isCount, type Storage, type StorageView } from "./storage.js";

const MAX_DIMENSIONS = 32;

export interface TorchTensor {
  readonly storage: Storage;
  readonly dtype: TorchDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A tensor in a pickle, whose numbers have not been read yet. */
export class SavedTensor extends Named implements TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly dtype: TorchDtype,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super("a tensor");
  }
}

/** @throws FormatError at `place` if the view exceeds the storage */
export function viewStorage(
  { storage, offset: start, length }: StorageView,
  dtype: TorchDtype,
  offset: unknown,
  shape: readonly number[],
  strides: readonly number[],
  place: string,
): SavedTensor {
  const fail = (expected: string, got: string) =>
    new FormatError(`expected ${expected}, got ${got}`, place);
  if (!isCount(offset))
    throw fail("an offset of at least 0", describeValue(offset));
  const counts = `as many strides as sizes, at most ${MAX_DIMENSIONS}`;
  if (strides.length !== shape.length || shape.length > MAX_DIMENSIONS)
    throw fail(counts, `${strides.length} and ${shape.length}`);
  // the length of an untyped storage is in bytes
  const fits = storage.type.dtype ? length : Math.floor(length / dtype.size);
  let end = 0;
  if (!shape.includes(0)) {
    const steps = shape.map((n, axis) => (n - 1) * (strides[axis] as number));
    end = steps.reduce((sum, step) => sum + step, offset + 1);
  }
  const got = `${shapeText(shape)} with strides ${shapeText(strides)} from ${offset}`;
  if (end > fits) throw fail(`a view of ${fits} numbers`, got);
  if (!Number.isSafeInteger(sizeOf(shape)))
    throw fail("a tensor that fits in memory", got);
  return new SavedTensor(storage, dtype, start + offset, shape, strides);
}

/** Sizes or strides in a pickle. */
export function toCounts(
  value: unknown,
  what: string,
  place: string,
): number[] {
  const items = value instanceof Tuple ? value.items : value;
  if (Array.isArray(items) && items.every(isCount)) return [...items];
  throw new FormatError(
    `expected ${what} of at least 0, got ${describeValue(value)}`,
    place,
  );
}

/** Whether the numbers are stored row by row, without gaps. */
export function isContiguous({ shape, strides }: TorchTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    if (length !== 1 && strides[axis] !== step) return false;
    step *= length;
  }
  return true;
}

/** A copy of the numbers, row by row; null if they are not floats. The memory is taken from the budget. */
export function readTensor(
  tensor: TorchTensor,
  budget: Budget,
  place: string,
): Float32Array | null {
  const { storage, dtype, offset, shape } = tensor;
  const { read, size } = dtype;
  if (!read) return null;
  const count = sizeOf(shape);
  budget.take(4 * count, place);
  if (count === 0) return new Float32Array(0);
  if (!isContiguous(tensor))
    return gather(tensor, storage.numbers(dtype, read, budget));
  const start = offset * size;
  const bytes = storage.bytes.slice(start, start + count * size);
  return read(bytes.buffer as ArrayBuffer);
}

/** The numbers of a view, row by row. */
function gather(
  { offset, shape, strides }: TorchTensor,
  from: Float32Array,
): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  const last = shape.length - 1;
  const [columns, columnStep] = [
    shape[last] as number,
    strides[last] as number,
  ];
  const index = shape.map(() => 0); // of the row
  let start = offset; // of the row, in the storage
  for (let row = 0; row < data.length; row += columns) {
    for (let i = 0; i < columns; i++)
      data[row + i] = from[start + i * columnStep] as number;
    // the next row: increments the index, with carry
    for (let axis = last - 1; axis >= 0; axis--) {
      const step = strides[axis] as number;
      start += step;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      start -= step * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return data;
}
