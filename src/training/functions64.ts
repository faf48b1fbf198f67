/* The functions of cells in float64, by the numbers and constants that the kernel has (src/kernel/activations.ts). */

/** A function's number and its two constants. */
export interface Code {
  readonly number: number;
  readonly a: number;
  readonly b: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number =>
  Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Neural Amp Modeler's tanh. */
function namTanh(x: number): number {
  const size = Math.abs(x);
  const square = x * x;
  const above =
    x *
    (2.45550750702956 * (1 + size) +
      (0.893229853513558 + 0.821226666969744 * size) * square);
  const below =
    2.44506634652299 +
    (2.44506634652299 + square) * Math.abs(x + 0.814642734961073 * x * size);
  return above / below;
}

function rnnoiseTanh(x: number): number {
  const v = x * x;
  const above = 952.52801514 + v * (96.39235687 + v * 0.60863042);
  const below = 952.72399902 + v * (413.36801147 + v * 11.88600922);
  return Math.max(-1, Math.min(1, (x * above) / below));
}

const FUNCTIONS: Readonly<
  Record<number, (x: number, a: number, b: number) => number>
> = {
  0: (x) => x,
  1: (x, a, b) => a * Math.tanh(b * x),
  2: sigmoid,
  3: (x) => Math.max(x, 0),
  4: (x, a) => (x < 0 ? a * x : x),
  5: (x, a) => (x <= a ? 0 : x),
  6: (x, a, b) => (x > 0 ? b * x : a * Math.expm1(x)),
  7: softplus,
  8: (x) => x / (1 + Math.abs(x)),
  9: (x, a, b) => Math.max(0, Math.min(1, a * x + b)),
  10: (x, a, b) => a * x + b,
  11: Math.exp,
  12: (x) => x * sigmoid(x),
  13: (x, a) => a * namTanh(a * x) + 1 - a,
  14: (x, a) => a * rnnoiseTanh(a * x) + 1 - a,
};

export function apply({ number, a, b }: Code, x: number): number {
  const f = FUNCTIONS[number];
  if (!f)
    throw new Error(
      `functions: expected a number that is known, got ${number}`,
    );
  return f(x, a, b);
}
