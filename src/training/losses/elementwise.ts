import { record, wrong } from "../../checks.js";
import { exp, log1p } from "../../kernel/backward.js";
import {
  finite,
  type Make,
  shaped,
  some,
  sum,
  type NamedLoss,
} from "./loss.js";

/** A loss of each number by itself: the mean over features of f(y - t, t). */
export const elementwise =
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
        const start = from * steps * size;
        let loss = 0;
        for (let i = 0; i < (to - from) * steps; i++) {
          const share = (weights[from * steps + i] as number) / (total * size);
          if (!share) continue;
          const scale = factor * share;
          let own = 0;
          for (let j = i * size; j < (i + 1) * size; j++) {
            const y = output[j] as number;
            const t = wanted[start + j] as number;
            own += f(y, t);
            gradient[j] = (gradient[j] as number) + scale * slope(y, t);
          }
          loss += share * own;
        }
        return loss;
      },
    };
  };

export const mse = elementwise(
  (y, t) => (y - t) ** 2,
  (y, t) => 2 * (y - t),
);

export const mae = elementwise(
  (y, t) => Math.abs(y - t),
  (y, t) => Math.sign(y - t),
);

export function huber(
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

/** 1 / (1 + e^-z), without overflow. */
export function logistic(z: number): number {
  const e = exp(-Math.abs(z));
  return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

const softplus = (z: number): number =>
  Math.max(z, 0) + log1p(exp(-Math.abs(z)));

export function binaryCrossEntropy(
  given: Extract<NamedLoss, { name: "binaryCrossEntropy" }>,
  name: string,
): Make {
  const { positiveWeight = 1 } = record(given, name, {
    name: 0,
    positiveWeight: 0,
  }) as typeof given;
  const positive = finite(positiveWeight, `${name}.positiveWeight`);
  if (positive < 0)
    throw wrong(
      true,
      `${name}.positiveWeight`,
      "a number of at least 0",
      positiveWeight,
    );
  // -p t log σ(z) - (1 - t) log(1 - σ(z))
  return elementwise(
    (z, t) => positive * t * softplus(-z) + (1 - t) * softplus(z),
    (z, t) => (1 - t) * logistic(z) - positive * t * logistic(-z),
  );
}
