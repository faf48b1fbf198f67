import { codeOf } from "../activations.js";
import { hasStandard } from "../cells/recurrent.js";
import { NUMBERS } from "../fields.js";
import { type Arena, lanesOf, panelsOf, type Rows } from "./arena.js";
import { type CellPlaces, layCell, namesOf } from "./cell-layout.js";
import { type CellFunctions, CellRecord } from "./cell-record.js";
import { type Loop, loopBackward, loopForward } from "./cell-steps.js";
import { TRAINED_KINDS } from "./cells/index.js";
import { type CellSpec, type Plan, widthsOf } from "./cells/kind.js";
import { type CellField, RECORD_FIELDS } from "./contract.js";
import { product, weightGradient } from "./panels.js";
import type { Packing } from "./packing.js";
import type { Layout } from "./parameters.js";
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

/** Gradients of a cell's states; `direct`: what the first h gets beside what comes through the steps. */
export interface Ends {
  readonly parts: readonly Float32Array[];
  direct: Float32Array | null;
}

/** The fields of the record that hold each part of a state: before the first step and then after each, and its gradient. */
const STATE_FIELDS = [
  { state: "y", gradient: "dh" },
  { state: "c", gradient: "dc" },
] as const;

/** A layer and direction of RNN, LSTM or GRU: its parameters, and one run forward and back at a time. */
export class Cell {
  readonly spec: CellSpec;
  readonly names: readonly string[];
  readonly output: number; // lanes
  /** What a step of a row leaves in the arena, both ways. */
  readonly stepFloats: number;
  /** The widest rows whose gradient is made. */
  readonly widest: number;
  readonly #plan: Plan;
  readonly #general: boolean;
  readonly #functions: CellFunctions;
  readonly #places: CellPlaces;
  /** Of each part of the state: its numbers, and lanes of a row of it and of its gradient. */
  readonly #parts: readonly { size: number; lanes: number; back: number }[];

