import { boolean, oneOf, positiveInteger, record, wrong } from "../checks.js";
import { type Backend, BACKENDS } from "../kernel/model.js";

export const DIRECTIONS = ["forward", "reverse", "bidirectional"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What RNN, LSTM and GRU are made with. */
export interface RecurrentOptions {
  /** I, the features of a time step. */
  inputSize: number;
  /** H, the units of a layer. */
  hiddenSize: number;
  /** L, layers one above another; 1 by default. */
  numLayers?: number;
  /** Whether units have biases; true by default. */
  bias?: boolean;
  /** 'forward' by default; 'bidirectional' runs both ways and joins the outputs. */
  direction?: Direction;
  /** true by default; false: the output is each sequence's last step alone (many-to-one). */
  returnSequences?: boolean;
  /** Of the initial weights, U(-1/√H, 1/√H); 0 by default. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: Backend | "auto";
}

/** The options that all three kinds share, checked, with the defaults filled in. */
export function recurrentOptions(value: unknown): Required<RecurrentOptions> {
  const options = record(value, "options");
  return {
    inputSize: positiveInteger(options["inputSize"], "inputSize"),
    hiddenSize: positiveInteger(options["hiddenSize"], "hiddenSize"),
    numLayers: positiveInteger(options["numLayers"] ?? 1, "numLayers"),
    bias: boolean(options["bias"] ?? true, "bias"),
    direction: oneOf(
      options["direction"] ?? "forward",
      "direction",
      DIRECTIONS,
    ),
    returnSequences: boolean(
      options["returnSequences"] ?? true,
      "returnSequences",
    ),
    seed: checkSeed(options["seed"] ?? 0),
    backend: checkBackend(options["backend"] ?? "auto"),
  };
}

export function checkSeed(seed: unknown): number {
  if (Number.isSafeInteger(seed)) return seed as number;
  throw wrong(typeof seed === "number", "seed", "an integer", seed);
}

export function checkBackend(backend: unknown): Backend | "auto" {
  return oneOf(backend, "backend", ["auto", ...BACKENDS]);
}

/** The directions that a layer runs in, in the order of its outputs and states. */
export function directionsOf({
  direction,
}: {
  readonly direction: Direction;
}): readonly ("forward" | "reverse")[] {
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction];
}
