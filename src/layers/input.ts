import { message, shapeText, wrong } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";

/** A checked input: its data, B and T; `batched` is false if it had no B. */
export interface Sequences {
  readonly data: Float32Array;
  readonly batch: number;
  readonly steps: number;
  readonly batched: boolean;
}

/** [B, T, size] or [T, size]. */
export function sequences(
  input: TensorLike,
  size: number,
  name = "input",
): Sequences {
  const value = asTensor(input, name);
  const { shape } = value;
  const rank = shape.length;
  if ((rank !== 2 && rank !== 3) || shape.at(-1) !== size) {
    throw wrongShape(value, name, `, ${size}`);
  }
  return counted(value, name, rank === 3, `, ${size}`);
}

/** Token ids, [B, T] or [T]; the ids themselves are not checked. */
export function tokenSequences(input: TensorLike): Sequences {
  const value = asTensor(input, "input");
  const { shape } = value;
  if (shape.length !== 1 && shape.length !== 2)
    throw wrongShape(value, "input", "");
  return counted(value, "input", shape.length === 2, "");
}

export function checkToken(
  token: unknown,
  vocabSize: number,
  name: string,
): number {
  if (
    Number.isInteger(token) &&
    (token as number) >= 0 &&
    (token as number) < vocabSize
  )
    return token as number;
  throw wrong(
    typeof token === "number",
    name,
    `token ids from 0 to ${vocabSize - 1}`,
    token,
  );
}

const axes = (rest: string) => `[B, T${rest}] or [T${rest}]`;

function wrongShape({ shape }: Tensor, name: string, rest: string): RangeError {
  return new RangeError(message(name, axes(rest), shapeText(shape)));
}

function counted(
  { shape, data }: Tensor,
  name: string,
  batched: boolean,
  rest: string,
): Sequences {
  const [batch, steps] = (batched ? shape : [1, ...shape]) as [number, number];
  if (batch && steps) return { data, batch, steps, batched };
  const missing = batch ? "time step" : "sequence";
  const expected = `${axes(rest)} with at least one ${missing}`;
  throw new RangeError(message(name, expected, shapeText(shape)));
}

/** @throws RangeError if T, or a row's length, is too short for layers that return fewer steps than they are given */
export function checkSteps(
  layers: readonly { stepsOut(steps: number): number }[],
  steps: number,
  lengths: readonly number[] | null,
): void {
  const fits = (all: number) =>
    layers.reduce(
      (left, layer) => (left > 0 ? layer.stepsOut(left) : left),
      all,
    ) > 0;
  const check = (all: number, name: string) => {
    if (fits(all)) return;
    const enough = leastThat(fits, all);
    const expected = `at least ${enough} time steps for these layers`;
    throw new RangeError(message(name, expected, `${all}`));
  };
  check(steps, "input");
  lengths?.forEach((length, row) => check(length, `lengths[${row}]`));
}

/** The least number above `tooFew` that fits, by bisection: a dilation may be so large that counting takes hours. */
function leastThat(fits: (steps: number) => boolean, tooFew: number): number {
  let low = tooFew;
  let high = 2 * tooFew;
  while (!fits(high)) high *= 2;
  for (;;) {
    const middle = Math.floor((low + high) / 2);
    if (middle <= low || middle >= high) return high;
    if (fits(middle)) high = middle;
    else low = middle;
  }
}

/** B lengths from 1 to T, or null if none are given. */
export function checkLengths(
  lengths: unknown,
  { batch, steps, batched }: Sequences,
): readonly number[] | null {
  if (lengths === undefined) return null;
  if (!Array.isArray(lengths) && !ArrayBuffer.isView(lengths)) {
    throw wrong(false, "lengths", "an array of numbers", lengths);
  }
  const list = Array.from(lengths as ArrayLike<unknown>);
  if (!batched || list.length !== batch) {
    const count = batched
      ? `${batch} lengths, one per sequence`
      : "none for an input without B";
    throw new RangeError(message("lengths", count, `${list.length}`));
  }
  list.forEach((length, row) => {
    if (
      Number.isInteger(length) &&
      (length as number) >= 1 &&
      (length as number) <= steps
    )
      return;
    throw wrong(
      typeof length === "number",
      `lengths[${row}]`,
      `an integer from 1 to ${steps}`,
      length,
    );
  });
  return list as number[];
}
