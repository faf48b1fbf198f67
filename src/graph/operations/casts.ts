/*
 * The same numbers as another type.
 */
import { message } from "../../checks.js";
import type { Compile, Node, Operation } from "../node.js";
import type { Family } from "../table.js";
import {
  type Dtype,
  DTYPE_NAMES,
  exact,
  rangeOf,
  type Value,
} from "../value.js";

/** Floats to integers: towards zero, to the nearest that the type holds, NaN to 0. Integers to integers: the low bits. */
function casting(
  node: Node,
  dtypeOf: (like: Value | null) => Dtype,
): Operation {
  return {
    prepare([x, like]) {
      const from = (x as Value).dtype;
      const { shape, data } = x as Value;
      const dtype = dtypeOf(like ?? null);
      if (from === dtype) {
        const result = { dtype, shape, data };
        return {
          outputs: [result],
          run: ([own]) => void (result.data = (own as Value).data),
        };
      }
      const result = node.value(dtype, shape);
      const convert = converter(node, from, dtype);
      return {
        outputs: [result],
        run([own]) {
          const numbers = (own as Value).data;
          for (let i = 0; i < numbers.length; i++) {
            const number = numbers[i] as number;
            if (from !== "float32" && !Number.isFinite(number))
              throw new RangeError(
                message(
                  node.place,
                  "integers of less than 2^53",
                  "larger ones",
                ),
              );
            result.data[i] = convert(number);
          }
        },
      };
    },
  };
}

const cast: Compile = (node) => {
  node.expectInputs(1);
  const dtype = node.word("to", DTYPE_NAMES, "float32");
  return casting(node, () => dtype);
};

const castLike: Compile = (node) => {
  node.expectInputs(2);
  node.int("saturate", 1); // of the 8-bit floats alone
  return casting(node, (like) => (like as Value).dtype);
};

function converter(
  node: Node,
  from: Dtype,
  dtype: Dtype,
): (x: number) => number {
  if (dtype === "float32") return (x) => x;
  if (dtype === "bool") return (x) => (x === 0 ? 0 : 1);
  const [least, most] = rangeOf(dtype);
  if (from === "float32")
    return (x) => {
      if (Number.isNaN(x)) return 0;
      return Math.min(Math.max(Math.trunc(x) + 0, least), most);
    };
  // of 64 bits only 53 are known
  const held = (x: number) => exact(x, dtype, node.place);
  if (dtype === "int64" || dtype === "uint64") return held;
  const span = most - least + 1;
  return (x) => {
    if (x >= least && x <= most) return x;
    const rest = x % span;
    if (rest < least) return rest + span;
    return rest > most ? rest - span : rest + 0;
  };
}

export const casts = (): Family => ({
  foldable: true,
  operations: { Cast: cast, CastLike: castLike },
});
