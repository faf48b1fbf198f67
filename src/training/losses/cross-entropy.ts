import { isList, message, record, wrong } from "../../checks.js";
import { exp, log } from "../../kernel/backward.js";
import { finite, type Make, shaped, some, type NamedLoss } from "./loss.js";

export function crossEntropy(
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
  if (ignore !== undefined) checkIgnore(ignore, `${name}.ignore`);
  if (classWeights !== undefined)
    checkClassWeights(classWeights, `${name}.classWeights`);
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

/** Targets are whole numbers: any other would never be met, and nothing ignored. */
function checkIgnore(value: unknown, name: string): void {
  if (Number.isSafeInteger(value)) return;
  throw wrong(typeof value === "number", name, "an integer", value);
}

/** How many there must be, the first batch says. */
function checkClassWeights(value: unknown, name: string): void {
  if (!isList(value)) throw wrong(false, name, "an array of numbers", value);
  Array.from(value, (weight, c) => {
    if (finite(weight, `${name}[${c}]`) < 0)
      throw wrong(true, `${name}[${c}]`, "a number of at least 0", weight);
  });
}
