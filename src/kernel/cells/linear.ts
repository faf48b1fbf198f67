import type { Integers } from "../../integers.js";
import type { KernelFunction } from "../contract.js";
import { LAYER } from "../fields.js";
import { linearKernel } from "../js/linear.js";
import { F32 } from "../pack/f32.js";
import type { WeightFormat } from "../pack/format.js";
import { BOTH, consecutive, PackedRows } from "../pack/rows.js";
import { panelsOf } from "../sizes.js";
import { type Cell, columnsOf, outputFields } from "./cell.js";
import { type CellFunction, functionFields, isStandard } from "./functions.js";

const RUN: KernelFunction = { name: "linear", js: linearKernel };

/** y = f(W x + b) at every step. */
export interface LinearSpec {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly activation: CellFunction;
  readonly format?: WeightFormat;
  weight(): Float32Array; // (O, I)
  integers?(): Integers | null;
  /** The calibrated range of inputs. */
  range?(): readonly [low: number, high: number] | null;
  bias(): Float32Array | null; // (O)
}

export function linearCell(spec: LinearSpec): Cell {
  const { inputSize, outputSize, activation, weight, bias } = spec;
  const zPanels = panelsOf(outputSize);
  const rows = consecutive(outputSize, [0], (_, row) => ({ row, bias: BOTH }));
  const functions = functionFields([activation], !isStandard(activation));
  return {
    inputSize,
    outputSize,
    hiddenSize: outputSize,
    reverse: false,
    window: null,
    run: RUN,
    fields: LAYER,
    ints: { ...outputFields(outputSize, zPanels), ...functions.ints },
    floats: functions.floats,
    format: spec.format ?? F32,
    matrices: (inputWidth) => [
      {
        field: "input",
        weights: weight,
        integers: () => spec.integers?.() ?? null,
        range: () => spec.range?.() ?? null,
        biasIh: bias,
        biasHh: () => null,
        stride: inputSize,
        rows: new PackedRows(rows),
        columns: columnsOf(inputSize, inputWidth),
        // Lanes of no output must not weigh in a softmax: e^-∞ = 0.
        emptyBias: activation === "softmax" ? Number.NEGATIVE_INFINITY : 0,
      },
    ],
    vectors: [],
    states: [],
    zPanels,
    scratch: 0,
    traced: [],
  };
}
