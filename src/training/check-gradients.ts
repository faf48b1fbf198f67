import { positiveInteger, record } from "../checks.js";
import { atOnce } from "../kernel/backward.js";
import { checkSeed } from "../layers/options.js";
import {
  checkBatch,
  type Batch,
  type CheckedBatch,
  plainBatch,
} from "./batch.js";
import { randomAt, shuffled } from "./counters.js";
import type { Weights } from "./cells64.js";
import { forward64 } from "./forward64.js";
import { Gradients } from "./gradients.js";
import type { Loss, OwnLoss } from "./losses/index.js";
import { checkOptions } from "./options.js";
import { type Model, Subject } from "./subject.js";

/** Of the gradient's error, as a share of the parameter's largest gradient, or of 1: float32 stays within it. */
const TOLERANCE = 1e-6;
/** Of a central difference in float64: its error is about the square of it. */
const STEP = 1e-4;

/** How far the gradients of a step are from differences of its loss, both in float64. */
export interface GradientCheck {
  /** `error`: of the larger of 1 and the parameter's largest gradient. */
  worst: {
    name: string;
    index: number;
    analytic: number;
    numeric: number;
    error: number;
  };
  passed: boolean;
}

/**
 * Holds gradients against differences of the loss, which is computed in float64 in plain loops, apart from the kernels.
 *
 * @param options loss: 'crossEntropy' by default where targets are class numbers, else 'mse'; entries: how many numbers
 *   of each parameter are looked at, 8; seed: which
 */
export function checkGradients(
  model: Model,
  batch: Batch,
  options: { loss?: Loss; entries?: number; seed?: number } = {},
): GradientCheck {
  const given = record(options, "options", { loss: 0, entries: 0, seed: 0 });
  const entries = positiveInteger(given["entries"] ?? 8, "entries");
  const seed = checkSeed(given["seed"] ?? 0);
  const subject = new Subject(model);
  const checked = checkBatch(subject, batch);
  const rank = subject.lastOnly ? 2 : 3;
  const loss =
    options.loss ??
    (checked.target.shape.length < rank ? "crossEntropy" : "mse");
  const gradients = new Gradients(subject, checkOptions({ loss }, subject));
  const weights = subject.weights();
  atOnce(gradients.network.pack((name) => weights[name]?.data as Float32Array));
  gradients.network.clear();
  const place = { step: 0, row: 0, sampling: 0 };
  atOnce(gradients.run(checked, subject.noStates(), place, 1, true));
  const exact: Record<string, Float64Array> = Object.fromEntries(
    Object.entries(weights).map(([name, { data }]) => [
      name,
      Float64Array.from(data),
    ]),
  );
  const worst = { name: "", index: 0, analytic: 0, numeric: 0, error: -1 };
  for (const parameter of gradients.network.places) {
    const { name } = parameter;
    const found = atOnce(gradients.network.gradient(parameter));
    const scale = found.reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      1,
    );
    const values = exact[name] as Float64Array;
    const order = shuffled(
      values.length,
      randomAt(seed, "initial", name.length),
    );
    for (const index of order.slice(0, entries)) {
      const before = values[index] as number;
      const at = (value: number) => {
        values[index] = value;
        return loss64(gradients, loss, checked, exact);
      };
      const numeric = (at(before + STEP) - at(before - STEP)) / (2 * STEP);
      values[index] = before;
      const analytic = found[index] as number;
      const error = Math.abs(analytic - numeric) / scale;
      if (!(error <= worst.error))
        Object.assign(worst, { name, index, analytic, numeric, error });
    }
  }
  return { worst, passed: worst.error <= TOLERANCE };
}

function loss64(
  gradients: Gradients,
  loss: Loss,
  batch: CheckedBatch,
  weights: Weights,
): number {
  const { subject, logits } = gradients;
  const { given, lengths, mask } = batch;
  const { data, batch: rows, steps } = given;
  const size = data.length / (rows * steps);
  const outSteps = subject.stepsOut(steps);
  const output = new Float64Array(rows * outSteps * subject.outputSize);
  const network = { specs: subject.specs, weights, skip: subject.skip, logits };
  for (let row = 0; row < rows; row++) {
    const end = lengths?.[row] ?? steps;
    const input = Array.from({ length: end }, (_, t) => {
      const at = (row * steps + t) * size;
      return data.subarray(at, at + size);
    });
    const kept = input.map((_, t) => mask?.[row * steps + t] !== 0);
    forward64(network, input, kept).forEach((y, t) =>
      output.set(y, (row * outSteps + t) * subject.outputSize),
    );
  }
  const prepared = gradients.prepare(batch);
  if (prepared)
    return prepared.rows(output, 0, rows, new Float64Array(output.length), 0);
  const shape = [
    rows,
    ...(subject.lastOnly ? [] : [outSteps]),
    subject.outputSize,
  ];
  // float64, so that differences of it are exact; a function that only reads it does not see the difference
  const tensor = { shape, data: output as unknown as Float32Array };
  return (loss as OwnLoss)(tensor, plainBatch(batch, subject)).loss;
}
