import {
  boolean,
  knownKeys,
  message,
  oneOf,
  positiveInteger,
  record,
  refuseForeignNames,
  wrong,
} from "../checks.js";
import {
  type Backend,
  BACKENDS,
  type CellActivation,
  MERGE_MODES,
  type MergeMode,
  type Precision,
  PRECISIONS,
  type RecurrentKind,
} from "../kernel/model.js";
import { nextSeed } from "../random.js";
import { checkActivations } from "./activations.js";

/** 'auto': the backend that `init` chose, or else the fastest on this host. */
export type BackendChoice = Backend | "auto";

export const DIRECTIONS = ["forward", "reverse", "bidirectional"] as const;
/** 'reverse' runs from the last step to the first; 'bidirectional' runs both ways. */
export type Direction = (typeof DIRECTIONS)[number];

export const OUTPUT_ORDERS = ["time", "processing"] as const;
/** The order of the outputs: that of time, or that in which they were computed. */
export type OutputOrder = (typeof OUTPUT_ORDERS)[number];

export const MASK_RULES = ["zero", "previous", "state"] as const;
/** The output at a masked step: zeros, the previous output, or the state. */
export type MaskRule = (typeof MASK_RULES)[number];

export type { Precision };

/** How a layer's matrices are kept and multiplied. */
export interface PrecisionOptions {
  /**
   * 'float32' by default. 'int8': weights as int8 with one scale per row, inputs and states rounded to int16 for each
   * product; 'int8-fast': to seven bits. Both give the same bits on every backend. Loaded weights are rounded, unless
   * they are integers already.
   */
  precision?: Precision;
  /**
   * For int8: the range of the values that a matrix multiplies, by the matrix's name ({ weight_ih_l0: [-1, 1] }). Values
   * outside it are clipped. {} by default: the range is found anew for every step of every row. With 'float32' it is
   * refused, as it would be ignored.
   */
  ranges?: Ranges;
}

export type Ranges = Readonly<
  Record<string, readonly [low: number, high: number]>
>;

/** Options shared by RNN, LSTM and GRU. */
export interface RecurrentOptions extends PrecisionOptions {
  /** I, the features of a time step. */
  inputSize: number;
  /** H, the units of a layer. */
  hiddenSize: number;
  /** L, the number of stacked layers; 1 by default. */
  numLayers?: number;
  /** Whether units have biases; true by default. */
  bias?: boolean;
  /** 'forward' by default; 'bidirectional' runs both ways and merges the outputs. */
  direction?: Direction;
  /** true by default; false: only the last step of each sequence is returned (many-to-one). */
  returnSequences?: boolean;
  /** Seed of the initial weights, U(-1/√H, 1/√H); by default each layer gets its own, the same in every run. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
  /**
   * Functions other than the standard ones: RNN [f], GRU [f, g], LSTM [f, g, h], in ONNX's order (f for the gates, g for
   * the candidate, h for the cell). A bidirectional layer may have twice as many, the second half for the reverse
   * direction. [], the standard ones, by default.
   */
  activations?: readonly CellActivation[];
  /** Limits sums, biases included, to ±clip before f and g (not c before h); Infinity, no limit, by default. */
  clip?: number;
  /**
   * Adds the parameters hidden0_l{k} [O] and, for an LSTM, cell0_l{k} [H] (and those of _reverse): the state in which
   * forward, streams and reset() start unless given another. false by default: they start from zeros.
   */
  learnedState?: boolean;
  /**
   * How the outputs of the two directions are merged, in each layer of a bidirectional one: 'concat', the default, side
   * by side, 2·O; 'sum', 'mul' or 'ave', element by element, O.
   */
  mergeMode?: MergeMode;
  /**
   * 'time' by default. 'processing': the outputs of a reverse layer are returned in the order in which they were
   * computed, the last step first (Keras's go_backwards).
   */
  outputOrder?: OutputOrder;
  /**
   * The output at a masked step. 'zero', the default, as in PyTorch and ONNX; 'previous', the last output before it,
   * zeros before the first (Keras); 'state', the current h, which is the initial h before the first (TensorFlow.js).
   */
  maskRule?: MaskRule;
}

/** The defaults of RNN, LSTM and GRU; each of the last six belongs to one or two of them. */
export const DEFAULTS = {
  numLayers: 1,
  bias: true,
  direction: "forward",
  returnSequences: true,
  backend: "auto",
  activations: [],
  clip: Number.POSITIVE_INFINITY,
  learnedState: false,
  mergeMode: "concat",
  outputOrder: "time",
  maskRule: "zero",
  precision: "float32",
  ranges: {},
  nonlinearity: "tanh",
  projSize: 0,
  peepholes: false,
  coupledGates: false,
  cellClip: Number.POSITIVE_INFINITY,
  resetAfter: true,
  updateGate: "keep",
} as const;

/** Whether an option has its default. */
export const isDefault = (name: string, value: unknown): boolean =>
  Object.hasOwn(DEFAULTS, name) &&
  (value === DEFAULTS[name as keyof typeof DEFAULTS] ||
    (typeof value === "object" &&
      value !== null &&
      !Object.keys(value).length));

