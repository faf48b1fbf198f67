import { NUMBERS } from "../fields.js";
import { type Arena, lanesOf, panelsOf, type Rows } from "./arena.js";
import { type Cell, fieldsOf } from "./cell.js";
import { CellRecord } from "./cell-record.js";
import { type Loop, loopForward } from "./cell-steps.js";
import { widthsOf } from "./cells/kind.js";
import { type CellField, RECORD_FIELDS } from "./contract.js";
import { product } from "./panels.js";
import type { Packing } from "./packing.js";
import type { CellStates, Machine } from "./run.js";
import type { Work } from "./work.js";

/** What a run of a cell leaves for the way back. */
export interface CellTape {
  readonly loop: Loop;
  readonly x: Rows;
  /** The outputs, packed as they were computed. */
  readonly y: Rows;
  readonly hPrevious: number;
  /** Whether each row was given its first state. */
  readonly given: boolean;
  /** The states before the first step, and after each row's last. */
  readonly starts: CellStates;
  readonly ends: CellStates;
}

/** What a gate's functions take, forward or back, in multiply-adds. */
const GATE = 8;

/**
 * Runs packed rows x through the cell.
 *
 * @param batch rows of the caller, of which some may have no step
 * @param dropped what each of the caller's rows has h multiplied by, (B, O); null: nothing
 */
export function* forwardCell(
  cell: Cell,
  machine: Machine,
  x: Rows,
  packing: Packing,
  batch: number,
  state: CellStates | null,
  dropped: Float32Array | null,
): Work<CellTape> {
  const { arena, regions } = machine;
  const { spec } = cell;
  const { hidden, output, hiddenPanels, outputPanels } = widthsOf(spec);
  const { count, rows, active } = packing;
  const first = rows.length;
  const { z, second } = cell.plan;
  const record = new CellRecord(arena.memory, arena.zeros(RECORD_FIELDS));
  const separate = dropped !== null || !packing.even;
  const at: Partial<Record<CellField, number>> = {
    active: arena.floats(active.length),
    z: arena.floats(count * z),
    y: statesOf(arena, first, count, output),
    scratch: arena.floats(first * Math.max(outputPanels, hiddenPanels)),
    slopes: arena.floats(5 * hidden),
  };
  if (cell.general) at.sums = arena.floats(count * z);
  if (cell.parts.length > 1) {
    at.c = statesOf(arena, first, count, hidden);
    at.t = arena.floats(count * hidden);
  }
  if (second) at.u = arena.floats(count * panelsOf(second.k));
  if (separate) at.before = arena.floats(count * output);
  if (dropped) at.dropped = arena.zeros(first * output);
  record.write({
    ...at,
    ...weightsOf(cell, machine),
    kind: NUMBERS[spec.kind],
    general: Number(cell.general),
    hiddenQuads: hidden / 4,
    outputQuads: output / 4,
    hiddenTail: spec.hiddenSize - hidden + 4,
    outputTail: spec.outputSize - output + 4,
    steps: active.length,
    packed: count,
  });
  record.writeFunctions(cell.functions);
  const { i32, f32 } = arena.memory;
  i32.set(active, (at.active as number) >> 2);
  const starts = state ?? initialOf(cell, f32, regions.weights, batch);
  const address = (field: CellField) => at[field] as number;
  rows.forEach((row, place) => {
    const put = (from: Float32Array, size: number, to: number) =>
      f32.set(from.subarray(row * size, (row + 1) * size), to >> 2);
    cell.parts.forEach(({ size, lanes }, part) => {
      const start = address(fieldsOf(part).state);
      put(starts[part] as Float32Array, size, start + place * lanes * 4);
    });
    if (dropped)
      put(dropped, spec.outputSize, address("dropped") + place * output * 4);
  });
  const loop: Loop = {
    record,
    packing,
    at,
    strides: {
      z: z * 4,
      sums: z * 4,
      y: output * 4,
      c: hidden * 4,
      t: hidden * 4,
      u: panelsOf(second?.k ?? 0) * 4,
      before: output * 4,
      dp: outputPanels * 4,
    },
    each: z * (output + GATE) + (second ? second.lanes * second.k : 0),
  };
  yield* product(
    machine,
    regions.weights + cell.places.input * 4,
    x,
    { at: address("z"), stride: z * 4, size: z },
    count,
    lanesOf(spec.inputSize),
  );
  yield* loopForward(machine, loop);
  const ends = starts.map((part) => part.slice());
  rows.forEach((row, place) => {
    const last = packing.offsets[packing.stepsOf(row) - 1] as number;
    cell.parts.forEach(({ size, lanes }, part) => {
      const start = address(fieldsOf(part).state) >> 2;
      const from = start + (first + last + place) * lanes;
      ends[part]?.set(f32.subarray(from, from + size), row * size);
    });
  });
  const y = address("y");
  return {
    loop,
    x,
    y: {
      at: y + first * output * 4,
      stride: output * 4,
      size: spec.outputSize,
    },
    hPrevious: separate ? address("before") : y,
    given: state !== null,
    starts,
    ends,
  };
}

/** The record's addresses of weights; 0: there are none. */
function weightsOf(
  cell: Cell,
  { regions }: Machine,
): Partial<Record<CellField, number>> {
  const places = cell.places;
  const of = (region: number, at: number) => (at < 0 ? 0 : region + at * 4);
  return {
    recurrent: of(regions.weights, places.recurrent),
    recurrentBack: of(regions.transposed, places.recurrentBack),
    second: of(regions.weights, places.second),
    secondBack: of(regions.transposed, places.secondBack),
    peepholes: of(regions.weights, places.peepholes),
    peepholeGradient: of(regions.gradients, places.peepholes),
  };
}

/** What rows start from that are given nothing: the learned state, or zeros. */
function initialOf(
  cell: Cell,
  f32: Float32Array,
  weights: number,
  batch: number,
): CellStates {
  return cell.parts.map(({ size }, part) => {
    const all = new Float32Array(batch * size);
    const place = cell.places.states[part] as number;
    if (place < 0) return all;
    const at = (weights >> 2) + place;
    for (let row = 0; row < batch; row++)
      all.set(f32.subarray(at, at + size), row * size);
    return all;
  });
}

/** Room for a state before the first step and after each; the kernel writes the latter whole, padding included. */
function statesOf(arena: Arena, first: number, count: number, lanes: number) {
  const at = arena.floats((first + count) * lanes);
  arena.memory.f32.fill(0, at >> 2, (at >> 2) + first * lanes);
  return at;
}
