import { message, record, shapeText, wrong } from "../checks.js";
import {
  checkLengths,
  checkSteps,
  checkToken,
  sequences,
  type Sequences,
  tokenSequences,
} from "../layers/input.js";
import { checkMask, type MaskLike } from "../layers/mask.js";
import { asTensor, concat, type Tensor, type TensorLike } from "../tensor.js";
import type { Subject } from "./subject.js";

/** What forward takes, and what should come out. */
export interface Batch {
  /** [B, T, I]; before an Embedding [B, T]. */
  input: TensorLike;
  /** Of the output's shape; crossEntropy: class numbers, the output's shape less its last axis; ctc: [B, S]. */
  target: TensorLike;
  /** Valid steps of each row; those past the end have no loss. */
  lengths?: readonly number[];
  /** Which steps count; masked ones have no loss. */
  mask?: MaskLike;
  /** [B] or [B, T], 1 by default: weights of the mean. */
  weights?: TensorLike;
  /** ctc: labels of each row; all of them by default. */
  targetLengths?: readonly number[];
}

const KEYS = {
  input: 0,
  target: 0,
  lengths: 0,
  mask: 0,
  weights: 0,
  targetLengths: 0,
} satisfies Record<keyof Batch, 0>;

/** What counts of a batch's outputs, (B, T, O): T is 1 where the last step alone comes out. */
export interface Counted {
  readonly batch: number;
  readonly steps: number;
  readonly size: number;
  /** Of every step, 0 where it does not count: (B, T). */
  readonly weights: Float64Array;
  /** Whether outputs have no axis of time. */
  readonly lastOnly: boolean;
  /** Steps of each row. */
  readonly ends: readonly number[];
}

/** A batch, checked against the model. */
export interface CheckedBatch {
  readonly given: Sequences;
  readonly target: Tensor;
  readonly lengths: readonly number[] | null;
  readonly mask: Uint8Array | null;
  readonly weights: Tensor | null;
  readonly targetLengths: readonly number[] | null;
  /** Steps of its sequences that came before, in batches of their own. */
  readonly past: number;
  /** Rows of data that do not change; absent: nobody knows. */
  readonly origin?: Origin;
}

/** One sequence, checked. */
export interface CheckedExample {
  readonly input: Float32Array;
  readonly steps: number;
  readonly target: Tensor;
  readonly weight: number;
}

/** One row of the data, as it goes to a worker: an example, or a batch of one. */
export type Row =
  { readonly example: CheckedExample } | { readonly batch: CheckedBatch };

/** Data that do not change while they are trained on. */
export interface RowSet {
  row(index: number): Row;
}

