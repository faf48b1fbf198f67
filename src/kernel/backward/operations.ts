import { ActivationOperation, type ActivationSpec } from "./activation.js";
import { BatchNormOperation, type BatchNormSpec } from "./batch-norm.js";
import { Conv1dOperation, type Conv1dSpec } from "./conv1d.js";
import { DropoutOperation, type DropoutSpec } from "./dropout.js";
import { EmbeddingOperation, type EmbeddingSpec } from "./embedding.js";
import { LastStepOperation, type LastStepSpec } from "./last-step.js";
import { LayerNormOperation, type LayerNormSpec } from "./layer-norm.js";
import { LinearOperation, type LinearSpec } from "./linear-operation.js";
import { MaskingOperation, type MaskingSpec } from "./masking.js";
import type { Layout } from "./parameters.js";
import { RecurrentOperation, type RecurrentSpec } from "./recurrent.js";
import type { Operation, Trained } from "./run.js";

export type OperationSpec =
  | RecurrentSpec
  | LinearSpec
  | ActivationSpec
  | LayerNormSpec
  | BatchNormSpec
  | Conv1dSpec
  | LastStepSpec
  | EmbeddingSpec
  | MaskingSpec
  | DropoutSpec;

type Make = new (
  spec: never,
  layout: Layout,
  index: number,
  trained: Trained,
) => Operation;

const OPERATIONS: Readonly<Record<OperationSpec["type"], Make>> = {
  recurrent: RecurrentOperation,
  linear: LinearOperation,
  activation: ActivationOperation,
  layerNorm: LayerNormOperation,
  batchNorm: BatchNormOperation,
  conv1d: Conv1dOperation,
  lastStep: LastStepOperation,
  embedding: EmbeddingOperation,
  masking: MaskingOperation,
  dropout: DropoutOperation,
};

/** What runs each of the specs; what they are trained with is laid out in `layout`. */
export const operationsOf = (
  specs: readonly OperationSpec[],
  layout: Layout,
  trained: Trained,
): Operation[] =>
  specs.map(
    (spec, index) =>
      new OPERATIONS[spec.type](spec as never, layout, index, trained),
  );
