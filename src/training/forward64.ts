import { codeOf, type OperationSpec } from "../kernel/backward.js";
import { affine, stepOf, type Weights } from "./cells64.js";

import { apply } from "./functions64.js";

/*
 * Models in float64, row by row and step by step in plain loops: apart from the kernels, and from what moves rows for
 * them, so that gradients can be held against differences of it.
 */

type Recurrent = Extract<OperationSpec, { type: "recurrent" }>;

/** One row: its steps, and which of them are masked. */
interface Row {
  steps: Float64Array[];
  mask: boolean[];
}

export interface Forward64 {
  readonly specs: readonly OperationSpec[];
  readonly weights: Weights;
  readonly skip: number;
  /** Whether a last softmax or sigmoid is left out. */
  readonly logits: boolean;
}

/**
 * @param input (T, I), or tokens (T): the steps up to the row's end
 * @returns its outputs, a step each; one where the last step alone comes out
 */
export function forward64(
  { specs, weights, skip, logits }: Forward64,
  input: readonly ArrayLike<number>[],
  masked: readonly boolean[],
): Float64Array[] {
  let row: Row = {
    steps: input.map((step) => Float64Array.from(step)),
    mask: [...masked],
  };
  const first = row.steps;
  specs.forEach((spec, index) => {
    const last = index === specs.length - 1;
    switch (spec.type) {
      case "recurrent":
        row = recurrent(spec, weights, row);
        break;
      case "linear": {
        const { prefix } = spec;
        const w = weights[`${prefix}weight`] as Float64Array;
        const b = weights[`${prefix}bias`] ?? null;
        row.steps = row.steps.map((x) => affine(w, x, b));
        break;
      }
      case "activation": {
        const { activation } = spec;
        const yields = activation === "softmax" || activation === "sigmoid";
        if (logits && last && yields) break;
        row.steps = row.steps.map((x) =>
          activation === "softmax"
            ? softmax(x)
            : x.map((each) => apply(codeOf(activation), each)),
        );
        break;
      }
      case "conv1d":
        row = conv1d(spec, weights, row);
        break;
      case "lastStep": {
        const at = row.mask.lastIndexOf(true);
        const y = row.steps[at] ?? new Float64Array(spec.size);
        row = {
          steps: Array.from({ length: spec.repeat }, () => y.slice()),
          mask: Array.from({ length: spec.repeat }, () => true),
        };
        break;
      }
      case "layerNorm": {
        const w = weights[`${spec.prefix}weight`] as Float64Array;
        const b = weights[`${spec.prefix}bias`];
        row.steps = row.steps.map((x) => {
          const mean = x.reduce((sum, each) => sum + each) / x.length;
          const d = x.map((each) => each - mean);
          const variance =
            d.reduce((sum, each) => sum + each * each, 0) / x.length;
          const root = Math.sqrt(variance + spec.epsilon);
          return d.map(
            (each, i) => (each / root) * (w[i] as number) + (b?.[i] ?? 0),
          );
        });
        break;
      }
      case "batchNorm": {
        const of = (name: string, i: number) =>
          weights[`${spec.prefix}${name}`]?.[i] as number;
        row.steps = row.steps.map((x) =>
          x.map((each, i) => {
            const root = Math.sqrt(of("running_var", i) + spec.epsilon);
            const normal = (each - of("running_mean", i)) / root;
            return normal * of("weight", i) + of("bias", i);
          }),
        );
        break;
      }
      case "embedding": {
        const { size, maskZero, prefix } = spec;
        const table = weights[`${prefix}weight`] as Float64Array;
        row.mask = row.mask.map(
          (own, t) => own && !(maskZero && row.steps[t]?.[0] === 0),
        );
        row.steps = row.steps.map((token) => {
          const id = token[0] as number;
          return table.slice(id * size, (id + 1) * size);
        });
        break;
      }
      case "masking": {
        const value = Math.fround(spec.maskValue);
        const kept = row.steps.map((x) => x.some((number) => number !== value));
        row.steps = row.steps.map((x, t) => (kept[t] ? x : x.map(() => 0)));
        row.mask = row.mask.map((own, t) => own && (kept[t] as boolean));
        break;
      }
      case "dropout":
        break;
    }
  });
  if (skip)
    row.steps.forEach((y, t) => {
      for (let i = 0; row.mask[t] && i < skip; i++)
        y[i] = (y[i] as number) + (first[t]?.[i] as number);
    });
  return row.steps;
}

