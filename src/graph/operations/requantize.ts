/*
 * Integers times a factor that is an integer too, as TensorFlow Lite's and gemmlowp's kernels round (Jacob et al. 2018,
 * section 2.2): factor = multiplier · 2^(shift - 31), multiplier from 2^30 to 2^31.
 *
 *     high(a, b) = ⌊(a · b + 2^30) / 2^31⌋       the upper half of twice the product, rounded, halves up
 *     y = round(high(x · 2^max(shift, 0), multiplier) / 2^max(-shift, 0)) + zero point      halves away from 0
 */
import { message } from "../../checks.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import {
  DTYPE_NAMES,
  type IntegerDtype,
  rangeOf,
  type Value,
} from "../value.js";

/** Of int32; exact: neither half of the product has more than 48 bits. */
function high(a: number, b: number): number {
  const upper = Math.floor(b / 65536);
  const lower = b - upper * 65536;
  const carried = Math.floor((a * lower + 2 ** 30) / 65536);
  return Math.floor((a * upper + carried) / 32768);
}

/** x · multiplier · 2^(shift - 31) of int32. */
export function scaled(x: number, multiplier: number, shift: number): number {
  const product = high(shift > 0 ? x * 2 ** shift : x, multiplier);
  if (shift >= 0) return product;
  const divisor = 2 ** -shift;
  const whole = Math.floor(product / divisor);
  const rest = product - whole * divisor;
  const half = Math.floor((divisor - 1) / 2) + (product < 0 ? 1 : 0);
  return whole + (rest > half ? 1 : 0);
}

/**
 * Sums of integers, of one input or several that belong together, floats that are integers among them: bias added,
 * scaled with one factor or one a place along `axis`, `zero_point` added, held between `least` and `most`.
 */
const requantize: Compile = (node) => {
  node.expectInputs(1, Infinity);
  const multipliers = node.ints("multipliers") ?? [];
  const shifts = node.ints("shifts") ?? [];
  const bias = node.ints("bias");
  const axisGiven = node.int("axis", -1);
  const zero = node.int("zero_point", 0);
  const to = node.word("to", DTYPE_NAMES, "int8") as IntegerDtype;
  const [low, top] = rangeOf(to);
  const least = node.int("least", low);
  const most = node.int("most", top);
  if (!multipliers.length || shifts.length !== multipliers.length)
    throw node.error("expected a multiplier and a shift for each factor");
  return {
    prepare([x, ...others]) {
      const { shape } = x as Value;
      const axis = axisGiven < 0 ? axisGiven + shape.length : axisGiven;
      const size = shape[axis] ?? 1;
      const counts = [bias?.length ?? size, multipliers.length];
      if (counts.some((count) => count !== size && count !== 1))
        throw new RangeError(
          message(node.place, `numbers for ${size} places`, `${counts[0]}`),
        );
      for (const other of others)
        if (other?.data.length !== (x as Value).data.length)
          throw new RangeError(
            message(node.place, "sums of one size", "others"),
          );
      const inner = shape.slice(axis + 1).reduce((all, n) => all * n, 1);
      const y = node.value(to, shape);
      const one = multipliers.length === 1;
      return {
        outputs: [y],
        work: y.data.length * 2,
        run(inputs) {
          const { length } = inputs;
          for (let i = 0; i < y.data.length; i++) {
            const place = Math.floor(i / inner) % size;
            let sum = bias ? (bias[place] as number) : 0;
            for (let k = 0; k < length; k++)
              sum += (inputs[k] as Value).data[i] as number;
            const at = one ? 0 : place;
            const q =
              scaled(sum, multipliers[at] as number, shifts[at] as number) +
              zero;
            y.data[i] = Math.min(Math.max(q, least), most);
          }
        },
      };
    },
  };
};

export const requantisation = (): Family => ({
  operations: { Requantize: requantize },
});
