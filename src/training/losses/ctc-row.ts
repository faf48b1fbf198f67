import { exp, log } from "../../kernel/backward.js";

const NEVER = Number.NEGATIVE_INFINITY;

/** log(e^a + e^b). */
function logAdd(a: number, b: number): number {
  if (a === NEVER) return b;
  if (b === NEVER) return a;
  const most = Math.max(a, b);
  return most + log(1 + exp(Math.min(a, b) - most));
}

/**
 * -log p(labels | logits) of one row, logits (T, C); adds `factor` times its derivative to `gradient`. Forward and
 * backward over the labels with blanks between (Graves et al. 2006, equations 6 to 16), in logarithms. ∞, without a
 * gradient, where there are too few steps for the labels.
 */
export function ctcRow(
  logits: Float32Array | Float64Array,
  classes: number,
  labels: ArrayLike<number>,
  blank: number,
  gradient: Float64Array,
  factor: number,
): number {
  const steps = logits.length / classes;
  const states = 2 * labels.length + 1;
  const symbol = (s: number) => (s % 2 ? (labels[s >> 1] as number) : blank);
  const skips = (s: number) =>
    s > 1 && s % 2 === 1 && symbol(s) !== symbol(s - 2);
  const logp = new Float64Array(steps * classes);
  for (let t = 0; t < steps; t++) {
    let most = NEVER;
    let all = 0;
    for (let c = 0; c < classes; c++)
      most = Math.max(most, logits[t * classes + c] as number);
    for (let c = 0; c < classes; c++)
      all += exp((logits[t * classes + c] as number) - most);
    const norm = most + log(all);
    for (let c = 0; c < classes; c++)
      logp[t * classes + c] = (logits[t * classes + c] as number) - norm;
  }
  const p = (t: number, s: number) => logp[t * classes + symbol(s)] as number;
  const alpha = new Float64Array(steps * states).fill(NEVER);
  const beta = new Float64Array(steps * states).fill(NEVER);
  const a = (t: number, s: number) =>
    s < 0 ? NEVER : (alpha[t * states + s] as number);
  const b = (t: number, s: number) =>
    s >= states ? NEVER : (beta[t * states + s] as number);
  for (let t = 0; t < steps; t++)
    for (let s = 0; s < states; s++) {
      let before = t ? logAdd(a(t - 1, s), a(t - 1, s - 1)) : s < 2 ? 0 : NEVER;
      if (t && skips(s)) before = logAdd(before, a(t - 1, s - 2));
      alpha[t * states + s] = before + p(t, s);
    }
  // without the step's own probability
  for (let t = steps - 1; t >= 0; t--)
    for (let s = states - 1; s >= 0; s--) {
      if (t === steps - 1) {
        beta[t * states + s] = s >= states - 2 ? 0 : NEVER;
        continue;
      }
      const next = (to: number) =>
        to < states ? b(t + 1, to) + p(t + 1, to) : NEVER;
      let after = logAdd(next(s), next(s + 1));
      if (s + 2 < states && skips(s + 2)) after = logAdd(after, next(s + 2));
      beta[t * states + s] = after;
    }
  const last = steps - 1;
  const likelihood = logAdd(a(last, states - 1), a(last, states - 2));
  if (likelihood === NEVER) return Number.POSITIVE_INFINITY;
  for (let t = 0; t < steps; t++) {
    for (let c = 0; c < classes; c++) {
      const at = t * classes + c;
      gradient[at] =
        (gradient[at] as number) + factor * exp(logp[at] as number);
    }
    for (let s = 0; s < states; s++) {
      const at = t * classes + symbol(s);
      const through = exp(a(t, s) + b(t, s) - likelihood);
      gradient[at] = (gradient[at] as number) - factor * through;
    }
  }
  return -likelihood;
}
