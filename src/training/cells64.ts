import { type CellSpec, codeOf } from "../kernel/backward.js";
import { apply, type Code } from "./functions64.js";

/* A step of RNN, LSTM and GRU in float64, by the equations as they are written. */

export type Weights = Readonly<Record<string, Float64Array>>;

type Step = (
  x: Float64Array,
  h: Float64Array,
  c: Float64Array,
) => { h: Float64Array; c: Float64Array };

/** A cell as its equations name it. */
interface Equations {
  readonly spec: CellSpec;
  /** A parameter without layer and direction; null: the cell has none. */
  of(name: string): Float64Array | null;
  /** The functions of gates and candidate, behind the clip; the cell's, without. */
  f(sum: number): number;
  g(sum: number): number;
  h(value: number): number;
}

/** W x + b. */
export function affine(
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

const sum = (a: Float64Array, b: Float64Array) =>
  a.map((value, i) => value + (b[i] as number));

/** W x + b_ih, and U h + b_hh for the gates `from` to `to`. */
function sums({ spec, of }: Equations) {
  const { hiddenSize: H } = spec;
  const w = of("weight_ih") as Float64Array;
  const u = of("weight_hh") as Float64Array;
  const bias = of("bias_hh");
  return {
    input: (x: Float64Array) => affine(w, x, of("bias_ih")),
    hidden: (h: Float64Array, from: number, to: number) =>
      affine(
        u.subarray(from * H * h.length, to * H * h.length),
        h,
        bias?.subarray(from * H, to * H) ?? null,
      ),
  };
}

const STEPS: Readonly<
  Record<CellSpec["kind"], (equations: Equations) => Step>
> = {
  RNN(equations) {
    const { input, hidden } = sums(equations);
    return (x, h, c) => ({
      h: sum(input(x), hidden(h, 0, 1)).map(equations.f),
      c,
    });
  },
  LSTM(equations) {
    const { spec, of, f, g } = equations;
    const { hiddenSize: H, coupled } = spec;
    const { input, hidden } = sums(equations);
    const p = of("weight_peephole");
    const hr = of("weight_hr");
    const peep = (index: number, unit: number, state: number) =>
      p ? (p[index * H + unit] as number) * state : 0;
    return (x, h, c) => {
      const a = sum(input(x), hidden(h, 0, 4));
      const m = new Float64Array(H);
      const state = c.map((old, k) => {
        const at = (index: number) => a[index * H + k] as number;
        const i = f(at(0) + peep(0, k, old));
        const forget = coupled ? 1 - i : f(at(1) + peep(1, k, old));
        const now = forget * old + i * g(at(2));
        m[k] = f(at(3) + peep(2, k, now)) * equations.h(now);
        return now;
      });
      return { h: hr ? affine(hr, m, null) : m, c: state };
    };
  },
  GRU(equations) {
    const { spec, f, g } = equations;
    const { hiddenSize: H, resetBefore, replace } = spec;
    const { input, hidden } = sums(equations);
    return (x, h, c) => {
      const wx = input(x);
      const rz = sum(wx.subarray(0, 2 * H), hidden(h, 0, 2)).map(f);
      const reset = (values: Float64Array) =>
        values.map((value, i) => value * (rz[i] as number));
      const inner = resetBefore
        ? hidden(reset(h), 2, 3)
        : reset(hidden(h, 2, 3));
      const n = sum(wx.subarray(2 * H), inner).map(g);
      return {
        h: h.map((old, i) => {
          const z = rz[H + i] as number;
          const w = replace ? 1 - z : z;
          return w * old + (1 - w) * (n[i] as number);
        }),
        c,
      };
    };
  },
};

export function stepOf(spec: CellSpec, of: Equations["of"]): Step {
  const { clip } = spec;
  const codes = spec.activations.map(codeOf) as [Code, Code, Code];
  const held = (value: number) => Math.max(-clip, Math.min(clip, value));
  return STEPS[spec.kind]({
    spec,
    of,
    f: (value) => apply(codes[0], held(value)),
    g: (value) => apply(codes[1], held(value)),
    h: (value) => apply(codes[2], value),
  });
}
