import type { KernelFunction } from "../contract.js";
import type { PanelMatrix, WeightFormat } from "../pack/format.js";
import type { LayerField } from "../fields.js";
import { lanesOf, quadsOf } from "../sizes.js";

/** A part of a cell's state: its size per row, and its public name. */
export interface StatePart {
  readonly name: string;
  readonly size: number;
  /** Their axes, as users see them. */
  readonly shape: readonly number[];
  /** Users see the parts of a layer's cells as one tensor, an axis in front; otherwise there is one cell. */
  readonly stacked: boolean;
  /** Where a row starts that is given none; null: from zeros. */
  readonly initial: (() => Float32Array) | null;
}

/** A value per unit in the trace, by its public name. */
export interface TracedGate {
  readonly name: string;
  /** The kernel leaves 1 - the gate. */
  readonly complement: boolean;
}

/** A matrix of a cell as panels, and the field of its record that holds their address. */
export interface CellMatrix extends PanelMatrix {
  readonly field: string;
}

/** Numbers behind the panels: a multiple of 4. */
export interface CellVector {
  readonly field: string;
  readonly length: number;
  /** Writes all of them from `start` on, as they are now. */
  write(target: Float32Array, start: number): void;
}

/**
 * Output step t is made of input steps t · stride - before … t · stride - before + span - 1, zeros where there are none. x
 * then has (T - 1) · stride + span steps where y has T, and the layer runs in a group of its own.
 */
export interface Window {
  readonly span: number;
  readonly stride: number;
  readonly before: number;
  /** Zeros behind a row's last step. */
  readonly after: number;
  /** As many zeros on both sides as ⌈T / stride⌉ steps take, the odd one behind, whatever `before` and `after` say. */
  readonly same?: boolean;
}

/** The number of output steps for a number of input steps; 0 or less if there are too few for one. */
export function stepsOut(window: Window | null, steps: number): number {
  if (!window) return steps;
  const { span, stride, before, after, same } = window;
  if (same) return Math.ceil(steps / stride);
  return Math.floor((before + steps + after - span) / stride) + 1;
}

/** Zeros in front of a row of so many steps. */
export function zerosBefore(window: Window, steps: number): number {
  const { span, stride, before, same } = window;
  if (!same) return before;
  const read = (stepsOut(window, steps) - 1) * stride + span;
  return Math.max(0, (read - steps) >> 1);
}

/** Steps of x that a chunk of so many output steps is made of. */
export const stepsIn = (window: Window | null, steps: number): number =>
  window ? (steps - 1) * window.stride + window.span : steps;

/** One layer in one direction, which a kernel call runs: all that the kernel needs to know of it. */
export interface Cell {
  readonly inputSize: number; // I
  readonly outputSize: number; // O
  /** From each row's last step to its first. */
  readonly reverse: boolean;
  /** The steps of x that an output step is made of; null: its own alone, and what states hold of those before. */
  readonly window: Window | null;
  /** The kernel's function that runs it. */
  readonly run: KernelFunction;
  /** The fields of its record, in order. */
  readonly fields: readonly string[];
  /** What they hold, but for addresses, widths and strides, which are known when it gets its place. */
  readonly ints: Readonly<Record<string, number>>;
  readonly floats: Readonly<Record<string, number>>;
  /** How its weights lie. */
  readonly format: WeightFormat;
  /** Columns of its matrices, where they are more than `inputWidth` and its units. */
  columns?(inputWidth: number): number;
  /** Its matrices, in the order in which they lie, for rows of x of `inputWidth` floats. */
  matrices(inputWidth: number): readonly CellMatrix[];
  readonly vectors: readonly CellVector[];
  readonly states: readonly StatePart[];
  /** Panels that a row of z takes: that many times 16 floats; the order of its sums is drawn in assembly/. */
  readonly zPanels: number;
  /** Floats that the kernel needs behind z for each row. */
  readonly scratch: number;
  /** Units that `traced` is of. */
  readonly hiddenSize: number; // H
  /** In the order in which a quad's gates lie in the trace. */
  readonly traced: readonly TracedGate[];
}

/** Real lanes, 1 to 4, in the last of a row's quads. */
export const tailOf = (size: number): number => ((size - 1) % 4) + 1;

/** Every column of a matrix, one after another, and zeros up to `width` of them. */
export function columnsOf(count: number, width: number): Int32Array {
  const columns = new Int32Array(width).fill(-1);
  for (let column = 0; column < count; column++) columns[column] = column;
  return columns;
}

/** The columns of a matrix that multiplies outputs: whole quads of them. */
export const unitColumns = (units: number): Int32Array =>
  columnsOf(units, lanesOf(units));

/** The fields of every record for the outputs. */
export function outputFields(
  outputSize: number,
  zPanels: number,
): Partial<Record<LayerField, number>> {
  return {
    inputPanels: zPanels,
    outputQuads: quadsOf(outputSize),
    outputTail: tailOf(outputSize),
  };
}
