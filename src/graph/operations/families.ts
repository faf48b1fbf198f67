/*
 * All operations: a file of them a line. A reader of files takes those that it writes; they are functions, so that
 * bundlers leave out the others without knowing what their making does.
 */
export { alongAxes } from "./along-axis.js";
export { arithmetic } from "./arithmetic.js";
export { bitwiseOperations } from "./bitwise.js";
export { blockOperations } from "./blocks.js";
export { casts } from "./casts.js";
export { cellLoops } from "./cell-loop.js";
export { choices } from "./choices.js";
export { constants } from "./constants.js";
export { control } from "./control.js";
export { convolutions } from "./convolution.js";
export { einsums } from "./einsum.js";
export { functions } from "./functions.js";
export { gathers } from "./gather.js";
export { gathering } from "./gathering.js";
export { integerConvolutions } from "./integer-convolution.js";
export { layers } from "./layers.js";
export { lists } from "./lists.js";
export { logic } from "./logic.js";
export { loops } from "./loops.js";
export { movement } from "./movement.js";
export { nonlinear } from "./nonlinear.js";
export { normalisations } from "./normalisation.js";
export { padding } from "./padding.js";
export { parts } from "./parts.js";
export { poolings } from "./pooling.js";
export { products } from "./products.js";
export { quantisation } from "./quantisation.js";
export { recurrents } from "./recurrent.js";
export { reductions } from "./reductions.js";
export { requantisation } from "./requantize.js";
export { resizing } from "./resize.js";
export { shapes } from "./shapes.js";
export { softmaxes } from "./softmax.js";
export { sorting } from "./sorting.js";
export { transposed } from "./transposed.js";
