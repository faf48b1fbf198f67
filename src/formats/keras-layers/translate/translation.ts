import type { BackendChoice } from "../../../layers/options.js";
import type { LayerConfig } from "../config.js";
import type { Context } from "../context.js";
import type { ReportLayer } from "../../report.js";
import type { LayerWeights, WeightSource } from "../weights.js";
import { type Emitter, Flow } from "./flow.js";

/** What all layers of a model share while it becomes a graph. */
export interface Translation extends Context {
  readonly emit: Emitter;
  readonly backend: BackendChoice;
  /** For the report. */
  readonly layers: ReportLayer[];
}

/** What a layer is called with: tensors are flows, the rest is JSON. */
export interface Given {
  /** The tensors of the first argument: one, or those of a list. */
  readonly inputs: readonly Flow[];
  readonly args: readonly unknown[];
  readonly keywords: ReadonlyMap<string, unknown>;
}

/** The nodes of one call; a layer that is called twice makes them twice, over the same weights. */
export type Apply = (given: Given, translation: Translation) => readonly Flow[];

/** Reads the layer and its weights, once. */
export type Prepare = (
  layer: LayerConfig,
  weights: LayerWeights,
  translation: Translation,
  /** Where the weights of layers inside are. */
  inside: (path: readonly string[]) => WeightSource,
) => Apply;

/** The tensors in arguments, in their order. */
export function flowsIn(value: unknown): Flow[] {
  if (value instanceof Flow) return [value];
  return Array.isArray(value) ? value.flatMap(flowsIn) : [];
}
