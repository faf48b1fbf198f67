import { message, sameShape, wrong } from "../checks.js";
import { asTensor, type TensorLike } from "../tensor.js";
import type { Sequences } from "./input.js";

/** Which steps count, as users give it: 1 or true where a step does, 0 or false where it is masked. */
export type MaskLike =
  | TensorLike
  | ArrayLike<number | boolean>
  | readonly ArrayLike<number | boolean>[];

/** 1 for every step that counts, 0 for every masked one: (B, T). */
export type Mask = Uint8Array;

/** A mask [B, T], or [T] of an input without B; null when there is none. */
export function checkMask(
  mask: unknown,
  { batch, steps, batched }: Sequences,
): Mask | null {
  if (mask === undefined) return null;
  const tensor = asTensor(numbers(mask) as TensorLike, "mask");
  sameShape(tensor, batched ? [batch, steps] : [steps], "mask");
  const wrongAt = tensor.data.findIndex((value) => value !== 0 && value !== 1);
  if (wrongAt >= 0)
    throw new RangeError(message("mask", "0 and 1", `${tensor.data[wrongAt]}`));
  return Uint8Array.from(tensor.data);
}

/** Booleans as 0 and 1, at any depth; everything else as it is. */
function numbers(value: unknown, depth = 0): unknown {
  if (typeof value === "boolean") return Number(value);
  if (!Array.isArray(value)) return value;
  if (depth > 1) throw wrong(true, "mask", "[B, T] or [T]", value);
  return value.map((each) => numbers(each, depth + 1));
}

/** Steps that both masks, and each row's length, let through; null: all. */
export function bothMasks(mask: Mask | null, other: Mask | null): Mask | null {
  if (!mask || !other) return mask ?? other;
  return mask.map((value, index) => value & (other[index] as number));
}

/** A mask of what lies within the rows' lengths. */
export function maskOf(lengths: readonly number[], steps: number): Mask {
  const mask = new Uint8Array(lengths.length * steps);
  lengths.forEach((length, row) =>
    mask.fill(1, row * steps, row * steps + length),
  );
  return mask;
}

/**
 * Sequences without their masked steps: what is left of each row moves together, so that a kernel which knows
 * nothing of masks runs over it. A state passes a masked step as it is, and so it passes a step that is not there.
 */
export class Compact {
  readonly batch: number;
  readonly mask: Mask;
  /** Steps that are left of each row, perhaps none. */
  readonly lengths: readonly number[];
  /** The most of them, at least 1. */
  readonly steps: number;
  readonly #all: number; // T
  readonly #kept: readonly (readonly number[])[];

  constructor(mask: Mask, batch: number, steps: number) {
    this.batch = batch;
    this.mask = mask;
    this.#all = steps;
    this.#kept = Array.from({ length: batch }, (_, row) => {
      const kept: number[] = [];
      for (let t = 0; t < steps; t++) if (mask[row * steps + t]) kept.push(t);
      return kept;
    });
    this.lengths = this.#kept.map((kept) => kept.length);
    // not Math.max(...lengths): a batch of 200 000 rows overflows the call stack
    this.steps = this.lengths.reduce((most, own) => Math.max(most, own), 1);
  }

  /** The steps that are left: (B, T, size) → (B, steps, size). */
  gather(data: Float32Array): Float32Array {
    return this.#move(data, this.#all, this.steps, (t, kept) => [t, kept]);
  }

  /** The other way: (B, steps, size) → (B, T, size), zeros at masked steps. */
  spread(data: Float32Array): Float32Array {
    return this.#move(data, this.steps, this.#all, (t, kept) => [kept, t]);
  }

  #move(
    data: Float32Array,
    fromSteps: number,
    toSteps: number,
    order: (t: number, kept: number) => readonly [from: number, to: number],
  ): Float32Array {
    const size = data.length / (this.batch * fromSteps);
    const target = new Float32Array(this.batch * toSteps * size);
    this.#kept.forEach((all, row) =>
      all.forEach((t, kept) => {
        const [from, to] = order(t, kept);
        const start = (row * fromSteps + from) * size;
        const values = data.subarray(start, start + size);
        target.set(values, (row * toSteps + to) * size);
      }),
    );
    return target;
  }
}
