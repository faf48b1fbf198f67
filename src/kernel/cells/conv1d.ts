import type { Integers } from "../../integers.js";
import type { KernelFunction } from "../contract.js";
import { BLOCK, CONV1D, conv1dKernel } from "../js/conv1d.js";
import { F32 } from "../pack/f32.js";
import type { WeightFormat } from "../pack/format.js";
import { BOTH, consecutive, PackedRows } from "../pack/rows.js";
import { lanesOf, PANEL, panelsOf } from "../sizes.js";
import {
  type Cell,
  type CellMatrix,
  type CellVector,
  outputFields,
  type Window,
} from "./cell.js";
import { type CellFunction, functionFields, isStandard } from "./functions.js";

const RUN: KernelFunction = { name: "conv1d", js: conv1dKernel };

/** y(t) = f(b + Σ over k of W(k) x(t · stride + k · dilation - zeros before)). */
export interface Conv1dSpec {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly kernelSize: number; // K
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  /** null: the last (K - 1) · dilation steps before each step, whose first ones are the cell's state; the stride is 1. */
  readonly window: Window | null;
  readonly activation: CellFunction;
  /** Of integers: only where `byPanels`. */
  readonly format?: WeightFormat;
  integers?(): Integers | null;
  /** The calibrated range of inputs. */
  range?(): readonly [low: number, high: number] | null;
  weight(): Float32Array; // (O, I / groups, K)
  bias(): Float32Array | null; // (O)
}

/** Whether its groups are whole panels and pairs of columns, and so products; all others are summed lane by lane. */
export function byPanels(
  inputSize: number,
  outputSize: number,
  groups: number,
): boolean {
  const whole = (outputSize / groups) % PANEL === 0;
  return groups === 1 || (whole && (inputSize / groups) % 2 === 0);
}

export function conv1dCell(spec: Conv1dSpec): Cell {
  const { inputSize, outputSize, kernelSize, dilation, groups, window } = spec;
  const { activation, format = F32 } = spec;
  const past = window ? 0 : (kernelSize - 1) * dilation;
  const groupInputs = inputSize / groups;
  const byProduct = byPanels(inputSize, outputSize, groups);
  const panels = panelsOf(outputSize);
  const groupPanels = byProduct ? panels / groups : 0;
  const columns = kernelSize * groupInputs;
  const emptyBias = activation === "softmax" ? Number.NEGATIVE_INFINITY : 0;
  const functions = functionFields([activation], !isStandard(activation));
  const widest = lanesOf(inputSize);
  const overlapping = groups === 1 && dilation === 1;
  const gathered = overlapping ? 0 : BLOCK * kernelSize * widest;
  return {
    inputSize,
    outputSize,
    hiddenSize: outputSize,
    reverse: false,
    window,
    run: RUN,
    fields: CONV1D,
    ints: {
      ...outputFields(outputSize, panels),
      ...functions.ints,
      taps: kernelSize,
      dilation,
      stride: spec.stride,
      past,
      inputSize,
      groups,
      groupInputs,
      groupPanels,
      groupBytes: byProduct ? groupPanels * format.panelBytes(columns) : 0,
    },
    floats: functions.floats,
    format,
    columns: (inputWidth) => kernelSize * inputWidth,
    matrices: (inputWidth) =>
      byProduct
        ? [matrixOf(spec, groups === 1 ? inputWidth : groupInputs, emptyBias)]
        : [],
    vectors: byProduct ? [] : [vectorOf(spec)],
    states: past
      ? [
          {
            name: "history",
            size: past * inputSize,
            shape: [past, inputSize],
            stacked: false,
            initial: null,
          },
        ]
      : [],
    // the sums, and beside them the steps of x behind the past
    zPanels: panels + (past ? panelsOf(widest) : 0),
    scratch: past * widest + (byProduct ? gathered : lanesOf(outputSize)),
    traced: [],
  };
}

/** A column for each feature of each tap, taps one after another, `width` apart. */
function matrixOf(
  spec: Conv1dSpec,
  width: number,
  emptyBias: number,
): CellMatrix {
  const { inputSize, outputSize, kernelSize, groups, weight, bias } = spec;
  const inputs = inputSize / groups;
  const columns = new Int32Array(kernelSize * width).fill(-1);
  for (let k = 0; k < kernelSize; k++)
    for (let i = 0; i < inputs; i++)
      columns[k * width + i] = i * kernelSize + k;
  const rows = consecutive(outputSize, [0], (_, row) => ({ row, bias: BOTH }));
  return {
    field: "input",
    weights: weight,
    integers: () => spec.integers?.() ?? null,
    range: () => spec.range?.() ?? null,
    biasIh: bias,
    biasHh: () => null,
    stride: inputs * kernelSize,
    rows: new PackedRows(rows),
    columns,
    emptyBias,
  };
}

/** [ bias | weights of tap 0, its group's feature 0 | feature 1 | .. | tap 1 | .. ], of all outputs each. */
function vectorOf({
  inputSize,
  outputSize,
  kernelSize,
  groups,
  weight,
  bias,
}: Conv1dSpec): CellVector {
  const lanes = lanesOf(outputSize);
  const inputs = inputSize / groups;
  const length = lanes * (1 + kernelSize * inputs);
  return {
    field: "input",
    length,
    write(target, start) {
      target.fill(0, start, start + length);
      target.set(bias() ?? [], start);
      const weights = weight();
      for (let o = 0; o < outputSize; o++)
        for (let i = 0; i < inputs; i++)
          for (let k = 0; k < kernelSize; k++) {
            const vector = 1 + k * inputs + i;
            target[start + vector * lanes + o] = weights[
              (o * inputs + i) * kernelSize + k
            ] as number;
          }
    },
  };
}
