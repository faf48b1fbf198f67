import {
  boolean,
  isRecord,
  message,
  nonNegativeInteger,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import {
  type BackendChoice,
  checkBackend,
  checkSeed,
} from "../layers/options.js";
import type { Loss } from "./losses/index.js";
import type { Optimizer, Schedule } from "./optimizers.js";
import { type Dropout, ratesOf } from "./plan.js";
import { TAPE_BYTES } from "./limits.js";
import type { Subject } from "./subject.js";

/** How a model is trained: plain data, but for an own loss. */
export interface TrainerOptions {
  loss: Loss;
  /** Adam of a rate of 0.001 by default. */
  optimizer?: Optimizer;
  /** 'constant' by default. */
  schedule?: Schedule;
  /** By the global norm of all gradients: × min(1, clipNorm / (norm + 1e-6)); 1 by default, Infinity: none. */
  clipNorm?: number;
  /** Batches a step of the optimiser, the mean of their means; 1 by default. `step` cuts its batch into as many. */
  accumulate?: number;
  /** In `fit`: a step every so many steps of time, the state carried over; first burnIn steps for the state alone. */
  truncate?: { steps: number; burnIn?: number };
  /** Steps at the start of each sequence that have no loss; 0 by default. */
  skip?: number;
  /** Names of the state dict, or their beginnings: ["0.", "1.weight_ih_l0"]. */
  freeze?: readonly string[];
  /** Factors of the learning rate by beginnings of names. */
  learningRates?: Readonly<Record<string, number>>;
  /** By a layer's index. */
  dropout?: Readonly<Record<number, Dropout>>;
  /** How likely the model's own output is the next input, or from … to over so many steps of the optimiser. */
  scheduledSampling?: number | { from: number; to: number; steps: number };
  /** Of shuffling, dropout and scheduled sampling; 0 by default. */
  seed?: number;
  /** Bytes for the tape of 8 rows, 256 MiB by default; longer sequences are computed twice. */
  memory?: number;
  backend?: BackendChoice;
  /** Never relaxed: the same bits on every machine. */
  deterministic?: boolean;
}

export type CheckedOptions = Required<Omit<TrainerOptions, "truncate">> & {
  readonly truncate: { steps: number; burnIn: number } | null;
};

const KNOWN = {
  loss: 0,
  optimizer: 0,
  schedule: 0,
  clipNorm: 0,
  accumulate: 0,
  truncate: 0,
  skip: 0,
  freeze: 0,
  learningRates: 0,
  dropout: 0,
  scheduledSampling: 0,
  seed: 0,
  memory: 0,
  backend: 0,
  deterministic: 0,
} satisfies Record<keyof TrainerOptions, 0>;

export function checkOptions(value: unknown, subject: Subject): CheckedOptions {
  const given = record(value, "options", KNOWN) as unknown as TrainerOptions;
  if (given.loss === undefined) throw wrong(false, "loss", "a loss", undefined);
  const clipNorm = given.clipNorm ?? 1;
  if (typeof clipNorm !== "number" || !(clipNorm > 0))
    throw wrong(
      typeof clipNorm === "number",
      "clipNorm",
      "a number above 0",
      clipNorm,
    );
  // 0 or NaN must not pass as none
  const truncate = given.truncate ?? null;
  if (truncate !== null) record(truncate, "truncate", { steps: 0, burnIn: 0 });
  if (truncate) needsSteps(subject, "truncate");
  const freeze = checkFreeze(given.freeze ?? [], subject, "freeze");
  const learningRates = record(
    given.learningRates ?? {},
    "learningRates",
  ) as Record<string, number>;
  for (const [beginning, factor] of Object.entries(learningRates)) {
    begins(subject, beginning, "learningRates");
    if (typeof factor !== "number" || !(factor >= 0 && factor < Infinity))
      throw wrong(
        typeof factor === "number",
        `learningRates["${beginning}"]`,
        "a number of at least 0",
        factor,
      );
  }
  const scheduledSampling = given.scheduledSampling ?? 0;
  if (scheduledSampling !== 0) checkSampling(scheduledSampling, subject);
  return {
    loss: given.loss,
    optimizer: given.optimizer ?? { name: "adam" },
    schedule: given.schedule ?? "constant",
    clipNorm,
    accumulate: positiveInteger(given.accumulate ?? 1, "accumulate"),
    truncate: truncate && {
      steps: positiveInteger(truncate.steps, "truncate.steps"),
      burnIn: nonNegativeInteger(truncate.burnIn ?? 0, "truncate.burnIn"),
    },
    skip: nonNegativeInteger(given.skip ?? 0, "skip"),
    freeze,
    learningRates,
    dropout: checkDropout(given.dropout ?? {}, subject),
    scheduledSampling,
    seed: checkSeed(given.seed ?? 0),
    memory: positiveInteger(given.memory ?? TAPE_BYTES, "memory"),
    backend: checkBackend(given.backend),
    deterministic: boolean(given.deterministic ?? false, "deterministic"),
  };
}

/** Beginnings of names of parameters. */
export function checkFreeze(
  value: unknown,
  subject: Subject,
  name: string,
): readonly string[] {
  if (!Array.isArray(value))
    throw wrong(false, name, "an array of names", value);
  value.forEach((beginning: unknown, i) => {
    if (typeof beginning !== "string")
      throw wrong(false, `${name}[${i}]`, "a name", beginning);
    begins(subject, beginning, `${name}[${i}]`);
  });
  return value as string[];
}

/** A beginning that no parameter has would be ignored in silence. */
function begins(subject: Subject, beginning: string, name: string): void {
  if (subject.names.some((own) => subject.begins(own, [beginning]))) return;
  const names = subject.names.slice(0, 6).join(", ");
  throw new RangeError(
    message(
      name,
      `a beginning of ${names}${subject.names.length > 6 ? ", …" : ""}`,
      JSON.stringify(beginning),
    ),
  );
}

function needsSteps(subject: Subject, name: string): void {
  if (subject.stepwise) return;
  throw new RangeError(
    message(
      name,
      "a model that runs step by step",
      "one that is reverse, masks, or gives its last step alone",
    ),
  );
}

function checkSampling(value: unknown, subject: Subject): void {
  needsSteps(subject, "scheduledSampling");
  const same = subject.inputSize === subject.outputSize;
  if (!same)
    throw new RangeError(
      message(
        "scheduledSampling",
        "as many outputs as inputs",
        `${subject.outputSize} and ${subject.inputSize}`,
      ),
    );
  const given = isRecord(value)
    ? record(value, "scheduledSampling", { from: 0, to: 0, steps: 0 })
    : { from: value, to: value, steps: 1 };
  for (const key of ["from", "to"] as const)
    rate(given[key], "scheduledSampling", true);
  positiveInteger(given["steps"], "scheduledSampling.steps");
}

/** The probability of a step. */
export function samplingAt(
  value: CheckedOptions["scheduledSampling"],
  step: number,
): number {
  if (typeof value === "number") return value;
  const { from, to, steps } = value;
  return from + (to - from) * Math.min(1, step / steps);
}

function rate(value: unknown, name: string, one = false): void {
  if (
    typeof value === "number" &&
    value >= 0 &&
    (value < 1 || (one && value === 1))
  )
    return;
  throw wrong(
    typeof value === "number",
    name,
    `a number from 0 to ${one ? "1" : "less than 1"}`,
    value,
  );
}

export function checkDropout(
  value: unknown,
  subject: Subject,
): Readonly<Record<number, Dropout>> {
  const given = record(value, "dropout");
  for (const [key, own] of Object.entries(given)) {
    const name = `dropout[${key}]`;
    const layer = subject.layers[Number(key)];
    // "" and "00" are 0 as numbers, and would be ignored
    if (!layer || key !== String(Number(key)))
      throw new RangeError(
        message(
          "dropout",
          `indices of layers from 0 to ${subject.layers.length - 1}`,
          JSON.stringify(key),
        ),
      );
    const known = Object.fromEntries(ratesOf(layer).map((each) => [each, 0]));
    for (const [each, amount] of Object.entries(record(own, name, known))) {
      if (each === "variational") boolean(amount, `${name}.variational`);
      else if (amount !== undefined) rate(amount, `${name}.${each}`);
    }
  }
  return given as Readonly<Record<number, Dropout>>;
}
