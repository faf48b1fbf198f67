/*
 * Access to a layer's weights in Keras's own layout, whatever the format.
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Place } from "../json.js";

/** A layer in the file. */
export interface LayerConfig {
  readonly className: string;
  /** Unique in a model. */
  readonly name: string;
  readonly config: Place;
}

/** Keras's names of variables. */
export type Role =
  | "kernel"
  | "recurrent_kernel"
  | "bias"
  | "embeddings"
  | "gamma"
  | "beta"
  | "moving_mean"
  | "moving_variance"
  | "depthwise_kernel"
  | "pointwise_kernel"
  | "alpha"
  | "scale"
  | "concat_score_weight";

/** The part of a layer that holds weights: a cell, a direction, or the layer itself. */
export interface Part {
  /** The path of attributes to it: ["forward_layer", "cell"]. */
  readonly path: readonly string[];
  /** Its index among the layer's parts. */
  readonly index: number;
}

/** The layer itself. */
export const ITSELF: Part = { path: [], index: 0 };

export interface Weight extends Tensor {
  /** Where it is in the file. */
  readonly place: string;
}

export interface LayerWeights {
  /**
   * @param ordinal its index among the variables of the part
   * @throws FormatError if there is none
   */
  take(part: Part, role: Role, ordinal: number): Weight;
  /** @throws FormatError if any weights have not been taken */
  finish(): void;
}

export interface WeightSource {
  /** @param saved unique among the layers of the model: the class in snake case, numbered in the config's order */
  of(layer: LayerConfig, saved: string): LayerWeights;
  /** The weights of the layers inside a layer that is a model, or wraps one at `path`. */
  inside(
    layer: LayerConfig,
    saved: string,
    path: readonly string[],
  ): WeightSource;
}

/** The shape of a weight, checked; null stands for any size. */
export function checkShape(
  { shape, place }: Weight,
  expected: readonly (number | null)[],
  names: string,
): number[] {
  const fits =
    shape.length === expected.length &&
    expected.every((n, axis) => (n ?? shape[axis]) === shape[axis]) &&
    !shape.includes(0);
  if (fits) return [...shape];
  const sizes = expected.map((n) => n ?? "any");
  throw new FormatError(
    `expected [${sizes.join(", ")}], ${names}, got ${shapeText(shape)}`,
    place,
  );
}
