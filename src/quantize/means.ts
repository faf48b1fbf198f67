/*
 * What matrices multiply on the user's data, on average: rounding a matrix adds (Ŵ - W) x to its sums, whose mean its
 * bias can take off. Cells that remember for long add up such a mean: in the amp's LSTM it was most of the error.
 */
import type { Layer } from "../layers/layer.js";
import type { Trace, TraceEntry } from "../layers/traced.js";
import type { LayerTrace } from "../models/layer-trace.js";
import type { Sequential } from "../models/sequential.js";
import { canQuantize } from "./layers.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";

/** Of a layer's matrices, by their names: the mean of what each column multiplies, for so many equal blocks of rows. */
export type Means = ReadonlyMap<string, readonly Float64Array[]>;

/** Adds up rows, column by column. */
class Sum {
  readonly #total: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#total = new Float64Array(size);
  }

  /** `rows` of so many: those that are left out are zeros. */
  add(rows: Float32Array, count: number): void {
    const size = this.#total.length;
    for (let i = 0; i < rows.length; i++)
      this.#total[i % size] =
        (this.#total[i % size] as number) + (rows[i] as number);
    this.#count += count;
  }

  get mean(): Float64Array {
    return this.#total.map((total) => total / this.#count);
  }
}

/** Of a layer's matrices. */
export class Sums {
  readonly #all = new Map<string, Sum[]>();

  of(name: string, block: number, size: number): Sum {
    const blocks = this.#all.get(name) ?? [];
    this.#all.set(name, blocks);
    return (blocks[block] ??= new Sum(size));
  }

  means(): Means {
    return new Map(
      Array.from(this.#all, ([name, sums]) => [
        name,
        sums.map(({ mean }) => mean),
      ]),
    );
  }
}

/** Those of each layer, in the model as it is; none where steps are masked, whose outputs count for nothing. */
export function inputMeans(
  model: Sequential,
  data: readonly TensorLike[],
): readonly Means[] {
  const sums = model.layers.map(() => new Sums());
  if (model.masks) return sums.map((each) => each.means());
  for (const input of data) {
    const { trace } = model.forward(input, { trace: true });
    let given: Tensor = asTensor(input, "calibrate");
    model.layers.forEach((layer, place) => {
      const made = trace[place] as LayerTrace;
      if (canQuantize(layer))
        collect(layer, given, made.gates, sums[place] as Sums);
      given = made.output;
    });
  }
  return sums.map((each) => each.means());
}

/**
 * Adds what a layer multiplies as it runs on an input.
 *
 * @param gates its own trace, of a recurrent one
 * @param initial the hidden states that it begins with, [cells, B, H]; zeros by default
 */
export function collect(
  layer: Layer,
  { data }: Tensor,
  gates: Trace | null,
  sums: Sums,
  initial: Tensor | null = null,
): void {
  const size = layer.inputSize;
  const count = data.length / size;
  if (!gates) {
    const { groups = 1 } = layer.options as { groups?: number };
    const width = size / groups;
    for (let group = 0; group < groups; group++) {
      const own = columnsOf(data, size, group * width, width);
      sums.of("weight", group, width).add(own, count);
    }
    return;
  }
  const { mergeMode, resetAfter } = layer.options as {
    mergeMode?: string;
    resetAfter?: boolean;
  };
  const below: TraceEntry[][] = [];
  gates.forEach((entry, cell) => {
    const { layer: index, direction } = entry;
    const both = gates.length > 1 && gates[1]?.layer === 0;
    const end = `_l${index}${both && direction === "reverse" ? "_reverse" : ""}`;
    (below[index] ??= []).push(entry);
    const sources = below[index - 1];
    if (!sources) sums.of(`weight_ih${end}`, 0, size).add(data, count);
    else if (sources.length === 1 || mergeMode === "concat") {
      const parts = sources.map((source) => source["hidden"] as Tensor);
      const joined = beside(parts);
      const width = joined.length / rowsIn(parts[0] as Tensor);
      sums.of(`weight_ih${end}`, 0, width).add(joined, joined.length / width);
    }
    const states = initial && partOf(initial.data, cell, gates.length);
    collectStates(entry, `weight_hh${end}`, resetAfter === false, sums, states);
  });
}

