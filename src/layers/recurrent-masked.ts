/*
 * A recurrent layer over sequences with masked steps. The kernel knows nothing about masks, but a masked step leaves the
 * state unchanged, as if it were not there. So the unmasked steps of each row are moved together, run with lengths, and
 * spread out again; then the masked steps are filled in by the layer's maskRule.
 *
 *     input            a b · c · d |        · masked, | the row's end; behind it lies padding
 *     gathered         a b c d              what the kernel runs over, length 4
 *     output           A B C D
 *     spread           A B 0 C 0 D |        maskRule 'zero'
 *     filled           A B B C C D |        'previous' and 'state': the output before, of a reverse layer the one
 *                      A B C C D D |        computed before, which is that of the next step
 *
 * Every layer of a reverse stack with outputOrder 'processing' passes its outputs on last step first, so the second
 * layer, the fourth, … need the mask in reverse:
 *
 *     first layer      a b · c · d |        computes D, C, B, A
 *     second layer     D · C · B A |        the first one's mask, reversed up to the row's end
 */
import {
  type Cell,
  type CellState,
  type ForwardRun,
  type Gates,
  MERGES,
  type Model,
} from "../kernel/model.js";
import type { Sequences } from "./input.js";
import { KeptSteps } from "./kept-steps.js";
import { bothMasks, type Mask, maskOf } from "./mask.js";
import { directionsOf, type RecurrentOptions } from "./options.js";
import { type LayerResult, runLayer } from "./traced.js";

/** What a recurrent layer is run on. */
export interface LayerRun {
  readonly given: Omit<Sequences, "batched">;
  readonly states: readonly (CellState | null)[];
  readonly lengths: readonly number[] | null;
  readonly trace: boolean;
}

/**
 * Runs a recurrent layer over the unmasked steps, and fills in the others by its maskRule; past a row's length they are
 * 0. With returnSequences false the output is each direction's last computed step, or what the rule gives if all steps
 * are masked.
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
  const kept = new KeptSteps(valid, batch, steps);
  const run: ForwardRun = {
    input: kept.gather(data),
    batch,
    steps: kept.steps,
    lengths: kept.lengths,
    states,
    trace: null,
    asComputed: options.returnSequences,
  };
  const result = runLayer(model, cells, run, trace);
  const ends = lengths ?? Array.from(kept.lengths, () => steps);
  const last = cells.slice(-directionsOf(options).length);
  const backwards = inProcessingOrder(options)
    ? new KeptSteps(reversed(valid, ends), batch, steps)
    : kept;
  const keptBy = (layer: number) => (layer % 2 ? backwards : kept);
  const gates =
    result.gates?.map((each, index) => {
      const own = keptBy(Math.floor(index / last.length));
      return mapGates(each, (gate) => own.spread(gate));
    }) ?? null;
  let { output } = result;
  if (options.returnSequences) {
    const own = keptBy(options.numLayers - 1);
    const starts = startsOf(last, cells, options, run);
    output = own.spread(output);
    fillMasked(output, own.mask, ends, last, starts);
    output = arrange(output, ends, last, options);
  } else if (options.maskRule !== "state") {
    const size = output.length / batch;
    kept.lengths.forEach((length, row) => {
      if (!length) output.fill(0, row * size, (row + 1) * size);
    });
  }
  return { output, states: result.states, gates };
}

/** The output of each direction before its first computed step, (B, O); null if masked steps are 0 anyway. */
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

/** Fills the masked steps of output (B, T, D·O) with the output computed before them, each direction in its own order. */
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

/** Merges the directions of output (B, T, D·O) and reverses its steps, as the options say. */
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

/** A mask with the steps of each row in reverse, up to its end. */
function reversed(mask: Mask, ends: readonly number[]): Mask {
  const all = new Uint8Array(mask.length);
  const steps = mask.length / ends.length;
  ends.forEach((end, row) => {
    const own = mask.subarray(row * steps, row * steps + end);
    all.set(own.slice().reverse(), row * steps);
  });
  return all;
}

const mapGates = (
  gates: Gates,
  map: (gate: Float32Array) => Float32Array,
): Gates =>
  Object.fromEntries(
    Object.entries(gates).map(([name, gate]) => [name, map(gate)]),
  );
