/*
 * The second axis of what convolutions take and give.
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import type { Node } from "../node.js";
import type { Value } from "../value.js";

/** [N, C, D…], C alone where there is one axis. */
export function channels(
  node: Node,
  { shape }: Value,
): { C: number; inner: number } {
  if (!shape.length)
    throw new RangeError(message(node.place, "[N, C, ..]", shapeText(shape)));
  return { C: shape[1] ?? 1, inner: sizeOf(shape.slice(2)) };
}

/** @throws RangeError unless each of the values that are there has a number a channel */
export function checkChannels(
  node: Node,
  C: number,
  ...values: readonly (Value | null | undefined)[]
): void {
  for (const value of values) {
    if (!value || value.data.length === C) continue;
    const got = shapeText(value.shape);
    throw new RangeError(message(node.place, `a number a channel [${C}]`, got));
  }
}