/** One of so many equal parts. */
function partOf(data: Float32Array, part: number, count: number): Float32Array {
  const size = data.length / count;
  return data.subarray(part * size, (part + 1) * size);
}

/** Columns `from` to `from + width` of rows of `size`. */
function columnsOf(
  data: Float32Array,
  size: number,
  from: number,
  width: number,
): Float32Array {
  if (width === size) return data;
  const own = new Float32Array((data.length / size) * width);
  for (let row = 0; row * size < data.length; row++) {
    const start = row * size + from;
    own.set(data.subarray(start, start + width), row * width);
  }
  return own;
}

const rowsIn = ({ shape }: Tensor): number =>
  shape.slice(0, -1).reduce((all, size) => all * size, 1);

/** [.., A] and [.., B] as rows of A + B. */
function beside(parts: readonly Tensor[]): Float32Array {
  const rows = rowsIn(parts[0] as Tensor);
  const widths = parts.map(({ data }) => data.length / rows);
  const width = widths.reduce((all, own) => all + own, 0);
  const joined = new Float32Array(rows * width);
  let from = 0;
  parts.forEach(({ data }, part) => {
    const own = widths[part] as number;
    for (let row = 0; row < rows; row++)
      joined.set(data.subarray(row * own, (row + 1) * own), row * width + from);
    from += own;
  });
  return joined;
}

/** What the step before left; of a GRU that resets before the product, r ∘ h for the candidate's rows. */
function collectStates(
  entry: TraceEntry,
  name: string,
  resetBefore: boolean,
  sums: Sums,
  initial: Float32Array | null, // [B, H]
): void {
  const { shape, data } = entry["hidden"] as Tensor;
  const [steps = 0, size = 0] = shape.slice(-2);
  const length = steps * size;
  const backwards = entry.direction === "reverse";
  const left = new Float32Array(length);
  for (let at = 0, row = 0; at < data.length; at += length, row++) {
    const from = backwards ? at + size : at;
    left.set(data.subarray(from, from + length - size), backwards ? 0 : size);
    if (initial)
      left.set(
        initial.subarray(row * size, (row + 1) * size),
        backwards ? length - size : 0,
      );
    sums.of(name, 0, size).add(left, steps);
    if (!resetBefore) continue;
    const reset = (entry["reset"] as Tensor).data.subarray(at, at + length);
    sums.of(name, 1, size).add(left, steps);
    sums.of(name, 2, size).add(
      left.map((h, i) => h * (reset[i] as number)),
      steps,
    );
  }
}

/**
 * Takes off the biases of a rounded layer what rounding adds to its sums on average.
 *
 * @param outside what is added behind a layer of one matrix, which has no bias itself
 * @returns whether there are biases, of matrices whose inputs are known
 */
export function centre(
  rounded: Layer,
  exact: Layer,
  means: Means,
  outside: Float32Array | null = null,
): boolean {
  const wide = exact.stateDict();
  const dict = rounded.stateDict();
  let moved = false;
  for (const [name, tensor] of Object.entries(dict)) {
    const inside = dict[name.replace("weight", "bias")]?.data;
    const bias = inside ?? (name === "weight" ? outside : null);
    const blocks = means.get(name);
    if (!("integers" in tensor) || !bias || !blocks) continue;
    moved = true;
    const rows = tensor.shape[0] as number;
    const own = tensor.data;
    const before = (wide[name] as Tensor).data;
    const size = own.length / rows;
    for (let row = 0; row < rows; row++) {
      const mean = blocks[
        Math.floor((row * blocks.length) / rows)
      ] as Float64Array;
      const taps = size / mean.length; // of a Conv1d: [out, in, K]
      let added = 0;
      for (let i = 0, at = row * size; i < size; i++, at++)
        added +=
          ((own[at] as number) - (before[at] as number)) *
          (mean[Math.floor(i / taps)] as number);
      // an infinity or NaN in the data must not harm the model
      if (Number.isFinite(added)) bias[row] = (bias[row] as number) - added;
    }
  }
  if (moved) rounded.loadStateDict(dict);
  return moved;
}
