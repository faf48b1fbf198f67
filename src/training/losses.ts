import {
  equalShapes,
  message,
  oneOf,
  record,
  shapeText,
  wrong,
} from "../checks.js";
import { exp, log, log1p } from "../kernel/backward.js";
import { asTensor, type Tensor } from "../tensor.js";
import type { Batch, Counted } from "./batch.js";
import { ctcRow } from "./ctc.js";

/** A loss by name, with options, a weighted sum of losses, or your own function (not in a worker). */
export type Loss =
  LossName | NamedLoss | readonly { loss: Loss; weight?: number }[] | OwnLoss;
export type OwnLoss = (
  output: Tensor,
  batch: Batch,
) => { loss: number; gradient: Tensor };
export type LossName =
  | "mse"
  | "mae"
  | "huber"
  | "crossEntropy"
  | "binaryCrossEntropy"
  | "esr"
  | "ctc";
export type NamedLoss =
  | { name: "mse" }
  | { name: "mae" }
  | { name: "huber"; delta?: number }
  | {
      name: "crossEntropy";
      ignore?: number;
      smoothing?: number;
      classWeights?: readonly number[];
    }
  | { name: "binaryCrossEntropy"; positiveWeight?: number }
  | { name: "esr"; preEmphasis?: number; dc?: number }
  | { name: "ctc"; blank?: number };

/** A loss of a batch, ready to be taken row by row: its denominators are known. */
export interface RowLoss {
  /** What the mean is over: its steps' weights. */
  readonly total: number;
  /**
   * The share of rows `from` to `to`, whose outputs are given; adds `factor` times its derivative by them to `gradient`.
   */
  rows(
    output: Float32Array | Float64Array,
    from: number,
    to: number,
    gradient: Float64Array,
    factor: number,
  ): number;
}

type Make = (target: Tensor, counted: Counted, batch: Batch) => RowLoss;

/** Whether it takes logits, and so the sums before a last softmax or sigmoid. */
const LOGITS: readonly string[] = ["crossEntropy", "binaryCrossEntropy", "ctc"];

const NAMES: readonly LossName[] = [
  "mse",
  "mae",
  "huber",
  "crossEntropy",
  "binaryCrossEntropy",
  "esr",
  "ctc",
];

/** The parts of a loss that is no function, with their weights. */
export interface LossPart {
  readonly name: LossName;
  readonly weight: number;
  readonly make: Make;
  /** A class that has no loss. */
  readonly ignore: number | undefined;
}

/** The parts of a loss, checked; null for a function. */
export function partsOf(
  loss: unknown,
  name = "loss",
  weight = 1,
): LossPart[] | null {
  if (typeof loss === "function") return null;
  if (Array.isArray(loss))
    return loss.flatMap((part: unknown, i) => {
      const place = `${name}[${i}]`;
      const given = record(part, place, { loss: 0, weight: 0 });
      const own = finite(given["weight"] ?? 1, `${place}.weight`);
      const parts = partsOf(given["loss"], `${place}.loss`, weight * own);
      if (parts) return parts;
      throw wrong(false, `${place}.loss`, "a loss by its name", given["loss"]);
    });
  const given = typeof loss === "string" ? { name: loss } : record(loss, name);
  const known = oneOf(
    given["name" as never],
    typeof loss === "string" ? name : `${name}.name`,
    NAMES,
  );
  const make = MAKERS[known](given as never, name);
  return [
    {
      name: known,
      weight,
      make,
      ignore: (given as { ignore?: number }).ignore,
    },
  ];
}

export const takesLogits = (parts: readonly LossPart[]): boolean =>
  parts.some((part) => LOGITS.includes(part.name));

/** The sum of the parts over a batch. */
export function sumOf(
  parts: readonly LossPart[],
  target: Tensor,
  counted: Counted,
  batch: Batch,
): RowLoss {
  const all = parts.map(({ make, weight }) => ({
    own: make(target, counted, batch),
    weight,
  }));
  return {
    total: all[0]?.own.total ?? 0,
    rows: (output, from, to, gradient, factor) =>
      all.reduce(
        (sum, { own, weight }) =>
          sum + weight * own.rows(output, from, to, gradient, factor * weight),
        0,
      ),
  };
}

function finite(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(typeof value === "number", name, "a finite number", value);
}

