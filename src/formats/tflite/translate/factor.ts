/* Factors between scales as integers: TensorFlow Lite's QuantizeMultiplier. */

export interface Factor {
  readonly multiplier: number;
  readonly shift: number;
}

/** factor = multiplier · 2^(shift - 31). */
export function factorOf(real: number): Factor {
  if (real === 0) return { multiplier: 0, shift: 0 };
  let shift = Math.floor(Math.log2(real)) + 1;
  if (real / 2 ** shift >= 1) shift++;
  if (real / 2 ** shift < 0.5) shift--;
  let multiplier = Math.round((real / 2 ** shift) * 2 ** 31);
  if (multiplier === 2 ** 31) {
    multiplier /= 2;
    shift++;
  }
  if (shift < -31) return { multiplier: 0, shift: 0 };
  return shift > 30
    ? { multiplier: 2 ** 31 - 1, shift: 30 }
    : { multiplier, shift };
}
