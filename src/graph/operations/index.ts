import type { Compile } from "../node.js";
import { constants } from "./constants.js";
import { control } from "./control.js";
import { convolutions } from "./convolution.js";
import { einsums } from "./einsum.js";
import { elementwise } from "./elementwise.js";
import { gathering } from "./gathering.js";
import { integerConvolutions } from "./integer-convolution.js";
import { layers } from "./layers.js";
import { logic } from "./logic.js";
import { loops } from "./loops.js";
import { normalisations } from "./normalisation.js";
import { poolings } from "./pooling.js";
import { quantisation } from "./quantisation.js";
import { resizing } from "./resize.js";
import { sorting } from "./sorting.js";
import { transposed } from "./transposed.js";
import { movement } from "./movement.js";
import { nonlinear } from "./nonlinear.js";
import { padding } from "./padding.js";
import { products } from "./products.js";
import { recurrents } from "./recurrent.js";
import { reductions } from "./reductions.js";
import { shapes } from "./shapes.js";
import { softmaxes } from "./softmax.js";

/** Operations whose work is in proportion to their numbers: where those are constant, they are computed at load. */
const FOLDABLE = new Map(
  [
    elementwise,
    nonlinear,
    logic,
    movement,
    padding,
    gathering,
    reductions,
    softmaxes,
    normalisations,
    sorting,
    quantisation,
    shapes,
    constants,
  ].flatMap((family) => Object.entries(family)),
);

/** All operations, by the types of their nodes. */
export const OPERATIONS: ReadonlyMap<string, Compile> = new Map([
  ...Object.entries(recurrents),
  ...Object.entries(products),
  ...Object.entries(convolutions),
  ...Object.entries(integerConvolutions),
  ...Object.entries(transposed),
  ...Object.entries(poolings),
  ...Object.entries(resizing),
  ...Object.entries(einsums),
  ...Object.entries(layers),
  ...Object.entries(control),
  ...Object.entries(loops),
  ...FOLDABLE,
]);

export const isOperation = (type: string): boolean => OPERATIONS.has(type);

export function isFoldable(type: string): boolean {
  return FOLDABLE.has(type);
}

const OUTPUTS: ReadonlyMap<string, number> = new Map([
  ["RNN", 2],
  ["GRU", 2],
  ["LSTM", 3],
  ["Layer", 3],
  ["Dropout", 2],
  ["MaxPool", 2],
  ["LayerNormalization", 3],
  ["DynamicQuantizeLinear", 3],
  ["TopK", 2],
  ["Unique", 4],
  ["BatchNormalization", 5],
  ["Split", Infinity],
  ["If", Infinity],
  ["Loop", Infinity],
  ["Scan", Infinity],
]);

/** How many outputs nodes of this type have at most. */
export function mostOutputs(type: string): number {
  return OUTPUTS.get(type) ?? 1;
}