/** Where a batch comes from: these rows, and of each the steps from `start` to `end`. */
export interface Origin {
  readonly set: RowSet;
  readonly rows: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The same batch, made of these rows of a set. */
export const withOrigin = (
  batch: CheckedBatch,
  set: RowSet,
  rows: readonly number[],
): CheckedBatch => ({
  ...batch,
  origin: { set, rows, start: 0, end: batch.given.steps },
});

/** The checked input of a model. */
export function inputOf(subject: Subject, input: TensorLike): Sequences {
  if (!subject.tokens) return sequences(input, subject.inputSize);
  const given = tokenSequences(input);
  for (const id of given.data) checkToken(id, subject.inputSize, "input");
  return given;
}

export function checkBatch(
  subject: Subject,
  value: unknown,
  name = "batch",
): CheckedBatch {
  const batch = record(value, name, KEYS) as unknown as Batch;
  const given = inputOf(subject, batch.input);
  if (!given.batched)
    throw new RangeError(
      message(
        "input",
        subject.tokens ? "[B, T]" : "[B, T, I]",
        "a single sequence",
      ),
    );
  const target = asTensor(batch.target, "target");
  if (target.shape[0] !== given.batch)
    throw new RangeError(
      message("target", `${given.batch} rows`, shapeText(target.shape)),
    );
  const { targetLengths } = batch;
  if (targetLengths !== undefined && targetLengths.length !== given.batch)
    throw new RangeError(
      message(
        "targetLengths",
        `${given.batch} lengths, one per sequence`,
        `${targetLengths.length}`,
      ),
    );
  const lengths = checkLengths(batch.lengths, given);
  checkSteps(subject.layers, given.steps, lengths);
  return {
    given,
    target,
    lengths,
    mask: checkMask(batch.mask, given),
    weights: checkWeights(
      batch.weights,
      { batch: given.batch, steps: subject.stepsOut(given.steps) },
      subject.lastOnly,
    ),
    targetLengths: targetLengths ?? null,
    past: 0,
  };
}

export function checkWeights(
  weights: TensorLike | undefined,
  { batch, steps }: Pick<Sequences, "batch" | "steps">,
  lastOnly: boolean,
): Tensor | null {
  if (weights === undefined) return null;
  const tensor = asTensor(weights, "weights");
  const [b, t] = tensor.shape;
  const rank = tensor.shape.length;
  if (b !== batch || rank > 2 || (rank === 2 && (lastOnly || t !== steps))) {
    const expected = lastOnly
      ? `[${batch}]`
      : `[${batch}] or [${batch}, ${steps}]`;
    throw new RangeError(message("weights", expected, shapeText(tensor.shape)));
  }
  for (const value of tensor.data)
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
      throw wrong(true, "weights", "finite numbers of at least 0", value);
  return tensor;
}

/** Rows `from` to `to`; with `start` and `end`, of each of them those steps alone. */
export function cut(
  whole: CheckedBatch,
  from: number,
  to: number,
  start = 0,
  end = whole.given.steps,
): CheckedBatch {
  const { given, target, lengths, mask, weights, targetLengths, past, origin } =
    whole;
  const { batch, steps } = given;
  const all = start === 0 && end === steps;
  if (from === 0 && to === batch && all) return whole;
  const rows = <T extends Float32Array | Uint8Array>(
    data: T,
    timed: boolean,
  ): T => {
    const each = data.length / batch;
    if (all || !timed) return data.subarray(from * each, to * each) as T;
    const size = each / steps;
    const part = new (data.constructor as new (n: number) => T)(
      (to - from) * (end - start) * size,
    );
    for (let row = from; row < to; row++)
      part.set(
        data.subarray(
          row * each + start * size,
          row * each + end * size,
        ) as never,
        (row - from) * (end - start) * size,
      );
    return part;
  };
  const tensor = ({ shape, data }: Tensor, timed: boolean): Tensor => ({
    shape: [
      to - from,
      ...(timed && !all ? [end - start] : shape.slice(1, 2)),
      ...shape.slice(2),
    ],
    data: rows(data, timed),
  });
  return {
    given: {
      ...given,
      data: rows(given.data, true),
      batch: to - from,
      steps: end - start,
    },
    target: tensor(target, true),
    lengths:
      lengths
        ?.slice(from, to)
        .map((length) => Math.max(0, Math.min(length, end) - start)) ?? null,
    mask: mask && rows(mask, true),
    weights: weights && tensor(weights, weights.shape.length > 1),
    targetLengths: targetLengths?.slice(from, to) ?? null,
    past: past + start,
    ...(origin && {
      origin: {
        set: origin.set,
        rows: origin.rows.slice(from, to),
        start: origin.start + start,
        end: origin.start + end,
      },
    }),
  };
}

/** Batches of as many steps, row after row. */
export function joinRows(parts: readonly CheckedBatch[]): CheckedBatch {
  const [first] = parts as [CheckedBatch];
  const batch = parts.reduce((sum, { given }) => sum + given.batch, 0);
  const tensor = (tensors: readonly (Tensor | null)[]): Tensor | null =>
    tensors[0]
      ? {
          shape: [batch, ...tensors[0].shape.slice(1)],
          data: concat(tensors.map((each) => (each as Tensor).data)),
        }
      : null;
  const list = (key: "lengths" | "targetLengths") =>
    first[key] && parts.flatMap((part) => part[key] as readonly number[]);
  return {
    ...first,
    given: {
      ...first.given,
      data: concat(parts.map(({ given }) => given.data)),
      batch,
    },
    target: tensor(parts.map(({ target }) => target)) as Tensor,
    lengths: list("lengths"),
    mask:
      first.mask &&
      Uint8Array.from(parts.flatMap((part) => [...(part.mask as Uint8Array)])),
    weights: tensor(parts.map(({ weights }) => weights)),
    targetLengths: list("targetLengths"),
  };
}

/** Which of a batch's outputs count, and how much; the first `skip` steps of each sequence do not. */
export function countedOf(
  subject: Subject,
  { given, lengths, mask, weights, past }: CheckedBatch,
  skipped: number,
): Counted {
  const skip = Math.max(0, skipped - past);
  const { lastOnly, outputSize: size } = subject;
  const steps = subject.stepsOut(given.steps);
  const sizes = { batch: given.batch, steps, size, lastOnly };
  const after = lengths?.map((length) => subject.stepsOut(length)) ?? null;
  // a layer that changes the number of steps takes no mask
  if (lastOnly || steps !== given.steps)
    return countSteps(sizes, after, null, weights, skip, null);
  const own = subject.ownMask(given.data, given.batch * steps);
  return countSteps(sizes, after, mask, weights, skip, own);
}

/** The same of outputs of these sizes; `own`: what the model masks by itself. */
export function countSteps(
  sizes: Pick<Counted, "batch" | "steps" | "size" | "lastOnly">,
  lengths: readonly number[] | null,
  mask: Uint8Array | null,
  weights: Tensor | null,
  skip: number,
  own: Uint8Array | null,
): Counted {
  const { batch, steps, lastOnly } = sizes;
  const each = new Float64Array(batch * steps);
  const perStep = weights?.shape.length === 2;
  for (let row = 0; row < batch; row++)
    for (let t = 0; t < steps; t++) {
      const i = row * steps + t;
      if (!lastOnly) {
        if (t < skip || t >= (lengths?.[row] ?? steps)) continue;
        if (mask?.[i] === 0 || own?.[i] === 0) continue;
      }
      each[i] = weights ? (weights.data[perStep ? i : row] as number) : 1;
    }
  const ends = Array.from(
    { length: batch },
    (_, row) => (lastOnly ? null : lengths)?.[row] ?? steps,
  );
  return { ...sizes, weights: each, ends };
}

/** A checked batch as an own loss sees it. */
export function plainBatch(
  { given, target, lengths, mask, weights, targetLengths }: CheckedBatch,
  subject: Subject,
): Batch {
  const { data, batch, steps } = given;
  return {
    input: {
      shape: subject.tokens
        ? [batch, steps]
        : [batch, steps, subject.inputSize],
      data,
    },
    target,
    ...(lengths && { lengths }),
    ...(mask && {
      mask: { shape: [batch, steps], data: Float32Array.from(mask) },
    }),
    ...(weights && { weights }),
    ...(targetLengths && { targetLengths }),
  };
}
