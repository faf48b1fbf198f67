import { equalShapes, message, shapeText, wrong } from "../../checks.js";
import type { Tensor } from "../../tensor.js";
import type { Batch, Counted } from "../batch.js";

/** A loss by name, with options, a weighted sum of losses, or your own function (not in a worker). */
export type Loss =
  LossName | NamedLoss | readonly { loss: Loss; weight?: number }[] | OwnLoss;
export type OwnLoss = (
  output: Tensor,
  batch: Batch,
) => { loss: number; gradient: Tensor };
export type LossName =
  | "mse"
  | "mae"
  | "huber"
  | "crossEntropy"
  | "binaryCrossEntropy"
  | "esr"
  | "ctc";
export type NamedLoss =
  | { name: "mse" }
  | { name: "mae" }
  | { name: "huber"; delta?: number }
  | {
      name: "crossEntropy";
      ignore?: number;
      smoothing?: number;
      classWeights?: readonly number[];
    }
  | { name: "binaryCrossEntropy"; positiveWeight?: number }
  | { name: "esr"; preEmphasis?: number; dc?: number }
  | { name: "ctc"; blank?: number };

/* What the losses share. */

/** A loss of a batch, ready to be taken row by row: its denominators are known. */
export interface RowLoss {
  /** What the mean is over: its steps' weights. */
  readonly total: number;
  /**
   * The share of rows `from` to `to`, whose outputs are given; adds `factor` times its derivative by them to `gradient`.
   */
  rows(
    output: Float32Array | Float64Array,
    from: number,
    to: number,
    gradient: Float64Array,
    factor: number,
  ): number;
}

export type Make = (target: Tensor, counted: Counted, batch: Batch) => RowLoss;

export function finite(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(typeof value === "number", name, "a finite number", value);
}

/** The shape that a target must have: that of the output, or less its last axis. */
export function shaped(
  target: Tensor,
  { batch, steps, size, lastOnly }: Counted,
  classes: boolean,
): Float32Array {
  const shape = [
    batch,
    ...(lastOnly ? [] : [steps]),
    ...(classes ? [] : [size]),
  ];
  if (equalShapes(target.shape, shape)) return target.data;
  throw new RangeError(
    message("target", shapeText(shape), shapeText(target.shape)),
  );
}

export function some(total: number): number {
  if (total > 0) return total;
  throw new RangeError(
    message("batch", "at least one step that counts", "none"),
  );
}

export const sum = (values: Float64Array): number => {
  let all = 0;
  for (const value of values) all += value;
  return all;
};
