import { record } from "../../checks.js";
import {
  finite,
  type Make,
  shaped,
  some,
  sum,
  type NamedLoss,
} from "./loss.js";

/**
 * The error-to-signal ratio of pre-emphasised signals (Wright et al. 2019), and of their means (CoreAudioML's loss):
 * P = 1 - a z⁻¹, the first sample of those that count as it is.
 */
export function esr(
  given: Extract<NamedLoss, { name: "esr" }>,
  name: string,
): Make {
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
