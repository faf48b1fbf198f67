import {
  boolean,
  knownKeys,
  message,
  oneOf,
  positiveInteger,
  record,
  refuseTheirWords,
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

/** 'auto': what `init` chose, else the fastest of this host. */
export type BackendChoice = Backend | "auto";

export const DIRECTIONS = ["forward", "reverse", "bidirectional"] as const;
/** 'reverse' runs from the last step to the first, 'bidirectional' both ways. */
export type Direction = (typeof DIRECTIONS)[number];

export const OUTPUT_ORDERS = ["time", "processing"] as const;
/** In which order outputs come: that of time, or that in which they were computed. */
export type OutputOrder = (typeof OUTPUT_ORDERS)[number];

export const MASK_RULES = ["zero", "previous", "state"] as const;
/** What comes out at a masked step: zeros, the output before, or the state. */
export type MaskRule = (typeof MASK_RULES)[number];

export type { Precision };

/** How a layer's matrices are kept and multiplied. */
export interface PrecisionOptions {
  /**
   * 'float32' by default. 'int8': weights as integers with a scale a row, inputs and states as int16 in each product;
   * 'int8-fast': in seven bits. Both have the same bits on every backend. Weights that are loaded are rounded, unless they
   * are integers already.
   */
  precision?: Precision;
  /**
   * For integers: the range of what a matrix multiplies, by the matrix's name ({ weight_ih_l0: [-1, 1] }); numbers beyond
   * are cut off. {} by default: every step of every row has its own.
   */
  ranges?: Ranges;
}

export type Ranges = Readonly<
  Record<string, readonly [low: number, high: number]>
>;

/** What RNN, LSTM and GRU are made with. */
export interface RecurrentOptions extends PrecisionOptions {
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
  /** Of the initial weights, U(-1/√H, 1/√H); by default each layer has one of its own, the same in every run. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
  /**
   * Other functions than the standard ones: RNN [f], GRU [f, g], LSTM [f, g, h], as ONNX orders them (f of the gates, g
   * of the candidate, h of the cell). Of a bidirectional layer also twice as many, the second half for the reverse
   * direction. None, [], by default.
   */
  activations?: readonly CellActivation[];
  /** Sums, biases included, are limited to ±clip before f and g (not c before h); ∞, none, by default. */
  clip?: number;
  /**
   * Adds the parameters hidden0_l{k} [O] and, of an LSTM, cell0_l{k} [H] (with _reverse): where forward, streams and
   * reset() start unless a state is given. false by default: from zeros.
   */
  learnedState?: boolean;
  /**
   * How the outputs of a bidirectional layer, and of each of its layers, become one: 'concat' by default, side by
   * side, 2·O; 'sum', 'mul' or 'ave', element by element, O.
   */
  mergeMode?: MergeMode;
  /**
   * 'time' by default. 'processing': the outputs of a reverse layer come in the order in which they were computed, that
   * of the last step first (Keras's go_backwards).
   */
  outputOrder?: OutputOrder;
  /**
   * What comes out at a masked step: 'zero', the default, as PyTorch and ONNX; 'previous', the output computed before
   * it, zeros before the first (Keras); 'state', h as it is, so what h was at the start before the first (TensorFlow.js).
   */
  maskRule?: MaskRule;
}

/** What RNN, LSTM and GRU are unless their options say otherwise; the last six are not those of all three. */
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
 * The options that all three kinds share, checked, with the defaults filled in; `kind`: how many activations its
 * cell has.
 */
export function recurrentOptions(
  value: unknown,
  kind: Pick<RecurrentKind, "activations">,
): Required<RecurrentOptions> {
  const options = record(value, "options");
  refuseTheirWords(options);
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

/** `given`: as an option has it; undefined is 'float32'. */
export const checkPrecision = (given: unknown): Precision =>
  oneOf(given ?? DEFAULTS.precision, "precision", PRECISIONS);

/** The options of PrecisionOptions, checked. */
export function precisionOptions(options: {
  readonly precision?: unknown;
  readonly ranges?: unknown;
}): Required<PrecisionOptions> {
  const given = record(options.ranges ?? DEFAULTS.ranges, "ranges");
  for (const [name, range] of Object.entries(given)) {
    const [low, high] = Array.isArray(range) ? range : [];
    if (!(low <= 0 && high >= 0 && low < high))
      throw wrong(true, `ranges.${name}`, "[low, high] around 0", range);
  }
  return {
    precision: checkPrecision(options.precision),
    ranges: { ...given } as Ranges,
  };
}

/** `own`, the options of one kind. One record may serve all kinds: options of other kinds are accepted at their defaults. */
export function ownOptions<T extends object>(given: object, own: T): T {
  const asking = Object.entries(given).filter(
    ([name, value]) => Object.hasOwn(own, name) || !isDefault(name, value),
  );
  return knownKeys(Object.fromEntries(asking), own);
}

/** Far more layers than anybody stacks; each takes its place before a weight is looked at. */
const MOST_LAYERS = 1024;

function checkNumLayers(value: unknown): number {
  const numLayers = positiveInteger(value, "numLayers");
  if (numLayers <= MOST_LAYERS) return numLayers;
  throw new RangeError(
    message("numLayers", `at most ${MOST_LAYERS}`, `${numLayers}`),
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

/** `given`: as an option has it; undefined and null are one of its own for each layer. */
export const layerSeed = (given: unknown): number =>
  checkSeed(given ?? nextSeed());

/** `given`: as an option has it; undefined and null are 'auto'. */
export function checkBackend(given: unknown): BackendChoice {
  return oneOf(given ?? "auto", "backend", ["auto", ...BACKENDS]);
}

/** The features of an output step, each direction having `outputSize`. */
export function joinedSize(
  options: Required<RecurrentOptions>,
  outputSize: number,
): number {
  const both = options.direction === "bidirectional";
  return both && options.mergeMode === "concat" ? 2 * outputSize : outputSize;
}

/** The directions that a layer runs in, in the order of its outputs and states. */
export function directionsOf({
  direction,
}: {
  readonly direction: Direction;
}): readonly ("forward" | "reverse")[] {
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction];
}
