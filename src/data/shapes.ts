/*
 * Reshapes input arrays for a model.
 */
import { message, shapeText } from "../checks.js";
import type { Sequential } from "../index.js";
import type { Tensor } from "../tensor.js";

/** To [B, T, I] or [T, I]: a single feature may lack its axis, and tokens have none. */
export function inputFor(model: Sequential, given: Tensor): Tensor {
  const { shape, data } = given;
  const { inputSize } = model;
  if (model.takesTokens) {
    if (shape.length === 1) return given;
    if (shape.length === 2 && shape[1] === 1)
      return { shape: [data.length], data };
    if (shape.length === 2) return given;
    if (shape.length === 3 && shape[2] === 1)
      return { shape: shape.slice(0, 2), data };
    throw new RangeError(message("input", "[T] or [B, T]", shapeText(shape)));
  }
  if (inputSize === 1 && shape.length === 1)
    return { shape: [data.length, 1], data };
  return given;
}
