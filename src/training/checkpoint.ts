import { FormatError } from "../errors.js";
import { isRecord } from "../checks.js";
import type { CellStates } from "../kernel/backward.js";
import { Sequential } from "../models/sequential.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import type { FitPlace } from "./fit.js";
import type { Loss } from "./losses/index.js";
import type { CheckedOptions, TrainerOptions } from "./options.js";
import type { Session } from "./session.js";
import type { Subject } from "./subject.js";

/*
 * A checkpoint is a safetensors file:
 *
 *     model.NAME            weights, as the optimiser has them          metadata.gatewise: the layers, as `save` writes them
 *     best.NAME             those of the best validation so far         metadata.training: options and counters as JSON
 *     first.NAME, …         moments
 *     state.I.hidden, …     of a truncated pass, the states there, cell by cell
 */

const VERSION = 1;

export function writeCheckpoint(
  subject: Subject,
  options: CheckedOptions,
  session: Session,
  place: FitPlace,
): Uint8Array {
  const { model } = subject;
  const whole = model instanceof Sequential ? model : new Sequential([model]);
  const { metadata } = parse(whole.save());
  const tensors: StateDict = {};
  const put = (kind: string, dict: StateDict) => {
    for (const [name, tensor] of Object.entries(dict))
      tensors[`${kind}.${subject.fullName(name)}`] = tensor;
  };
  put("model", session.weights);
  if (place.bestWeights) put("best", place.bestWeights);
  for (const [name, moments] of session.moments)
    for (const [moment, data] of Object.entries(moments))
      put(moment, { [name]: flat(data) });
  const { eachState } = subject;
  place.states.forEach((state, i) => {
    state?.forEach((data, part) => {
      tensors[`state.${i}.${eachState[i]?.[part]?.name}`] = flat(data);
    });
  });
  const { bestWeights: _, states, ...counters } = place;
  const training = {
    version: VERSION,
    options: {
      ...options,
      loss: typeof options.loss === "function" ? null : options.loss,
    },
    steps: session.steps,
    epochs: session.epochs,
    plateau: session.plateau,
    place: { ...counters, states: states.length },
  };
  return serialize(tensors, {
    ...metadata,
    training: JSON.stringify(training, withoutLimits),
  });
}

const flat = (data: Float32Array): Tensor => ({ shape: [data.length], data });

/** JSON has neither ∞ (a clipNorm, a perplexity) nor NaN (a metric). */
const withoutLimits = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
const LIMITS: readonly unknown[] = ["Infinity", "-Infinity", "NaN"];
const withLimits = (_: string, value: unknown) =>
  LIMITS.includes(value) ? Number(value) : value;

export interface ReadCheckpoint {
  readonly model: Sequential;
  readonly options: TrainerOptions;
  restore(session: Session, place: FitPlace): void;
}

export function readCheckpoint(
  bytes: Uint8Array,
  loss: Loss | undefined,
): ReadCheckpoint {
  const { tensors, metadata } = parse(bytes);
  const { training: text, ...rest } = metadata;
  if (text === undefined)
    throw new FormatError(
      "expected a checkpoint of gatewise/train, got another safetensors file",
      "metadata.training",
    );
  const training = parseTraining(text);
  const under = (kind: string): StateDict =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        name.startsWith(`${kind}.`)
          ? [[name.slice(kind.length + 1), tensor as Tensor]]
          : [],
      ),
    );
  const model = Sequential.load(serialize(under("model"), rest));
  const { options } = training;
  if (!options.loss && !loss)
    throw new TypeError(
      "loss: expected the function that the training had, got undefined",
    );
  const { truncate, ...others } = options;
  return {
    model,
    options: {
      ...others,
      ...(truncate && { truncate }),
      loss: loss ?? options.loss,
    } as TrainerOptions,
    restore(session, place) {
      for (const [name, moments] of session.moments)
        for (const moment of Object.keys(moments)) {
          const found = under(moment)[name];
          const own = moments[moment] as Float32Array;
          if (found?.data.length !== own.length)
            throw new FormatError(
              `expected ${own.length} numbers, got ${found?.data.length ?? "none"}`,
              `${moment}.${name}`,
            );
          own.set(found.data);
        }
      session.steps = training.steps;
      session.epochs = training.epochs;
      Object.assign(session.plateau, training.plateau);
      const best = under("best");
      const { eachState } = session.subject;
      const states = Array.from(
        { length: training.place.states },
        (_, i): CellStates | null => {
          const found = (eachState[i] ?? []).map(
            ({ name }) => tensors[`state.${i}.${name}`] as Tensor | undefined,
          );
          return found.every((part) => part !== undefined)
            ? found.map(({ data }) => data)
            : null;
        },
      );
      Object.assign(place, training.place, {
        states,
        bestWeights: Object.keys(best).length ? best : null,
      });
    },
  };
}

interface Training {
  readonly options: CheckedOptions;
  readonly steps: number;
  readonly epochs: number;
  readonly plateau: Session["plateau"];
  readonly place: Omit<FitPlace, "states" | "bestWeights"> & { states: number };
}

function parseTraining(text: string): Training {
  let value: unknown;
  try {
    value = JSON.parse(text, withLimits);
  } catch {
    throw new FormatError("expected JSON", "metadata.training");
  }
  const isCount = (count: unknown) =>
    Number.isSafeInteger(count) && (count as number) >= 0;
  if (
    !isRecord(value) ||
    value["version"] !== VERSION ||
    !isRecord(value["options"]) ||
    !isCount(value["steps"]) ||
    !isCount(value["epochs"]) ||
    !isRecord(value["plateau"]) ||
    !isRecord(value["place"]) ||
    !isCount(value["place"]["states"])
  )
    throw new FormatError(
      `expected the counters of a checkpoint of version ${VERSION}`,
      "metadata.training",
    );
  return value as unknown as Training;
}
