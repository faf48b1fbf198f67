import { seeded } from "../random.js";

/*
 * Random numbers by counters: what is drawn at a place of a training (a purpose, an epoch, a step, a layer, a row)
 * depends on that place and the seed alone, so any point can be gone back to.
 */

/** What numbers are drawn for. */
export const PURPOSES = {
  shuffle: 1,
  dropout: 2,
  sampling: 3,
  initial: 4,
} as const;
export type Purpose = keyof typeof PURPOSES;

/** A generator of its own for a place. */
export function randomAt(
  seed: number,
  purpose: Purpose,
  ...place: readonly number[]
): () => number {
  // a seed may have 53 bits
  let state = mix(seed | 0, Math.floor(seed / 2 ** 32) | 0);
  state = mix(state, PURPOSES[purpose]);
  for (const count of place) {
    state = mix(state, count | 0);
    state = mix(state, Math.floor(count / 2 ** 32) | 0);
  }
  return seeded(state);
}

function mix(state: number, value: number): number {
  let bits = Math.imul(state ^ value, 0x9e3779b1) + 0x7f4a7c15;
  bits ^= bits >>> 16;
  bits = Math.imul(bits, 0x21f0aaad);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x735a2d97);
  return bits ^ (bits >>> 15);
}

/** The numbers from 0 to count - 1 in an order of that place (Fisher and Yates). */
export function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other] as number, order[i] as number];
  }
  return order;
}
