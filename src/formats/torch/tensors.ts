/*
 * Tensors as PyTorch saves them: a storage, and where in it the number [i, j, …] is: at offset + i · strides[0] + ….
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { sizeOf } from "../../tensor.js";
import type { Budget } from "../budget.js";
import { TorchDtype } from "./dtypes.js";
import { describeValue, Named, Tuple } from "./pickle/values.js";
import { isCount, type Storage, type StorageView } from "./storage.js";

const MOST_DIMENSIONS = 32;

export interface TorchTensor {
  readonly storage: Storage;
  readonly dtype: TorchDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** As the pickle rebuilds it, its numbers not read yet. */
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

/** @throws FormatError at `place` when the tensor would view what its storage has not */
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
  const most = `as many strides as sizes, at most ${MOST_DIMENSIONS}`;
  if (strides.length !== shape.length || shape.length > MOST_DIMENSIONS)
    throw fail(most, `${strides.length} and ${shape.length}`);
  // the places of an untyped storage are bytes
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

/** The sizes or strides that a pickle holds. */
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

/** Whether its numbers lie one after another. */
export function isContiguous({ shape, strides }: TorchTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    if (length !== 1 && strides[axis] !== step) return false;
    step *= length;
  }
  return true;
}

/** A copy of its numbers, row by row; taken from the budget. null when they are no floats. */
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
  const place = shape.map(() => 0); // of the row
  let start = offset; // of the row, in the storage
  for (let row = 0; row < data.length; row += columns) {
    for (let i = 0; i < columns; i++)
      data[row + i] = from[start + i * columnStep] as number;
    // the next row: the innermost axis that has one goes on, those inside it start again
    for (let axis = last - 1; axis >= 0; axis--) {
      const step = strides[axis] as number;
      start += step;
      place[axis] = (place[axis] as number) + 1;
      if (place[axis] !== shape[axis]) break;
      start -= step * (shape[axis] as number);
      place[axis] = 0;
    }
  }
  return data;
}