/** The shape that a target must have: that of the output, or less its last axis. */
function shaped(
  target: Tensor,
  { batch, steps, size, lastOnly }: Counted,
  classes: boolean,
): Float32Array {
  const shape = [
    batch,
    ...(lastOnly ? [] : [steps]),
    ...(classes ? [] : [size]),
  ];
  if (equalShapes(target.shape, shape)) return target.data;
  throw new RangeError(
    message("target", shapeText(shape), shapeText(target.shape)),
  );
}

function some(total: number): number {
  if (total > 0) return total;
  throw new RangeError(
    message("batch", "at least one step that counts", "none"),
  );
}

const sum = (values: Float64Array): number => {
  let all = 0;
  for (const value of values) all += value;
  return all;
};

/** A loss of each number by itself: the mean over features of f(y - t, t). */
const elementwise =
  (
    f: (y: number, t: number) => number,
    slope: (y: number, t: number) => number,
  ): Make =>
  (target, counted) => {
    const wanted = shaped(target, counted, false);
    const { steps, size, weights } = counted;
    const total = some(sum(weights));
    return {
      total,
      rows(output, from, to, gradient, factor) {
        let loss = 0;
        for (let i = 0; i < (to - from) * steps; i++) {
          const share = (weights[from * steps + i] as number) / (total * size);
          if (!share) continue;
          for (let j = i * size; j < (i + 1) * size; j++) {
            const y = output[j] as number;
            const t = wanted[from * steps * size + j] as number;
            loss += share * f(y, t);
            gradient[j] =
              (gradient[j] as number) + factor * share * slope(y, t);
          }
        }
        return loss;
      },
    };
  };

function crossEntropy(
  given: Extract<NamedLoss, { name: "crossEntropy" }>,
  name: string,
): Make {
  const {
    ignore,
    smoothing = 0,
    classWeights,
  } = record(given, name, {
    name: 0,
    ignore: 0,
    smoothing: 0,
    classWeights: 0,
  }) as typeof given;
  const smooth = finite(smoothing, `${name}.smoothing`);
  if (smooth < 0 || smooth >= 1)
    throw wrong(
      true,
      `${name}.smoothing`,
      "a number from 0 to less than 1",
      smoothing,
    );
  return (target, counted) => {
    const ids = shaped(target, counted, true);
    const { steps, size, weights } = counted;
    if (classWeights && classWeights.length !== size)
      throw new RangeError(
        message(
          `${name}.classWeights`,
          `${size} numbers, one per class`,
          `${classWeights.length}`,
        ),
      );
    const of = (c: number) => classWeights?.[c] ?? 1;
    let total = 0;
    const own = weights.map((weight, i) => {
      const id = ids[i] as number;
      if (!weight || id === ignore) return 0;
      if (!Number.isInteger(id) || id < 0 || id >= size)
        throw new RangeError(
          message("target", `class numbers from 0 to ${size - 1}`, `${id}`),
        );
      total += weight * of(id);
      return weight;
    });
    some(total);
    const scratch = new Float64Array(size);
    return {
      total,
      rows(output, from, to, gradient, factor) {
        let loss = 0;
        for (let i = 0; i < (to - from) * steps; i++) {
          const share = (own[from * steps + i] as number) / total;
          if (!share) continue;
          const at = i * size;
          const id = ids[from * steps + i] as number;
          let most = Number.NEGATIVE_INFINITY;
          for (let c = 0; c < size; c++)
            most = Math.max(most, output[at + c] as number);
          let all = 0;
          for (let c = 0; c < size; c++)
            all += scratch[c] = exp((output[at + c] as number) - most);
          const norm = most + log(all);
          const plain = (1 - smooth) * of(id);
          let weight = plain;
          loss += share * plain * (norm - (output[at + id] as number));
          if (smooth)
            for (let c = 0; c < size; c++) {
              const part = (smooth / size) * of(c);
              weight += part;
              loss += share * part * (norm - (output[at + c] as number));
              gradient[at + c] =
                (gradient[at + c] as number) - factor * share * part;
            }
          for (let c = 0; c < size; c++)
            gradient[at + c] =
              (gradient[at + c] as number) +
              (factor * share * weight * (scratch[c] as number)) / all;
          gradient[at + id] =
            (gradient[at + id] as number) - factor * share * plain;
        }
        return loss;
      },
    };
  };
}

