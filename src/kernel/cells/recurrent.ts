import { type Activation, nameOf } from "../activations.js";
import type { KernelFunction } from "../contract.js";
import {
  NUMBERS,
  RECURRENT,
  type RecurrentField,
  type RecurrentType,
} from "../fields.js";
import type { Integers } from "../../integers.js";
import type { WeightFormat } from "../pack/format.js";
import type { PackedRows } from "../pack/rows.js";
import { PANEL, panelsOf, quadsOf } from "../sizes.js";
import {
  type Cell,
  type CellMatrix,
  type CellVector,
  columnsOf,
  outputFields,
  tailOf,
  type TracedGate,
  unitColumns,
} from "./cell.js";
import { type CellFunction, functionFields } from "./functions.js";

/** Those in whose order of gates weights come. */
export type Framework = "pytorch" | "keras" | "onnx";

/** A gate by the name that traces give it, and the letter that each framework has for it. */
export type Gate = { readonly name: string } & Readonly<
  Record<Framework, string>
>;

/** The sizes that shapes follow from. */
export interface CellSizes {
  readonly inputSize: number; // I
  readonly hiddenSize: number; // H
  readonly outputSize: number; // O: the projection's size P, else H
}

/** Which parameters a layer has beside its two matrices. */
export interface ParameterChoice {
  readonly bias: boolean;
  readonly projection: boolean;
  readonly peepholes: boolean;
  readonly learnedState: boolean;
}

/** One layer and direction of a kind. */
export interface RecurrentSpec extends CellSizes {
  /** As many as the kind has functions. */
  readonly activations: readonly CellFunction[];
  readonly clip: number; // of sums, before f and g; ∞: none
  readonly reverse: boolean;
  readonly learnedState: boolean;
  /** How its matrices lie. */
  readonly format: WeightFormat;
  /** A matrix's integers, where the layer has those. */
  integers(name: string): Integers | null;
  /** The calibrated range of what a matrix multiplies; null: none. */
  range(name: string): readonly [low: number, high: number] | null;
  /** A parameter as it is now, by PyTorch's name without layer and direction: "weight_ih"; null: the layer has none. */
  parameter(name: string): Float32Array | null;
}

/** The description of RNN, LSTM or GRU: all their differences are here. */
export interface RecurrentKind<Features = never> {
  /** The name in PyTorch, Keras, ONNX and gatewise. */
  readonly type: RecurrentType;
  /** In PyTorch's order, in which weights are kept: G of them. */
  readonly gates: readonly Gate[];
  /** The letters in the order of each framework's rows. */
  readonly orders: Readonly<Record<Framework, string>>;
  /** The letters of the gates that may have peepholes, in the order of their weights; null: none has. */
  readonly peepholes: Readonly<Record<"pytorch" | "onnx", string>> | null;
  /** f of the gates, g of the candidate, h of the cell, as ONNX orders them, unless options say otherwise. */
  readonly activations: readonly Activation[];
  /** Parameters that only this kind may have, options granted: their shapes. */
  readonly optional: Readonly<
    Partial<
      Record<
        "weight_hr" | "weight_peephole",
        (sizes: CellSizes) => readonly number[]
      >
    >
  >;
  /** The parts of its state and their sizes. */
  states(sizes: CellSizes): readonly { name: string; size: number }[];
  /** The cell as the kernel runs it; `features` are options of this kind alone. */
  cell(spec: RecurrentSpec, features: Features): Cell;
}

/** Which block of rows in a framework's order each of PyTorch's gates is: LSTM in ONNX's i o f c: [0, 2, 3, 1]. */
export function gateOrder(
  { gates, orders }: Pick<RecurrentKind, "gates" | "orders">,
  framework: Framework,
): readonly number[] {
  const order = orders[framework].split(" ");
  return gates.map((gate) => order.indexOf(gate[framework]));
}

/** The same of the peepholes' weights: i f o in ONNX's i o f: [0, 2, 1]. */
export function peepholeOrder({
  peepholes,
}: Pick<RecurrentKind, "peepholes">): readonly number[] {
  const theirs = peepholes?.onnx.split(" ") ?? [];
  return (
    peepholes?.pytorch.split(" ").map((gate) => theirs.indexOf(gate)) ?? []
  );
}

