import {
  boolean,
  message,
  nonNegativeInteger,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import type { Computer } from "./computer.js";
import { type Data, sourceOf, splitData } from "./data.js";
import { checkMetrics, checkSignal, type Metric } from "./evaluate.js";
import type { Source } from "./source.js";

/** How long `fit` trains, on what it is judged, and what it does on the way. */
export interface FitOptions {
  /** 10 by default; of a fit that was interrupted, with those it has had. */
  epochs?: number;
  /** 32 by default. */
  batchSize?: number;
  /** true by default. */
  shuffle?: boolean;
  /** Data, or the share of the examples that is held out: the last ones. */
  validation?: Data | number;
  /** Of the validation, and refused without one. */
  metrics?: readonly Metric[];
  /**
   * How many epochs in a row without a better validation loss end it, one at the least (0 is 1, as in Keras); none by
   * default. A loss that is NaN is not better.
   */
  patience?: number;
  /** By how much better counts; 0 by default. */
  minDelta?: number;
  /**
   * true by default: whatever ends it, the best weights are the model's in the end. Where no validation loss was finite
   * there are none, and the model keeps those of the last step.
   */
  restoreBest?: boolean;
  /** Ends after the running step; model and trainer are then whole, and can go on. */
  signal?: AbortSignal;
  /** Milliseconds after which it gives the thread back; 12 by default. */
  yieldEvery?: number;
}

/** The same, checked. */
export interface CheckedFit {
  readonly epochs: number;
  readonly validation: Source | null;
  readonly source: Source;
  readonly metrics: readonly Metric[];
  readonly patience: number;
  readonly minDelta: number;
  readonly restoreBest: boolean;
  readonly signal: AbortSignal | null;
  readonly yieldEvery: number;
}

const KNOWN = {
  epochs: 0,
  batchSize: 0,
  shuffle: 0,
  validation: 0,
  metrics: 0,
  patience: 0,
  minDelta: 0,
  restoreBest: 0,
  signal: 0,
  yieldEvery: 0,
} satisfies Record<keyof FitOptions, 0>;

function number(value: unknown, name: string): number {
  if (typeof value === "number" && value >= 0) return value;
  throw wrong(typeof value === "number", name, "a number of at least 0", value);
}

export function checkFit(
  { gradients }: Computer,
  data: Data,
  value: unknown,
  { seed, watches }: { seed: number; watches: boolean },
): CheckedFit {
  const given = record(value, "options", KNOWN) as FitOptions;
  const { subject, parts } = gradients;
  const options = {
    batchSize: positiveInteger(given.batchSize ?? 32, "batchSize"),
    shuffle: boolean(given.shuffle ?? true, "shuffle"),
    seed,
    ctc: parts?.some(({ name }) => name === "ctc") ?? false,
  };
  let train = data;
  let held: Data | null = null;
  const validation = given.validation ?? null;
  if (typeof validation === "number") {
    if (!(validation > 0 && validation < 1))
      throw wrong(
        true,
        "validation",
        "data, or a share between 0 and 1",
        validation,
      );
    [train, held] = splitData(subject, data, validation);
  } else held = validation;
  if (given.patience !== undefined && held === null)
    needsValidation("patience");
  const metrics = checkMetrics(given.metrics ?? []);
  if (metrics.length && held === null) needsValidation("metrics");
  if (watches && held === null) needsValidation("this schedule");
  return {
    epochs: positiveInteger(given.epochs ?? 10, "epochs"),
    source: sourceOf(subject, train, options),
    validation:
      held === null
        ? null
        : sourceOf(subject, held, { ...options, shuffle: false }, "validation"),
    metrics,
    patience:
      given.patience === undefined
        ? Infinity
        : nonNegativeInteger(given.patience, "patience"),
    minDelta: number(given.minDelta ?? 0, "minDelta"),
    restoreBest: boolean(given.restoreBest ?? true, "restoreBest"),
    signal: checkSignal(given.signal),
    yieldEvery: number(given.yieldEvery ?? 12, "yieldEvery"),
  };
}

/** What looks at validation losses would do nothing without them, in silence. */
function needsValidation(name: string): never {
  throw new RangeError(message("validation", `data, for ${name}`, "undefined"));
}
