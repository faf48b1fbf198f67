import { message, sameShape, wrong } from "../checks.js";
import { asTensor, type TensorLike } from "../tensor.js";
import type { Sequences } from "./input.js";

/** A mask as users pass it: 1 or true for a step that counts, 0 or false for a masked one. */
export type MaskLike =
  | TensorLike
  | ArrayLike<number | boolean>
  | readonly ArrayLike<number | boolean>[];

/** 1 for every step that counts, 0 for every masked one: (B, T). */
export type Mask = Uint8Array;

/** A mask [B, T], or [T] for an input without B; null if none is given. */
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

/** Booleans as 0 and 1, at any depth; everything else unchanged. */
function numbers(value: unknown, depth = 0): unknown {
  if (typeof value === "boolean") return Number(value);
  if (!Array.isArray(value)) return value;
  if (depth > 1) throw wrong(true, "mask", "[B, T] or [T]", value);
  return value.map((each) => numbers(each, depth + 1));
}

/** The steps that count in both masks; null: all. */
export function bothMasks(mask: Mask | null, other: Mask | null): Mask | null {
  if (!mask || !other) return mask ?? other;
  return mask.map((value, index) => value & (other[index] as number));
}

/** A mask of the steps within each row's length. */
export function maskOf(lengths: readonly number[], steps: number): Mask {
  const mask = new Uint8Array(lengths.length * steps);
  lengths.forEach((length, row) =>
    mask.fill(1, row * steps, row * steps + length),
  );
  return mask;
}
