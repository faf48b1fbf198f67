import { isRecord, wrong } from "../checks.js";
import type { Graph } from "../graph/index.js";
import { Sequential } from "../models/sequential.js";
import type { TensorLike } from "../tensor.js";
import { quantizeGraph } from "./graph.js";
import {
  type Chosen,
  checkOptions,
  type GraphFrame,
  type QuantizeOptions,
} from "./options.js";
import type { QuantizeReport } from "./report.js";
import { quantizeSequential } from "./sequential.js";

/** What a Graph is calibrated on: frames, and sequences of them. */
export type GraphData = GraphFrame | readonly GraphFrame[];

/**
 * A model of the same layers, the matrices of RNN, LSTM, GRU, Linear and Conv1d as int8; of a Graph, those of recurrent
 * nodes, of products with constants and of convolutions. `model` stays as it is. What is made runs, streams, is saved and
 * loaded as any other.
 *
 * @throws TypeError, RangeError that name the argument
 */
export function quantize(
  model: Sequential,
  options?: QuantizeOptions,
): { model: Sequential; report: QuantizeReport };
export function quantize(
  model: Graph,
  options?: QuantizeOptions<GraphData>,
): { model: Graph; report: QuantizeReport };
export function quantize(
  model: Sequential | Graph,
  options?: QuantizeOptions<TensorLike> | QuantizeOptions<GraphData>,
): { model: Sequential | Graph; report: QuantizeReport };
export function quantize(
  model: Sequential | Graph,
  options: QuantizeOptions<TensorLike> | QuantizeOptions<GraphData> = {},
): { model: Sequential | Graph; report: QuantizeReport } {
  if (model instanceof Sequential)
    return quantizeSequential(
      model,
      checkOptions(options) as Chosen<TensorLike>,
    );
  // not by its class, whose code those who have no graph need not load
  if (isRecord(model) && "compiled" in model)
    return quantizeGraph(model, checkOptions(options));
  throw wrong(false, "model", "a Sequential or a Graph", model);
}
