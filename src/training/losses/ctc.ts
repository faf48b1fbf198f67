import {
  message,
  nonNegativeInteger,
  record,
  shapeText,
  wrong,
} from "../../checks.js";
import { ctcRow } from "./ctc-row.js";
import { type Make, some, sum, type NamedLoss } from "./loss.js";

/** Connectionist temporal classification (Graves et al. 2006): -log p of each row by its target's length, the rows' mean. */
export function ctc(
  given: Extract<NamedLoss, { name: "ctc" }>,
  name: string,
): Make {
  const { blank = 0 } = record(given, name, {
    name: 0,
    blank: 0,
  }) as typeof given;
  nonNegativeInteger(blank, `${name}.blank`);
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
    if (blank >= size)
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
