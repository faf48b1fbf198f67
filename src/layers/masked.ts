import {
  type Cell,
  type CellState,
  type ForwardRun,
  type Gates,
  MERGES,
  type Model,
} from "../kernel/model.js";
import type { Sequences } from "./input.js";
import { bothMasks, Compact, type Mask, maskOf } from "./mask.js";
import { directionsOf, type RecurrentOptions } from "./options.js";
import { type LayerResult, runLayer } from "./traced.js";

/** What a recurrent layer is run on. */
export interface LayerRun {
  readonly given: Sequences;
  readonly states: readonly (CellState | null)[];
  readonly lengths: readonly number[] | null;
  readonly trace: boolean;
}

/**
 * Runs a recurrent layer over the steps that a mask leaves, and fills in what its maskRule gives at the others; past a
 * row's length that is 0. With returnSequences false the output is each direction's last computed step, and where none
 * was computed, what the rule gives there.
 */
export function runMasked(
  model: Model,
  cells: readonly Cell[],
  options: Required<RecurrentOptions>,
  { given, states, lengths, trace }: LayerRun,
  mask: Mask,
): LayerResult {
  const { batch, steps, data } = given;
  const within = lengths && maskOf(lengths, steps);
  const valid = bothMasks(mask, within) as Mask;
  const compact = new Compact(valid, batch, steps);
  const run: ForwardRun = {
    input: compact.gather(data),
    batch,
    steps: compact.steps,
    lengths: compact.lengths,
    states,
    trace: null,
    asComputed: options.returnSequences,
  };
  const result = runLayer(model, cells, run, trace);
  const ends = lengths ?? Array.from(compact.lengths, () => steps);
  const last = cells.slice(-directionsOf(options).length);
  // Every layer of the order 'processing' turns its steps round, so every second one has them the other way.
  const backwards = inProcessingOrder(options)
    ? new Compact(reversed(valid, ends), batch, steps)
    : compact;
  const axisOf = (layer: number) => (layer % 2 ? backwards : compact);
  const gates =
    result.gates?.map((each, index) => {
      const axis = axisOf(Math.floor(index / last.length));
      return mapGates(each, (gate) => axis.spread(gate));
    }) ?? null;
  let { output } = result;
  if (options.returnSequences) {
    const axis = axisOf(options.numLayers - 1);
    const starts = startsOf(last, cells, options, run);
    output = axis.spread(output);
    fillMasked(output, axis.mask, ends, last, starts);
    output = arrange(output, ends, last, options);
  } else if (options.maskRule !== "state") {
    const size = output.length / batch;
    compact.lengths.forEach((length, row) => {
      if (!length) output.fill(0, row * size, (row + 1) * size);
    });
  }
  return { output, states: result.states, gates };
}

/** What each direction gives before its first computed step, (B, O); null where masked steps give 0 anyway. */
function startsOf(
  last: readonly Cell[],
  cells: readonly Cell[],
  { maskRule }: Required<RecurrentOptions>,
  { states, batch }: ForwardRun,
): readonly Float32Array[] | null {
  if (maskRule === "zero") return null;
  return last.map((cell, direction) => {
    const { outputSize } = cell;
    const start = new Float32Array(batch * outputSize);
    if (maskRule === "previous") return start;
    const given = states[cells.length - last.length + direction];
    if (given) return given["hidden"] as Float32Array;
    const own = cell.states[0]?.initial?.();
    for (let row = 0; own && row < batch; row++)
      start.set(own, row * outputSize);
    return start;
  });
}

/** Gives the masked steps of output (B, T, D·O) the output computed before them, each direction in its own order. */
function fillMasked(
  output: Float32Array,
  valid: Mask,
  ends: readonly number[],
  last: readonly Cell[],
  starts: readonly Float32Array[] | null,
): void {
  const steps = valid.length / ends.length;
  starts?.forEach((start, direction) => {
    const { outputSize: size, reverse } = last[direction] as Cell;
    ends.forEach((end, row) => {
      let before = start.subarray(row * size, (row + 1) * size);
      for (let s = 0; s < end; s++) {
        const step = row * steps + (reverse ? end - 1 - s : s);
        const at = (step * last.length + direction) * size;
        if (valid[step]) before = output.subarray(at, at + size);
        else output.set(before, at);
      }
    });
  });
}

/** Merges the directions of output (B, T, D·O), and turns it round, as the options say. */
function arrange(
  output: Float32Array,
  ends: readonly number[],
  last: readonly Cell[],
  options: Required<RecurrentOptions>,
): Float32Array {
  const [{ outputSize: size }] = last as [Cell];
  const merge = MERGES[options.mergeMode];
  const backwards = inProcessingOrder(options);
  if (!merge && !backwards) return output;
  const steps = output.length / (ends.length * last.length * size);
  const arranged = new Float32Array(ends.length * steps * size);
  ends.forEach((end, row) => {
    for (let t = 0; t < end; t++) {
      const from = (row * steps + t) * last.length * size;
      const to = (row * steps + (backwards ? end - 1 - t : t)) * size;
      for (let i = 0; i < size; i++) {
        const value = output[from + i] as number;
        arranged[to + i] = merge
          ? merge(value, output[from + size + i] as number)
          : value;
      }
    }
  });
  return arranged;
}

const inProcessingOrder = ({
  direction,
  outputOrder,
}: Required<RecurrentOptions>) =>
  direction === "reverse" && outputOrder === "processing";

/** A mask with each row's steps the other way round, up to its end. */
function reversed(mask: Mask, ends: readonly number[]): Mask {
  const result = new Uint8Array(mask.length);
  const steps = mask.length / ends.length;
  ends.forEach((end, row) => {
    const own = mask.subarray(row * steps, row * steps + end);
    result.set(own.slice().reverse(), row * steps);
  });
  return result;
}

const mapGates = (
  gates: Gates,
  map: (gate: Float32Array) => Float32Array,
): Gates =>
  Object.fromEntries(
    Object.entries(gates).map(([name, gate]) => [name, map(gate)]),
  );
