import {
  equalShapes,
  message,
  record,
  sameShape,
  shapeText,
} from "../checks.js";
import { checkLengths } from "../layers/input.js";
import { checkMask } from "../layers/mask.js";
import type { StateDict } from "../safetensors.js";
import { asTensor, checkTensor, type Tensor } from "../tensor.js";
import { type Batch, checkWeights, countSteps } from "./batch.js";
import { TrainingError } from "./errors.js";
import {
  callOwn,
  type Loss,
  type OwnLoss,
  partsOf,
  sumOf,
} from "./losses/index.js";
import { type Optimizer, ruleOf } from "./optimizers.js";
import { type Model, Subject } from "./subject.js";

/* For loops of your own, beside `record`. */

/**
 * A loss and its gradient by the outputs.
 *
 * @param output [B, T, O], or [B, O] of a model that gives its last step alone; logits where the loss takes them
 * @param batch its input is not looked at
 */
export function lossOf(
  loss: Loss,
  output: Tensor,
  batch: Batch,
): { loss: number; gradient: Tensor } {
  const { shape, data } = checkTensor(output, "output");
  record(batch, "batch");
  if (shape.length !== 2 && shape.length !== 3)
    throw new RangeError(
      message("output", "[B, T, O] or [B, O]", shapeText(shape)),
    );
  const parts = partsOf(loss);
  if (!parts) {
    const own = callOwn(loss as OwnLoss, { shape, data }, batch);
    return {
      loss: own.loss,
      gradient: { shape: [...shape], data: own.gradient },
    };
  }
  const lastOnly = shape.length === 2;
  const [rows] = shape as [number];
  const steps = lastOnly ? 1 : (shape[1] as number);
  const given = { data, batch: rows, steps, batched: true };
  const counted = countSteps(
    { batch: rows, steps, size: shape.at(-1) as number, lastOnly },
    lastOnly ? null : checkLengths(batch.lengths, given),
    lastOnly ? null : checkMask(batch.mask, given),
    checkWeights(batch.weights, given, lastOnly),
    0,
    null,
  );
  const target = asTensor(batch.target, "target");
  const gradient = new Float64Array(data.length);
  const value = sumOf(parts, target, counted, batch).rows(
    data,
    0,
    rows,
    gradient,
    1,
  );
  return {
    loss: value,
    gradient: { shape: [...shape], data: Float32Array.from(gradient) },
  };
}

/**
 * A step of an optimiser by gradients, as `backward` gives them; parameters without one stay as they are.
 *
 * @param moments those that the step before returned; none at first
 * @throws TrainingError where a gradient is not finite; nothing has then changed
 */
export function applyGradients(
  model: Model,
  gradients: StateDict,
  optimizer: Optimizer,
  moments: StateDict = {},
): { moments: StateDict; gradientNorm: number } {
  const subject = new Subject(model);
  const rule = ruleOf(optimizer);
  const given = subject.ownNames(record(gradients, "gradients") as StateDict);
  const before = record(moments, "moments") as StateDict;
  const step = stepOf(before) + 1;
  const weights = subject.weights();
  let square = 0;
  for (const [name, value] of Object.entries(given)) {
    const weight = weights[name];
    const place = `gradients["${name}"]`;
    if (!weight)
      throw new RangeError(
        message(place, `one of ${Object.keys(weights).join(", ")}`, "another"),
      );
    const { shape, data } = checkTensor(value, place);
    if (!equalShapes(shape, weight.shape))
      throw new RangeError(
        message(place, shapeText(weight.shape), shapeText(shape)),
      );
    let own = 0;
    for (const number of data) own += number * number;
    if (!Number.isFinite(own)) throw new TrainingError(step, name);
    square += own;
  }
  const after: StateDict = {
    step: { shape: [1], data: Float32Array.of(step) },
  };
  for (const [name, { data }] of Object.entries(given)) {
    const { shape, data: values } = weights[name] as Tensor;
    const own = Object.fromEntries(
      rule.moments.map((moment) => {
        const given = before[`${moment}.${name}`];
        const place = `moments["${moment}.${name}"]`;
        const kept =
          given === undefined
            ? null
            : sameShape(checkTensor(given, place), shape, place);
        const copy = kept ? kept.data.slice() : new Float32Array(values.length);
        after[`${moment}.${name}`] = { shape: [...shape], data: copy };
        return [moment, copy] as const;
      }),
    );
    rule.update(values, data, 1, own, step, rule.learningRate);
  }
  subject.setWeights(weights);
  return { moments: after, gradientNorm: Math.sqrt(square) };
}

/** Steps that the moments have had. */
function stepOf(moments: StateDict): number {
  const given = moments["step"];
  if (given === undefined) return 0;
  const { shape, data } = checkTensor(given, 'moments["step"]');
  const [step] = data;
  if (data.length === 1 && Number.isSafeInteger(step) && (step as number) >= 0)
    return step as number;
  throw new RangeError(
    message(
      'moments["step"]',
      "one integer of at least 0",
      data.length === 1 ? `${step}` : shapeText(shape),
    ),
  );
}
