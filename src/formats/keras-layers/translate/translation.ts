import type { BackendChoice } from "../../../layers/options.js";
import type { LayerConfig } from "../config.js";
import type { Context } from "../context.js";
import type { ReportLayer } from "../../report.js";
import type { LayerWeights, WeightSource } from "../weights.js";
import { type Emitter, Flow } from "./flow.js";

/** The state of a model's translation, shared by all its layers. */
export interface Translation extends Context {
  readonly emit: Emitter;
  readonly backend: BackendChoice;
  /** For the report. */
  readonly layers: ReportLayer[];
}

/** The arguments of a call: tensors are flows, all else is JSON. */
export interface Given {
  /** The tensors of the first argument: one, or those of a list. */
  readonly inputs: readonly Flow[];
  readonly args: readonly unknown[];
  readonly keywords: ReadonlyMap<string, unknown>;
}

/** Adds the nodes of one call. A layer that is called twice adds them twice, with the same weights. */
export type Apply = (given: Given, translation: Translation) => readonly Flow[];

/** Reads the layer and its weights, once. */
export type Prepare = (
  layer: LayerConfig,
  weights: LayerWeights,
  translation: Translation,
  /** The weights of nested layers. */
  inside: (path: readonly string[]) => WeightSource,
) => Apply;

/** The tensors in arguments, in their order. */
export function flowsIn(value: unknown): Flow[] {
  if (value instanceof Flow) return [value];
  return Array.isArray(value) ? value.flatMap(flowsIn) : [];
}
