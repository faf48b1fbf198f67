import {
  equalShapes,
  message,
  oneOf,
  record,
  shapeText,
  wrong,
} from "../../checks.js";
import { asTensor, type Tensor } from "../../tensor.js";
import type { Batch, Counted } from "../batch.js";
import { crossEntropy } from "./cross-entropy.js";
import { ctc } from "./ctc.js";
import { binaryCrossEntropy, huber, mae, mse } from "./elementwise.js";
import { esr } from "./esr.js";
import {
  finite,
  type LossName,
  type Make,
  type OwnLoss,
  type RowLoss,
} from "./loss.js";

export { logistic } from "./elementwise.js";
export type { Loss, LossName, NamedLoss, OwnLoss, RowLoss } from "./loss.js";

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
  if (Array.isArray(loss)) {
    if (!loss.length) throw wrong(true, name, "at least one loss", loss);
    return loss.flatMap((part: unknown, i) => {
      const place = `${name}[${i}]`;
      const given = record(part, place, { loss: 0, weight: 0 });
      const own = finite(given["weight"] ?? 1, `${place}.weight`);
      const parts = partsOf(given["loss"], `${place}.loss`, weight * own);
      if (parts) return parts;
      throw wrong(false, `${place}.loss`, "a loss by its name", given["loss"]);
    });
  }
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

const plain =
  (make: Make) =>
  (given: { name: LossName }, name: string): Make => {
    record(given, name, { name: 0 });
    return make;
  };

const MAKERS: Record<LossName, (given: never, name: string) => Make> = {
  mse: plain(mse),
  mae: plain(mae),
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
