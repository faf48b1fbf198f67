import { codeOf, type OperationSpec } from "../kernel/backward.js";
import { apply, type Code } from "./functions64.js";

/*
 * Models in float64, row by row and step by step in plain loops: apart from the kernels, and from what moves rows for
 * them, so that gradients can be held against differences of it.
 */

type Recurrent = Extract<OperationSpec, { type: "recurrent" }>;
type CellSpec = Recurrent["cells"][number];
export type Weights = Readonly<Record<string, Float64Array>>;

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
        const { prefix, activation } = spec;
        const w = weights[`${prefix}weight`] as Float64Array;
        const b = weights[`${prefix}bias`] ?? null;
        row.steps = row.steps.map((x) => {
          const z = affine(w, x, b);
          if (logits && last) return z;
          return activation === "softmax"
            ? softmax(z)
            : z.map((sum) => apply(codeOf(activation), sum));
        });
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

function affine(
  w: Float64Array,
  x: Float64Array,
  b: Float64Array | null,
): Float64Array {
  const rows = w.length / x.length;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = b?.[row] ?? 0;
    for (let j = 0; j < x.length; j++)
      sum += (w[row * x.length + j] as number) * (x[j] as number);
    return sum;
  });
}

function softmax(z: Float64Array): Float64Array {
  const most = Math.max(...z);
  const e = z.map((sum) => Math.exp(sum - most));
  const all = e.reduce((a, b) => a + b);
  return e.map((value) => value / all);
}

function recurrent(
  spec: Recurrent,
  weights: Weights,
  { steps, mask }: Row,
): Row {
  const { cells, maskRule, turned, lastOnly, merge, stacked } = spec;
  const end = steps.length;
  const each = cells.map((cell) => {
    const zeros = new Float64Array(cell.outputSize);
    const outputs: Float64Array[] = Array.from({ length: end }, () => zeros);
    const start = startOf(cell, weights);
    let { h, c } = start;
    let before = maskRule === "state" ? h : zeros;
    let last = before;
    for (let s = 0; s < end; s++) {
      const t = cell.reverse ? end - 1 - s : s;
      const to = turned ? end - 1 - t : t;
      if (mask[t]) {
        ({ h, c } = step(cell, weights, steps[t] as Float64Array, h, c));
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
    mask: turned && stacked ? [...mask].reverse() : mask,
  };
}

function startOf(
  { prefix, suffix, outputSize, hiddenSize }: CellSpec,
  weights: Weights,
) {
  return {
    h: weights[`${prefix}hidden0${suffix}`] ?? new Float64Array(outputSize),
    c: weights[`${prefix}cell0${suffix}`] ?? new Float64Array(hiddenSize),
  };
}

function step(
  cell: CellSpec,
  weights: Weights,
  x: Float64Array,
  h: Float64Array,
  c: Float64Array,
) {
  const { kind, hiddenSize: H, clip, prefix, suffix } = cell;
  const of = (name: string) => weights[`${prefix}${name}${suffix}`] ?? null;
  const codes = cell.activations.map(codeOf) as [Code, Code, Code];
  const f = (slot: 0 | 1, sum: number) =>
    apply(codes[slot], Math.max(-clip, Math.min(clip, sum)));
  const wx = affine(of("weight_ih") as Float64Array, x, of("bias_ih"));
  const u = of("weight_hh") as Float64Array;
  const bias = of("bias_hh");
  const gate = (values: Float64Array, index: number) =>
    values.subarray(index * H, (index + 1) * H);
  const sum = (a: Float64Array, b: Float64Array) =>
    a.map((value, i) => value + (b[i] as number));
  if (kind === "rnn")
    return { h: sum(wx, affine(u, h, bias)).map((a) => f(0, a)), c };
  if (kind === "lstm") {
    const a = sum(wx, affine(u, h, bias));
    const p = of("weight_peephole");
    const peep = (index: number, unit: number, state: number) =>
      p ? (p[index * H + unit] as number) * state : 0;
    const m = new Float64Array(H);
    const state = c.map((old, k) => {
      const at = (index: number) => a[index * H + k] as number;
      const i = f(0, at(0) + peep(0, k, old));
      const forget = cell.coupled ? 1 - i : f(0, at(1) + peep(1, k, old));
      const now = forget * old + i * f(1, at(2));
      m[k] = f(0, at(3) + peep(2, k, now)) * apply(codes[2], now);
      return now;
    });
    const hr = of("weight_hr");
    return { h: hr ? affine(hr, m, null) : m, c: state };
  }
  const size = h.length;
  const part = (from: number, to: number, by: Float64Array) =>
    affine(
      u.subarray(from * H * size, to * H * size),
      by,
      bias?.subarray(from * H, to * H) ?? null,
    );
  const rz = sum(wx.subarray(0, 2 * H), part(0, 2, h)).map((a) => f(0, a));
  const r = gate(rz, 0);
  const inner = cell.resetBefore
    ? part(
        2,
        3,
        h.map((value, i) => value * (r[i] as number)),
      )
    : part(2, 3, h).map((value, i) => value * (r[i] as number));
  const n = sum(gate(wx, 2), inner).map((a) => f(1, a));
  return {
    h: h.map((old, i) => {
      const z = rz[H + i] as number;
      const w = cell.replace ? 1 - z : z;
      return w * old + (1 - w) * (n[i] as number);
    }),
    c,
  };
}
