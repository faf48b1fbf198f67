/*
 * Nodes without weights, by what they do to numbers that tell where they lie: they give axes another order, join the
 * directions, or give the last of the steps, their mean or the largest.
 */
import { sizeOf } from "../../tensor.js";
import { FREE } from "../runs.js";
import { type Dtype, type Numbers, type Value, storage } from "../value.js";
import type { Draft } from "./draft.js";
import type { Link } from "./link.js";

const PROBED =
  /^(Identity|Dropout|Cast|Transpose|Squeeze|Unsqueeze|Reshape|Flatten|Gather|Slice|ReduceM(ean|ax)|ReduceSum|Global(Average|Max)Pool)$/;

/** Larger layers are not probed: 6 MB of numbers. */
const MOST = 2 ** 15;

/** All that is probed in a graph, a second of it: a file of 10 kB asked for 17. */
const MOST_IN_ALL = 2 ** 24;

/** From here on a Slice's starts and ends might be the sizes that are probed with. */
const LEAST_SIZE = 3;
const INT32_MOST = 2 ** 31 - 1;

/** What a node has been found to do. */
interface Found {
  readonly axes: string;
  readonly features: number;
  readonly does: "sum" | "ave" | "last" | "average" | "max" | null;
}

/**
 * Takes the node into the draft; false where it does anything else.
 *
 * @throws TypeError, RangeError where it does not take what comes
 */
export function probed(link: Link, draft: Draft): boolean {
  const { features: F, directions: D } = draft;
  const { type } = link.step.node;
  if (!PROBED.test(type) || !F || D * F > MOST) return false;
  if (type === "Slice" && cutsSizes(link, draft)) return false;
  // sizes that tell which axis is which; of T, the last step's number differs from the largest and the mean
  const isFree = (size: number) => size !== F && size !== D * F;
  const [B, otherB] = [3, 5, 23, 29].filter(isFree) as [number, number];
  const [T, otherT] = [7, 11, 13, 17].filter(isFree) as [number, number];
  const found = probe(link, draft, B, T);
  if (!found) return false;
  // an index may happen to be that of the last of T steps
  const other = probe(link, draft, otherB, otherT);
  if (other?.axes !== found.axes || other.does !== found.does) return false;
  const gone = (letter: string) =>
    draft.axes.includes(letter) && !found.axes.includes(letter);
  if (gone("D")) draft.directions = 1;
  draft.axes = found.axes;
  draft.features = found.features;
  switch (found.does) {
    case null:
      return true;
    case "last":
      return draft.end();
    case "sum":
    case "ave":
      return (
        draft.last("RNN", "LSTM", "GRU") !== null &&
        draft.change({ mergeMode: found.does })
      );
    default:
      return draft.add("Pooling", { kind: found.does, size: found.features });
  }
}

/** What the node does to numbers of these sizes; null where that is nothing of ours. */
function probe(link: Link, draft: Draft, B: number, T: number): Found | null {
  const { axes, features: F, directions: D, tokens } = draft;
  const { runs, stated } = link.step;
  const number = (t: number) => (3 * t) % T;
  const strides: Record<string, number> = {
    F: 1,
    D: F,
    T: D * F,
    B: T * D * F,
  };
  const sizes: Record<string, number> = { B, T, D, F };
  const shape = Array.from(axes, (letter) => sizes[letter] ?? 1);
  if (!draft.spend(sizeOf(shape), MOST_IN_ALL)) return null;
  const dtype = tokens ? "int64" : "float32";
  const data = laid(dtype, shape, axes, strides, number);
  const values = stated.map((_, i) =>
    i === link.into ? { dtype, shape, data } : link.constant(i),
  );
  const running = { slots: [], meter: FREE, trace: null };
  const result = runs.run(values as Value[], running)[link.out];
  runs.forget();
  // tokens of fewer bits are not all that may come
  const dtypes = tokens ? ["int32", "int64"] : ["float32"];
  if (!result || !dtypes.includes(result.dtype)) return null;
  let letters = "";
  for (const size of result.shape) {
    const isD = axes.includes("D") && size === D && !letters.includes("D");
    if (size === 1) letters += "1";
    else if (size === B) letters += "B";
    else if (size === T) letters += "T";
    else if (isD) letters += "D";
    else if (size === F || size === D * F) letters += "F";
    else return null;
  }
  // one feature is an axis too
  if (F === 1 && !tokens) letters = letters.replace(/1(?!.*[1F])/, "F");
  const wanted = laid(result.dtype, result.shape, letters, strides, number);
  const [first = NaN] = result.data;
  const gone = (letter: string) =>
    axes.includes(letter) && !letters.includes(letter);
  const size = tokens ? 1 : (result.shape[letters.indexOf("F")] ?? 0);
  const merges = gone("D") && size === F;
  // of both directions the numbers are f and f + F
  const times = merges && first === F ? 2 : 1;
  const fits = merges || size === (gone("D") ? D * F : F);
  const same = (result.data as Float32Array).every(
    (n, i) => n === times * (wanted[i] as number) + first,
  );
  if (!fits || !same || (merges && gone("T"))) return null;
  const found = (does: Found["does"]) => ({
    axes: letters,
    features: size,
    does,
  });
  if (merges)
    return times === 2 ? found("sum") : first === F / 2 ? found("ave") : null;
  if (!gone("T")) return first === 0 ? found(null) : null;
  switch (first / (D * F)) {
    case number(T - 1):
      return found("last");
    case (T - 1) / 2:
      return found("average");
    case T - 1:
      return found("max");
    default:
      return null;
  }
}

/** Whether a Slice may leave of many steps, or of a large batch, less than of those that are probed. */
function cutsSizes(link: Link, { axes }: Draft): boolean {
  const list = (name: string, input: number) => {
    const value = link.constant(input);
    if (value) return Array.from(value.data);
    return link.attributes.get(name) as readonly number[] | undefined;
  };
  const chosen = list("axes", 3);
  return [list("starts", 1), list("ends", 2)].some((places) =>
    places?.some((place, i) => {
      const letter = axes.at(chosen?.[i] ?? i);
      const size = Math.abs(place);
      const isSize = size >= LEAST_SIZE && size < INT32_MOST;
      return isSize && (letter === "B" || letter === "T");
    }),
  );
}

/** A number for each place, which the axes' letters tell. */
function laid(
  dtype: Dtype,
  shape: readonly number[],
  letters: string,
  strides: Readonly<Record<string, number>>,
  number: (t: number) => number,
): Numbers {
  const data = storage(dtype, sizeOf(shape));
  let inner = data.length;
  shape.forEach((size, axis) => {
    const letter = letters[axis] as string;
    const stride = strides[letter] ?? 0;
    inner /= size;
    for (let i = 0; i < data.length; i++) {
      const place = Math.floor(i / inner) % size;
      const steps = letter === "T" ? number(place) : place;
      data[i] = (data[i] as number) + stride * steps;
    }
  });
  return data;
}
