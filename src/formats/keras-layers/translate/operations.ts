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

/** What Keras's layers are made of: a page that reads Keras's files brings no others. */
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