/**
 * The options that RNN, LSTM and GRU share, checked, with the defaults filled in; `kind` tells how many activations the
 * cell has.
 */
export function recurrentOptions(
  value: unknown,
  kind: Pick<RecurrentKind, "activations">,
): Required<RecurrentOptions> {
  const options = record(value, "options");
  refuseForeignNames(options);
  const given = (name: keyof RecurrentOptions & keyof typeof DEFAULTS) =>
    options[name] ?? DEFAULTS[name];
  const direction = oneOf(given("direction"), "direction", DIRECTIONS);
  const both = direction === "bidirectional";
  return {
    inputSize: positiveInteger(options["inputSize"], "inputSize"),
    hiddenSize: positiveInteger(options["hiddenSize"], "hiddenSize"),
    numLayers: checkNumLayers(given("numLayers")),
    bias: boolean(given("bias"), "bias"),
    direction,
    returnSequences: boolean(given("returnSequences"), "returnSequences"),
    seed: layerSeed(options["seed"]),
    backend: checkBackend(options["backend"]),
    activations: checkActivations(
      options["activations"],
      kind.activations.length,
      both,
    ),
    clip: checkClip(given("clip"), "clip"),
    learnedState: boolean(given("learnedState"), "learnedState"),
    mergeMode: oneOf(
      given("mergeMode"),
      "mergeMode",
      both ? MERGE_MODES : ["concat"],
    ),
    outputOrder: oneOf(
      given("outputOrder"),
      "outputOrder",
      both ? ["time"] : OUTPUT_ORDERS,
    ),
    maskRule: oneOf(given("maskRule"), "maskRule", MASK_RULES),
    ...precisionOptions(options),
  };
}

/** 'float32' if the option is undefined. */
export const checkPrecision = (given: unknown): Precision =>
  oneOf(given ?? DEFAULTS.precision, "precision", PRECISIONS);

/** The options of PrecisionOptions, checked. */
export function precisionOptions(options: {
  readonly precision?: unknown;
  readonly ranges?: unknown;
}): Required<PrecisionOptions> {
  const given = record(options.ranges ?? DEFAULTS.ranges, "ranges");
  for (const [name, range] of Object.entries(given)) {
    const pair = Array.isArray(range) && range.length === 2;
    const [low, high] = pair ? range : [];
    const finite = Number.isFinite(low) && Number.isFinite(high);
    if (finite && low <= 0 && high >= 0 && low < high) continue;
    throw wrong(
      Array.isArray(range),
      `ranges.${name}`,
      "[low, high], finite numbers around 0",
      range,
    );
  }
  const precision = checkPrecision(options.precision);
  const [name] = Object.keys(given);
  if (name !== undefined && precision === "float32")
    throw new RangeError(
      message("ranges", "none in precision 'float32'", JSON.stringify(name)),
    );
  return { precision, ranges: { ...given } as Ranges };
}

/**
 * `own`, the options of one kind of layer, after checking that `given` has no others. Options of the other kinds are
 * accepted at their defaults, so that one object can serve all of them.
 */
export function ownOptions<T extends object>(given: object, own: T): T {
  const relevant = Object.entries(given).filter(
    ([name, value]) => Object.hasOwn(own, name) || !isDefault(name, value),
  );
  return knownKeys(Object.fromEntries(relevant), own);
}

/** Far more than anybody stacks; a damaged file may ask for any number, and each layer is laid out before its weights. */
const MAX_LAYERS = 1024;

function checkNumLayers(value: unknown): number {
  const numLayers = positiveInteger(value, "numLayers");
  if (numLayers <= MAX_LAYERS) return numLayers;
  throw new RangeError(
    message("numLayers", `at most ${MAX_LAYERS}`, `${numLayers}`),
  );
}

export function checkClip(clip: unknown, name: string): number {
  if (typeof clip === "number" && clip > 0) return clip;
  throw wrong(typeof clip === "number", name, "a number above 0", clip);
}

export function checkSeed(seed: unknown): number {
  if (Number.isSafeInteger(seed)) return seed as number;
  throw wrong(typeof seed === "number", "seed", "an integer", seed);
}

/** A new seed for each layer if the option is undefined or null. */
export const layerSeed = (given: unknown): number =>
  checkSeed(given ?? nextSeed());

/** 'auto' if the option is undefined or null. */
export function checkBackend(given: unknown): BackendChoice {
  return oneOf(given ?? "auto", "backend", ["auto", ...BACKENDS]);
}

/** The features of an output step when each direction has `outputSize`. */
export function joinedSize(
  options: Required<RecurrentOptions>,
  outputSize: number,
): number {
  const both = options.direction === "bidirectional";
  return both && options.mergeMode === "concat" ? 2 * outputSize : outputSize;
}

/** The directions in which a layer runs, in the order of its outputs and states. */
export function directionsOf({
  direction,
}: {
  readonly direction: Direction;
}): readonly ("forward" | "reverse")[] {
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction];
}
