/*
 * Nodes without weights, by what they do to numbers that tell where they lie: they give axes another order, join the
 * directions, or give the last of the steps, their mean or the largest.
 */
import { FREE } from "../runs.js";
import { type Value, storage } from "../value.js";
import type { Draft } from "./draft.js";
import type { Link } from "./link.js";

const PROBED =
  /^(Identity|Dropout|Cast|Transpose|Squeeze|Unsqueeze|Reshape|Flatten|Gather|Slice|ReduceM(ean|ax)|ReduceSum|Global(Average|Max)Pool)$/;

/** Larger layers are not probed: 6 MB of numbers. */
const MOST = 2 ** 15;

/**
 * Takes the node into the draft; false where it does anything else.
 *
 * @throws TypeError, RangeError where it does not take what comes
 */
export function probed(link: Link, draft: Draft): boolean {
  const { axes, features: F, directions: D, tokens } = draft;
  const { node, runs, stated } = link.step;
  if (!PROBED.test(node.type) || !F || D * F > MOST) return false;
  // sizes that tell which axis is which; of T, the last step's number differs from the largest and the mean
  const isFree = (size: number) => size !== F && size !== D * F;
  const B = [3, 5, 13].find(isFree) as number;
  const T = [7, 11, 17].find(isFree) as number;
  const number = (t: number) => (3 * t) % T;
  const strides: Record<string, number> = {
    F: 1,
    D: F,
    T: D * F,
    B: T * D * F,
  };
  const sizes: Record<string, number> = { B, T, D, F };
  const shape = Array.from(axes, (letter) => sizes[letter] ?? 1);
  const given = laid(shape, axes, strides, number);
  const dtype = tokens ? "int64" : "float32";
  const data = storage(dtype, given.length);
  data.set(given);
  const values = stated.map((_, i) =>
    i === link.into ? { dtype, shape, data } : link.constant(i),
  );
  const running = { slots: [], meter: FREE, trace: null };
  const result = runs.run(values as Value[], running)[link.out];
  runs.forget();
  if (!result || (result.dtype === "float32") === tokens) return false;
  let letters = "";
  for (const size of result.shape) {
    const isD = axes.includes("D") && size === D && !letters.includes("D");
    if (size === 1) letters += "1";
    else if (size === B) letters += "B";
    else if (size === T) letters += "T";
    else if (isD) letters += "D";
    else if (size === F || size === D * F) letters += "F";
    else return false;
  }
  // one feature is an axis too
  if (F === 1 && !tokens) letters = letters.replace(/1(?!.*[1F])/, "F");
  const wanted = laid(result.shape, letters, strides, number);
  const [first = NaN] = result.data;
  const gone = (letter: string) =>
    axes.includes(letter) && !letters.includes(letter);
  const size = tokens ? 1 : result.shape[letters.indexOf("F")];
  const merges = gone("D") && size === F;
  // of both directions the numbers are f and f + F
  const times = merges && first === F ? 2 : 1;
  const fits = merges || size === (gone("D") ? D * F : F);
  const same = result.data.every(
    (n, i) => n === times * (wanted[i] as number) + first,
  );
  if (!fits || !same || (merges && gone("T"))) return false;
  draft.axes = letters;
  draft.features = size;
  if (gone("D")) draft.directions = 1;
  if (merges)
    return (
      (times === 2 || first === F / 2) &&
      draft.last("RNN", "LSTM", "GRU") !== null &&
      draft.change({ mergeMode: times === 2 ? "sum" : "ave" })
    );
  if (!gone("T")) return first === 0;
  switch (first / (D * F)) {
    case number(T - 1):
      return draft.end();
    case (T - 1) / 2:
      return draft.add("Pooling", { kind: "average", size });
    case T - 1:
      return draft.add("Pooling", { kind: "max", size });
    default:
      return false;
  }
}

/** A number for each place, which the axes' letters tell. */
function laid(
  shape: readonly number[],
  letters: string,
  strides: Readonly<Record<string, number>>,
  number: (t: number) => number,
): number[] {
  return shape.reduce(
    (all, size, axis) => {
      const letter = letters[axis] as string;
      const stride = strides[letter] ?? 0;
      return all.flatMap((base) =>
        Array.from(
          { length: size },
          (_, i) => base + stride * (letter === "T" ? number(i) : i),
        ),
      );
    },
    [0],
  );
}