/** A layer's parameters by PyTorch's names, without layer and direction, in PyTorch's order, with their shapes. */
export function parametersOf(
  kind: Pick<RecurrentKind, "gates" | "optional" | "states">,
  sizes: CellSizes,
  choice: ParameterChoice,
): readonly (readonly [name: string, shape: readonly number[]])[] {
  const rows = kind.gates.length * sizes.hiddenSize;
  const { weight_hr, weight_peephole } = kind.optional;
  const parameters: [string, readonly number[]][] = [
    ["weight_ih", [rows, sizes.inputSize]],
    ["weight_hh", [rows, sizes.outputSize]],
  ];
  if (choice.bias) parameters.push(["bias_ih", [rows]], ["bias_hh", [rows]]);
  if (choice.projection && weight_hr)
    parameters.push(["weight_hr", weight_hr(sizes)]);
  if (choice.peepholes && weight_peephole)
    parameters.push(["weight_peephole", weight_peephole(sizes)]);
  if (choice.learnedState)
    for (const { name, size } of kind.states(sizes))
      parameters.push([`${name}0`, [size]]);
  return parameters;
}

/** The part of a cell that depends on its kind. */
interface Own {
  readonly run: KernelFunction;
  readonly general: boolean;
  readonly zPanels: number;
  readonly scratch: number;
  readonly traced: readonly TracedGate[];
  readonly ints?: Partial<Record<RecurrentField, number>>;
  readonly floats?: Partial<Record<RecurrentField, number>>;
  readonly vectors?: readonly CellVector[];
  matrices(inputWidth: number): readonly CellMatrix[];
}

/** A cell of `kind`, from the common part and its own. */
export function recurrentCell(
  kind: Pick<RecurrentKind, "type" | "states">,
  spec: RecurrentSpec,
  own: Own,
): Cell {
  const { hiddenSize, outputSize, inputSize, reverse } = spec;
  const functions = functionFields(spec.activations, own.general, spec.clip);
  return {
    inputSize,
    hiddenSize,
    outputSize,
    reverse,
    window: null,
    run: own.run,
    fields: RECURRENT,
    ints: {
      ...outputFields(outputSize, own.zPanels),
      ...functions.ints,
      kind: NUMBERS[kind.type],
      hiddenQuads: quadsOf(hiddenSize),
      hiddenTail: tailOf(hiddenSize),
      reverse: reverse ? 1 : 0,
      ...own.ints,
    },
    floats: { ...functions.floats, ...own.floats },
    format: spec.format,
    matrices: own.matrices,
    vectors: own.vectors ?? [],
    states: kind.states(spec).map(({ name, size }) => ({
      name,
      size,
      shape: [size],
      stacked: true,
      initial: spec.learnedState
        ? () => spec.parameter(`${name}0`) as Float32Array
        : null,
    })),
    zPanels: own.zPanels,
    scratch: own.scratch,
    traced: own.traced,
  };
}

/** What multiplies x, in the order of `rows`. */
export const inputMatrix = (
  spec: RecurrentSpec,
  inputWidth: number,
  rows: PackedRows,
): CellMatrix => ({
  ...matrixOf(spec, "weight_ih", spec.inputSize, rows),
  field: "input" satisfies RecurrentField,
  columns: columnsOf(spec.inputSize, inputWidth),
});

/** What multiplies h, in the order of `rows`, at the address in `field`. */
export const hiddenMatrix = (
  spec: RecurrentSpec,
  field: RecurrentField,
  rows: PackedRows,
): CellMatrix => ({
  ...matrixOf(spec, "weight_hh", spec.outputSize, rows),
  field,
  columns: unitColumns(spec.outputSize),
});

/** A parameter as a matrix, with the layer's two biases. */
export const matrixOf = (
  { parameter, integers, range }: RecurrentSpec,
  name: string,
  stride: number,
  rows: PackedRows,
): Omit<CellMatrix, "field" | "columns"> => ({
  weights: () => parameter(name) as Float32Array,
  integers: () => integers(name),
  range: () => range(name),
  biasIh: () => parameter("bias_ih"),
  biasHh: () => parameter("bias_hh"),
  stride,
  rows,
  emptyBias: 0,
});

/** Whether the functions are those that a kind has unless options say otherwise. */
export const hasStandard = (
  { activations }: Pick<RecurrentKind, "activations">,
  spec: Pick<RecurrentSpec, "activations">,
): boolean =>
  activations.every((name, index) => {
    const given = spec.activations[index];
    return given !== undefined && nameOf(given) === name;
  });

/** Floats of whole panels that hold a sum for each of `size` units. */
export const sumFloats = (size: number): number => panelsOf(size) * PANEL;
