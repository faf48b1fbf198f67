/*
 * A layer's weights, wherever a format has them, in Keras's own layout.
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Place } from "../json.js";

/** A layer as the file has it. */
export interface LayerConfig {
  readonly className: string;
  /** Unique in a model. */
  readonly name: string;
  readonly config: Place;
}

/** As Keras names variables. */
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

/** What a layer keeps weights in: a cell, a direction, itself. */
export interface Part {
  /** The attributes of Keras's objects that lead there: ["forward_layer", "cell"]. */
  readonly path: readonly string[];
  /** Its place among the layer's parts. */
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
   * @param ordinal its place among the variables of the part
   * @throws FormatError when there is none
   */
  take(part: Part, role: Role, ordinal: number): Weight;
  /** @throws FormatError when there are more than were taken */
  finish(): void;
}

export interface WeightSource {
  /** @param saved unique among the layers of the model: the class in snake case, numbered in the config's order */
  of(layer: LayerConfig, saved: string): LayerWeights;
  /** The weights of the layers of a model that is a layer, or is the layer in one, under `path`. */
  inside(
    layer: LayerConfig,
    saved: string,
    path: readonly string[],
  ): WeightSource;
}

/** The sizes of a weight, held to be those given; null stands for any. */
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