function softmax(z: Float64Array): Float64Array {
  const most = Math.max(...z);
  const e = z.map((sum) => Math.exp(sum - most));
  const all = e.reduce((a, b) => a + b);
  return e.map((value) => value / all);
}

function conv1d(
  spec: Extract<OperationSpec, { type: "conv1d" }>,
  weights: Weights,
  { steps, mask }: Row,
): Row {
  const { inputSize, outputSize, kernelSize: K, groups, window } = spec;
  const w = weights[`${spec.prefix}weight`] as Float64Array;
  const b = weights[`${spec.prefix}bias`];
  const before = window
    ? window.same
      ? Math.max(
          0,
          ((spec.stepsOut(steps.length) - 1) * spec.stride +
            window.span -
            steps.length) >>
            1,
        )
      : window.before
    : (K - 1) * spec.dilation;
  const inputs = inputSize / groups;
  const count = spec.stepsOut(steps.length);
  const out = Array.from({ length: count }, (_, t) =>
    Float64Array.from({ length: outputSize }, (__, o) => {
      const first = Math.floor(o / (outputSize / groups)) * inputs;
      let sum = b?.[o] ?? 0;
      for (let k = 0; k < K; k++) {
        const x = steps[t * spec.stride + k * spec.dilation - before];
        for (let i = 0; x && i < inputs; i++)
          sum +=
            (w[(o * inputs + i) * K + k] as number) * (x[first + i] as number);
      }
      return sum;
    }),
  );
  return {
    steps: out,
    mask: count === mask.length ? mask : out.map(() => true),
  };
}

function recurrent(
  spec: Recurrent,
  weights: Weights,
  { steps, mask }: Row,
): Row {
  const { cells, maskRule, asProcessed, lastOnly, merge, stacked } = spec;
  const end = steps.length;
  const each = cells.map((cell) => {
    const zeros = new Float64Array(cell.outputSize);
    const outputs: Float64Array[] = Array.from({ length: end }, () => zeros);
    const of = (name: string) =>
      weights[`${cell.prefix}${name}${cell.suffix}`] ?? null;
    const step = stepOf(cell, of);
    let h = of("hidden0") ?? zeros;
    let c = of("cell0") ?? new Float64Array(cell.hiddenSize);
    let before = maskRule === "state" ? h : zeros;
    let last = before;
    for (let s = 0; s < end; s++) {
      const t = cell.reverse ? end - 1 - s : s;
      const to = asProcessed ? end - 1 - t : t;
      if (mask[t]) {
        ({ h, c } = step(steps[t] as Float64Array, h, c));
        last = h;
        if (maskRule !== "zero") before = h;
        outputs[to] = h;
      } else outputs[to] = before;
    }
    return { outputs, last };
  });
  const [a, b] = each as [
    (typeof each)[number],
    (typeof each)[number] | undefined,
  ];
  const join = (x: Float64Array, y: Float64Array | undefined): Float64Array => {
    if (!y) return x.slice();
    if (merge === "concat") return Float64Array.of(...x, ...y);
    return x.map((value, i) => {
      const other = y[i] as number;
      return merge === "mul"
        ? value * other
        : merge === "sum"
          ? value + other
          : (value + other) / 2;
    });
  };
  if (lastOnly) return { steps: [join(a.last, b?.last)], mask: [true] };
  return {
    steps: a.outputs.map((own, t) => join(own, b?.outputs[t])),
    mask: asProcessed && stacked ? [...mask].reverse() : mask,
  };
}
