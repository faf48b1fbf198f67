import {
  equalShapes,
  message,
  oneOf,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import { exp } from "../kernel/backward.js";
import { type CheckedBatch, countedOf } from "./batch.js";
import type { Computer } from "./computer.js";
import type { Source } from "./source.js";
import type { Batch } from "./batch.js";
import { logistic, type LossPart, sumOf } from "./losses/index.js";
import type { Pace } from "./pace.js";
import type { Session } from "./session.js";

/**
 * What is measured beside the loss: the share of right classes, e to the cross entropy, the mean absolute error, the error-to-signal ratio.
 */
export type Metric = "accuracy" | "perplexity" | "mae" | "esr";

/** The mean loss and the metrics of a data set. */
export interface Evaluation {
  loss: number;
  metrics: Partial<Record<Metric, number>>;
}

/** What `evaluate` measures beside the loss. */
export interface EvaluateOptions {
  /** 32 by default. */
  batchSize?: number;
  metrics?: readonly Metric[];
  signal?: AbortSignal;
}

const METRICS: readonly Metric[] = ["accuracy", "perplexity", "mae", "esr"];

export function checkMetrics(value: unknown): readonly Metric[] {
  if (!Array.isArray(value))
    throw wrong(false, "metrics", "an array of metrics", value);
  return value.map((metric, i) => oneOf(metric, `metrics[${i}]`, METRICS));
}

export function checkEvaluate(value: unknown): {
  batchSize: number;
  metrics: readonly Metric[];
  signal: AbortSignal | null;
} {
  const given = record(value, "options", {
    batchSize: 0,
    metrics: 0,
    signal: 0,
  });
  return {
    batchSize: positiveInteger(given["batchSize"] ?? 32, "batchSize"),
    metrics: checkMetrics(given["metrics"] ?? []),
    signal: checkSignal(given["signal"]),
  };
}

/** null where there is none. */
export function checkSignal(signal: unknown): AbortSignal | null {
  if (signal === undefined) return null;
  if (typeof signal === "object" && signal !== null && "aborted" in signal)
    return signal as AbortSignal;
  throw wrong(false, "signal", "an AbortSignal", signal);
}

/** A metric's parts over a batch, which are added up: above / below. */
type Parts = (
  batch: CheckedBatch,
  output: Float32Array,
) => [above: number, below: number];

/** Loss and metrics over all batches of a source: means over all steps that count. */
export async function evaluate(
  computer: Computer,
  session: Session,
  source: Source,
  metrics: readonly Metric[],
  skip: number,
  signal: AbortSignal | null,
  pace: Pace,
): Promise<Evaluation> {
  const { subject } = computer.gradients;
  const sums = new Map<Metric, [number, number]>();
  let loss = 0;
  let total = 0;
  await pace.during(source.check());
  for await (const batch of source.epoch(0)) {
    signal?.throwIfAborted();
    if (!batch) continue;
    const place = { step: 0, sampling: 0 };
    const [result] = await session.alone(() => {
      session.sync();
      const states = subject.noStates();
      return computer.compute(session, [batch], states, place, false, pace);
    });
    if (!result) break;
    loss += result.loss * result.total;
    total += result.total;
    for (const metric of metrics) {
      const [above, below] = partsOfMetric(
        computer,
        metric,
        skip,
      )(batch, result.output);
      const sum = sums.get(metric) ?? [0, 0];
      sums.set(metric, [sum[0] + above, sum[1] + below]);
    }
    const turn = pace.turn();
    if (turn) await turn;
  }
  if (!total)
    throw new RangeError(message("data", "at least one batch", "none"));
  const found: Partial<Record<Metric, number>> = {};
  for (const [metric, [above, below]] of sums)
    found[metric] =
      metric === "perplexity" ? exp(above / below) : above / below;
  return { loss: loss / total, metrics: found };
}

function partsOfMetric(
  { gradients }: Computer,
  metric: Metric,
  skip: number,
): Parts {
  const { subject, logits } = gradients;
  return (batch, output) => {
    const counted = countedOf(subject, batch, skip);
    const { size, weights } = counted;
    const { data: target, shape } = batch.target;
    const full = [
      counted.batch,
      ...(counted.lastOnly ? [] : [counted.steps]),
      size,
    ];
    const classes = equalShapes(shape, full.slice(0, -1));
    const numbers = equalShapes(shape, full);
    const refuse = () =>
      new RangeError(
        message(
          "metrics",
          `targets that fit ${metric}`,
          `[${shape.join(", ")}]`,
        ),
      );
    if (metric === "perplexity") {
      if (!classes || !logits) throw refuse();
      const own =
        gradients.parts?.filter(({ name }) => name === "crossEntropy") ?? [];
      if (!own.length) throw refuse();
      const prepared = sumOf(
        [{ ...(own[0] as LossPart), weight: 1 }],
        batch.target,
        counted,
        NO_BATCH,
      );
      const value = prepared.rows(
        output,
        0,
        counted.batch,
        new Float64Array(output.length),
        0,
      );
      return [value * prepared.total, prepared.total];
    }
    let above = 0;
    let below = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] as number;
      if (!weight) continue;
      const y = output.subarray(i * size, (i + 1) * size);
      if (metric === "accuracy") {
        if (!classes && !numbers) throw refuse();
        const t = target.subarray(i * size, (i + 1) * size);
        const id = target[i] as number;
        if (classes && gradients.ignored(id)) continue;
        const right = classes
          ? largest(y) === id
          : size === 1
            ? (y[0] as number) > (logits ? 0 : 0.5) === (t[0] as number) > 0.5
            : largest(y) === largest(t);
        above += weight * Number(right);
        below += weight;
        continue;
      }
      if (!numbers) throw refuse();
      for (let j = 0; j < size; j++) {
        const t = target[i * size + j] as number;
        const sum = y[j] as number;
        const value =
          logits && subject.ending === "sigmoid" ? logistic(sum) : sum;
        above +=
          weight * (metric === "mae" ? Math.abs(value - t) : (value - t) ** 2);
        below += weight * (metric === "mae" ? 1 : t * t);
      }
    }
    return [above, below];
  };
}

/** What a loss of classes needs of a batch beside its target: nothing. */
const NO_BATCH: Batch = { input: [], target: [] };

function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++)
    if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}
