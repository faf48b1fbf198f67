import { FORMATS } from "../pack/index.js";
import type { LayerRecord } from "./layer.js";

/* assembly/quotients.ts, operation by operation; see there for the derivation and the errors. */

const fround = Math.fround;

/** Of tanh: the limit, three coefficients of the odd part, halved, two of the even one. */
const [LIMIT, P0, P1, P2, Q0, Q1] = Float32Array.of(
  5.25,
  40.355877,
  4.0713644,
  0.025451222,
  80.7319,
  34.997196,
) as unknown as readonly [number, number, number, number, number, number];

/** Whether what its cell computes becomes seven bits. */
export const isShort = ({ format }: LayerRecord): boolean =>
  format === FORMATS["int8-fast"].number;

/** P / 2 and Q of four numbers times `scale`: to `to` from `at` on. */
export function tanhParts(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  at: number,
  scale = 1,
): void {
  for (let i = 0; i < 4; i++) {
    let x = fround((from[fromAt + i] as number) * scale);
    if (x < -LIMIT) x = -LIMIT;
    if (x > LIMIT) x = LIMIT;
    const square = fround(x * x);
    const inner = fround(fround(P2 * square) + P1);
    to[at + i] = x * fround(fround(inner * square) + P0);
    to[at + 4 + i] = fround(fround(square + Q1) * square) + Q0;
  }
}

/** N and D of four numbers, each a 16th of them: all that is made of them is a quotient. */
export function gateParts(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  at: number,
): void {
  tanhParts(from, fromAt, to, at, 0.5);
  for (let i = at; i < at + 4; i++) to[i] = 2 * (to[i] as number);
}