  constructor(spec: CellSpec, layout: Layout) {
    this.spec = spec;
    const kind = TRAINED_KINDS[spec.kind];
    const plan = kind.plan(spec);
    const { activations, clip, peepholes, coupled } = spec;
    this.#plan = plan;
    this.#general =
      clip !== Number.POSITIVE_INFINITY ||
      peepholes ||
      coupled ||
      !hasStandard(kind.kind, spec);
    this.#functions = {
      curves: activations.map(codeOf),
      clip,
      flags: plan.flags,
    };
    this.names = namesOf(spec, kind);
    this.#places = layCell(spec, kind, plan, layout);
    const { output, outputPanels, hidden } = widthsOf(spec);
    this.output = output;
    // dh comes in panels, as products leave it, dc in quads
    this.#parts = kind.kind.states(spec).map(({ size }, part) => ({
      size,
      lanes: lanesOf(size),
      back: part ? hidden : outputPanels,
    }));
    const { z, second } = plan;
    const input = panelsOf(lanesOf(spec.inputSize));
    this.widest = Math.max(lanesOf(spec.inputSize), output, second?.k ?? 0);
    this.stepFloats =
      z * (this.#general ? 2 : 1) +
      (this.#parts.length - 1) * 2 * hidden +
      2 * output +
      2 * outputPanels +
      (second ? panelsOf(second.k) : 0) +
      2 * input;
  }

  /**
   * Runs packed rows x through the cell.
   *
   * @param batch rows of the caller, of which some may have no step
   * @param dropped what each of the caller's rows has h multiplied by, (B, O); null: nothing
   */
  *forward(
    machine: Machine,
    x: Rows,
    packing: Packing,
    batch: number,
    state: CellStates | null,
    dropped: Float32Array | null,
  ): Work<CellTape> {
    const { arena, regions } = machine;
    const { spec } = this;
    const { hidden, output, hiddenPanels, outputPanels } = widthsOf(spec);
    const { count, rows, active } = packing;
    const first = rows.length;
    const { z, second } = this.#plan;
    const record = new CellRecord(arena.memory, arena.zeros(RECORD_FIELDS));
    const separate = dropped !== null || !packing.even;
    const at: Partial<Record<CellField, number>> = {
      active: arena.floats(active.length),
      z: arena.floats(count * z),
      y: statesOf(arena, first, count, output),
      scratch: arena.floats(first * Math.max(outputPanels, hiddenPanels)),
      slopes: arena.floats(5 * hidden),
    };
    if (this.#general) at.sums = arena.floats(count * z);
    if (this.#parts.length > 1) {
      at.c = statesOf(arena, first, count, hidden);
      at.t = arena.floats(count * hidden);
    }
    if (second) at.u = arena.floats(count * panelsOf(second.k));
    if (separate) at.before = arena.floats(count * output);
    if (dropped) at.dropped = arena.zeros(first * output);
    record.write({
      ...at,
      ...this.#weights(machine),
      kind: NUMBERS[spec.kind],
      general: Number(this.#general),
      hiddenQuads: hidden / 4,
      outputQuads: output / 4,
      hiddenTail: spec.hiddenSize - hidden + 4,
      outputTail: spec.outputSize - output + 4,
      steps: active.length,
      packed: count,
    });
    record.writeFunctions(this.#functions);
    const { i32, f32 } = arena.memory;
    i32.set(active, (at.active as number) >> 2);
    const starts = state ?? this.#initial(f32, regions.weights, batch);
    const address = (field: CellField) => at[field] as number;
    rows.forEach((row, place) => {
      const put = (from: Float32Array, size: number, to: number) =>
        f32.set(from.subarray(row * size, (row + 1) * size), to >> 2);
      this.#parts.forEach(({ size, lanes }, part) => {
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
      regions.weights + this.#places.input * 4,
      x,
      { at: address("z"), stride: z * 4, size: z },
      count,
      lanesOf(spec.inputSize),
    );
    yield* loopForward(machine, loop);
    const ends = starts.map((part) => part.slice());
    rows.forEach((row, place) => {
      const last = packing.offsets[packing.stepsOf(row) - 1] as number;
      this.#parts.forEach(({ size, lanes }, part) => {
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
  #weights({ regions }: Machine): Partial<Record<CellField, number>> {
    const places = this.#places;
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
  #initial(f32: Float32Array, weights: number, batch: number): CellStates {
    return this.#parts.map(({ size }, part) => {
      const all = new Float32Array(batch * size);
      const place = this.#places.states[part] as number;
      if (place < 0) return all;
      const at = (weights >> 2) + place;
      for (let row = 0; row < batch; row++)
        all.set(f32.subarray(at, at + size), row * size);
      return all;
    });
  }

  /**
   * Back through the cell; adds to the gradients of its parameters.
   *
   * @param dy gradient of the packed outputs
   * @param ends gradient of the final states; becomes, in place, that of the first ones
   * @param trains whether parameters but a learned state change
   * @param needs whether the gradient of x is wanted
   */
  *backward(
    machine: Machine,
    tape: CellTape,
    dy: Rows,
    ends: Ends,
    trains: boolean,
    needs: boolean,
  ): Work<Rows | null> {
    const { arena, regions } = machine;
    const { record, packing } = tape.loop;
    const { rows, count } = packing;
    const { z, second } = this.#plan;
    const { outputPanels } = widthsOf(this.spec);
    const gradients = this.#parts.map(({ back }) =>
      arena.zeros(rows.length * back),
    );
    const loop: Loop = {
      ...tape.loop,
      at: {
        ...tape.loop.at,
        dy: dy.at,
        ...(second?.sums === "dp" && {
          dp: arena.floats(count * outputPanels),
        }),
      },
      strides: { ...tape.loop.strides, dy: dy.stride },
    };
    record.write({ ...loop.at, dyStride: dy.stride });
    gradients.forEach((at, part) =>
      record.write({ [fieldsOf(part).gradient]: at }),
    );
    const { f32 } = arena.memory;
    const each = (
      visit: (own: Float32Array, to: number, row: number, size: number) => void,
    ) =>
      this.#parts.forEach(({ size, back }, part) => {
        const start = (gradients[part] as number) >> 2;
        rows.forEach((row, place) =>
          visit(
            ends.parts[part] as Float32Array,
            start + place * back,
            row,
            size,
          ),
        );
      });
    each((own, at, row, size) =>
      f32.set(own.subarray(row * size, (row + 1) * size), at),
    );
    yield* loopBackward(machine, loop);
    if (trains) yield* this.#weightGradients(machine, tape, loop);
    each((own, at, row, size) =>
      own.set(f32.subarray(at, at + size), row * size),
    );
    ends.direct?.forEach((value, i) => {
      const [hidden] = ends.parts as [Float32Array];
      hidden[i] = (hidden[i] as number) + value;
    });
    if (!tape.given) this.#learn(f32, regions.gradients, ends);
    if (!needs) return null;
    const lanes = panelsOf(lanesOf(this.spec.inputSize));
    const dx = {
      at: arena.floats(count * lanes),
      stride: lanes * 4,
      size: this.spec.inputSize,
    };
    yield* product(
      machine,
      regions.transposed + this.#places.inputBack * 4,
      { at: loop.at.z as number, stride: z * 4, size: z },
      { ...dx, size: lanes },
      count,
      z,
    );
    return dx;
  }

  *#weightGradients(
    machine: Machine,
    { x, hPrevious }: CellTape,
    { at, strides, packing: { count } }: Loop,
  ): Work {
    const { z, recurrent, second } = this.#plan;
    const places = this.#places;
    const { inputSize, outputSize } = this.spec;
    const { output } = widthsOf(this.spec);
    const rowsOf = (field: "z" | "u" | "dp") => ({
      at: at[field] as number,
      stride: strides[field] as number,
    });
    const h = { at: hPrevious, stride: output * 4, size: outputSize };
    const add = (from: Rows, k: number, da: Rows, place: number) =>
      weightGradient(machine, from, k, da, place, count);
    const sums = rowsOf("z");
    yield* add(x, lanesOf(inputSize), { ...sums, size: z }, places.input);
    yield* add(h, output, { ...sums, size: recurrent }, places.recurrent);
    if (!second) return;
    const from = second.of === "h" ? h : { ...rowsOf("u"), size: second.k };
    const da =
      second.sums === "z"
        ? { ...sums, at: sums.at + recurrent * 4 }
        : rowsOf(second.sums);
    yield* add(from, second.k, { ...da, size: second.lanes }, places.second);
  }

  /** Adds the gradients of all rows' first states to that of the learned one. */
  #learn(f32: Float32Array, gradients: number, ends: Ends): void {
    this.#parts.forEach(({ size }, part) => {
      const place = this.#places.states[part] as number;
      if (place < 0) return;
      const at = (gradients >> 2) + place;
      ends.parts[part]?.forEach((value, i) => {
        const to = at + (i % size);
        f32[to] = (f32[to] as number) + value;
      });
    });
  }
}

/** What a gate's functions take, forward or back, in multiply-adds. */
const GATE = 8;

const fieldsOf = (part: number) =>
  STATE_FIELDS[part] as (typeof STATE_FIELDS)[number];

/** Room for a state before the first step and after each; the kernel writes the latter whole, padding included. */
function statesOf(arena: Arena, first: number, count: number, lanes: number) {
  const at = arena.floats((first + count) * lanes);
  arena.memory.f32.fill(0, at >> 2, (at >> 2) + first * lanes);
  return at;
}