/** 1 / (1 + e^-z), without overflow. */
export function logistic(z: number): number {
  const e = exp(-Math.abs(z));
  return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

const softplus = (z: number): number =>
  Math.max(z, 0) + log1p(exp(-Math.abs(z)));

function binaryCrossEntropy(
  given: Extract<NamedLoss, { name: "binaryCrossEntropy" }>,
  name: string,
): Make {
  const { positiveWeight = 1 } = record(given, name, {
    name: 0,
    positiveWeight: 0,
  }) as typeof given;
  const positive = finite(positiveWeight, `${name}.positiveWeight`);
  // -p t log σ(z) - (1 - t) log(1 - σ(z))
  return elementwise(
    (z, t) => positive * t * softplus(-z) + (1 - t) * softplus(z),
    (z, t) => (1 - t) * logistic(z) - positive * t * logistic(-z),
  );
}

function huber(
  given: Extract<NamedLoss, { name: "huber" }>,
  name: string,
): Make {
  const { delta = 1 } = record(given, name, {
    name: 0,
    delta: 0,
  }) as typeof given;
  const d = finite(delta, `${name}.delta`);
  if (d <= 0) throw wrong(true, `${name}.delta`, "a number above 0", delta);
  return elementwise(
    (y, t) => {
      const e = Math.abs(y - t);
      return e < d ? (e * e) / 2 : d * (e - d / 2);
    },
    (y, t) => Math.max(-d, Math.min(d, y - t)),
  );
}

/**
 * The error-to-signal ratio of pre-emphasised signals (Wright et al. 2019), and of their means (CoreAudioML's loss):
 * P = 1 - a z⁻¹, the first sample of those that count as it is.
 */
function esr(given: Extract<NamedLoss, { name: "esr" }>, name: string): Make {
  const { preEmphasis = 0, dc = 0 } = record(given, name, {
    name: 0,
    preEmphasis: 0,
    dc: 0,
  }) as typeof given;
  const a = finite(preEmphasis, `${name}.preEmphasis`);
  const mean = finite(dc, `${name}.dc`);
  return (target, counted) => {
    const wanted = shaped(target, counted, false);
    const { batch, steps, size, weights } = counted;
    const total = some(sum(weights));
    /** s after P at step i of all, feature j; `at`: where s begins. */
    const emphasised = (s: (index: number) => number, i: number, j: number) => {
      const before =
        i % steps && weights[i - 1] ? a * s((i - 1) * size + j) : 0;
      return s(i * size + j) - before;
    };
    let energy = 1e-5 * total * size;
    let square = 1e-5 * total * size;
    for (let i = 0; i < batch * steps; i++) {
      const weight = weights[i] as number;
      if (!weight) continue;
      for (let j = 0; j < size; j++) {
        energy += weight * emphasised((k) => wanted[k] as number, i, j) ** 2;
        square += weight * (wanted[i * size + j] as number) ** 2;
      }
    }
    let counting = 0; // rows with a step that counts
    const perRow = Float64Array.from({ length: batch }, (_, row) => {
      const own = sum(weights.subarray(row * steps, (row + 1) * steps));
      if (own) counting++;
      return own;
    });
    const offset = (mean * total * size) / (counting * size * square);
    return {
      total,
      rows(output, from, to, gradient, factor) {
        let loss = 0;
        const first = from * steps * size;
        const error = (k: number) =>
          (wanted[k] as number) - (output[k - first] as number);
        for (let i = from * steps; i < to * steps; i++) {
          const weight = weights[i] as number;
          if (!weight) continue;
          for (let j = 0; j < size; j++) {
            const e = emphasised(error, i, j);
            loss += (weight * e * e) / energy;
            const slope = (factor * 2 * weight * e) / energy;
            const at = i * size + j - first;
            gradient[at] = (gradient[at] as number) - slope;
            if (a && i % steps && weights[i - 1])
              gradient[at - size] = (gradient[at - size] as number) + a * slope;
          }
        }
        if (!mean) return loss;
        for (let row = from; row < to; row++) {
          const all = perRow[row] as number;
          if (!all) continue;
          for (let j = 0; j < size; j++) {
            let off = 0;
            for (let i = row * steps; i < (row + 1) * steps; i++)
              if (weights[i])
                off += (weights[i] as number) * error(i * size + j);
            off /= all;
            loss += offset * off * off;
            for (let i = row * steps; i < (row + 1) * steps; i++) {
              const at = i * size + j - first;
              const share = (weights[i] as number) / all;
              gradient[at] =
                (gradient[at] as number) - factor * 2 * offset * off * share;
            }
          }
        }
        return loss;
      },
    };
  };
}

/** Connectionist temporal classification (Graves et al. 2006): -log p of each row by its target's length, the rows' mean. */
function ctc(given: Extract<NamedLoss, { name: "ctc" }>, name: string): Make {
  const { blank = 0 } = record(given, name, {
    name: 0,
    blank: 0,
  }) as typeof given;
  return (
    target,
    { batch, steps, size, weights, ends, lastOnly },
    { targetLengths },
  ) => {
    const { shape, data } = target;
    if (lastOnly)
      throw new RangeError(
        message(
          "loss",
          "ctc for a model that gives every step",
          "the last step alone",
        ),
      );
    if (shape.length !== 2 || shape[0] !== batch)
      throw new RangeError(
        message("target", `[${batch}, S]`, shapeText(shape)),
      );
    if (!Number.isInteger(blank) || blank < 0 || blank >= size)
      throw wrong(
        true,
        `${name}.blank`,
        `a class number from 0 to ${size - 1}`,
        blank,
      );
    const longest = shape[1] as number;
    const labels = Array.from({ length: batch }, (_, row) => {
      const length = targetLengths?.[row] ?? longest;
      if (!Number.isInteger(length) || length < 0 || length > longest)
        throw wrong(
          true,
          `targetLengths[${row}]`,
          `an integer from 0 to ${longest}`,
          length,
        );
      const own = data.subarray(row * longest, row * longest + length);
      for (const id of own)
        if (!Number.isInteger(id) || id < 0 || id >= size || id === blank)
          throw new RangeError(
            message(
              "target",
              `class numbers from 0 to ${size - 1} but for the blank`,
              `${id}`,
            ),
          );
      return own;
    });
    // a row's weight is that of its first step
    const rowWeights = Float64Array.from(
      { length: batch },
      (_, row) => weights[row * steps] as number,
    );
    const total = some(sum(rowWeights));
    return {
      total,
      rows(output, from, to, gradient, factor) {
        let loss = 0;
        for (let row = from; row < to; row++) {
          const own = labels[row] as Float32Array;
          const share =
            (rowWeights[row] as number) / (total * Math.max(1, own.length));
          if (!share) continue;
          const at = (row - from) * steps * size;
          const end = at + (ends[row] as number) * size;
          loss +=
            share *
            ctcRow(
              output.subarray(at, end),
              size,
              own,
              blank,
              gradient.subarray(at, end),
              factor * share,
            );
        }
        return loss;
      },
    };
  };
}

const plain =
  (make: Make) =>
  (given: { name: LossName }, name: string): Make => {
    record(given, name, { name: 0 });
    return make;
  };

const MAKERS: Record<LossName, (given: never, name: string) => Make> = {
  mse: plain(
    elementwise(
      (y, t) => (y - t) ** 2,
      (y, t) => 2 * (y - t),
    ),
  ),
  mae: plain(
    elementwise(
      (y, t) => Math.abs(y - t),
      (y, t) => Math.sign(y - t),
    ),
  ),
  huber,
  crossEntropy,
  binaryCrossEntropy,
  esr,
  ctc,
};

/** What an own loss gives, checked. */
export function callOwn(
  loss: OwnLoss,
  output: Tensor,
  batch: Batch,
): { loss: number; gradient: Float32Array } {
  const result = record(loss(output, batch), "loss(…)");
  const value = result["loss"];
  if (typeof value !== "number")
    throw wrong(false, "loss(…).loss", "a number", value);
  const gradient = asTensor(result["gradient"] as Tensor, "loss(…).gradient");
  if (!equalShapes(gradient.shape, output.shape))
    throw new RangeError(
      message(
        "loss(…).gradient",
        shapeText(output.shape),
        shapeText(gradient.shape),
      ),
    );
  return { loss: value, gradient: gradient.data };
}
