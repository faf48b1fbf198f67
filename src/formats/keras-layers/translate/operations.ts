import {
  arithmetic,
  casts,
  choices,
  convolutions,
  functions,
  gathers,
  layers,
  logic,
  movement,
  nonlinear,
  type Operations,
  operationsOf,
  padding,
  parts,
  poolings,
  products,
  reductions,
  shapes,
  softmaxes,
} from "../../../graph/index.js";

let known: Operations | null = null;

/** The operations that Keras's layers need: a page that only reads its files downloads no others. */
export function kerasOperations(): Operations {
  known ??= operationsOf(
    arithmetic(),
    casts(),
    choices(),
    convolutions(),
    functions(),
    gathers(),
    layers(),
    logic(),
    movement(),
    nonlinear(),
    padding(),
    parts(),
    poolings(),
    products(),
    reductions(),
    shapes(),
    softmaxes(),
  );
  return known;
}
