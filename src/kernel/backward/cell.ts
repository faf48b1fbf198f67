import {
  type CellActivation,
  type ActivationCode,
  codeOf,
} from "../activations.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import {
  CELL_KINDS,
  type CellField,
  type CellKind,
  CLIP_AT,
  COUPLED_AT,
  FIELD,
  RECORD_FIELDS,
  REPLACE_AT,
  SLOTS_AT,
} from "./contract.js";
import type { Packing } from "./packing.js";
import {
  biasPlace,
  type Layout,
  matrix,
  panelPlace,
  vector,
} from "./parameters.js";
import type { CellStates, Machine } from "./run.js";

/** A cell of one layer and direction, and its parameters' names. */
export interface CellSpec {
  readonly kind: "rnn" | "lstm" | "gru";
  readonly inputSize: number; // I
  readonly hiddenSize: number; // H
  readonly outputSize: number; // O
  /** RNN [f], GRU [f, g], LSTM [f, g, h]. */
  readonly activations: readonly CellActivation[];
  readonly clip: number;
  readonly bias: boolean;
  readonly peepholes: boolean;
  readonly coupled: boolean;
  readonly resetBefore: boolean;
  readonly replace: boolean;
  readonly learnedState: boolean;
  readonly reverse: boolean;
  /** How its parameters' names begin and end: "0." and "_l0_reverse". */
  readonly prefix: string;
  readonly suffix: string;
}

/** Of the cells that need no general path: by kind. */
const STANDARD = {
  rnn: ["tanh"],
  lstm: ["sigmoid", "tanh", "tanh"],
  gru: ["sigmoid", "tanh"],
} as const;

const GATES = { rnn: 1, lstm: 4, gru: 3 } as const;

/** What a run of a cell leaves for the way back. */
export interface CellTape {
  readonly record: number;
  readonly packing: Packing;
  readonly x: Rows;
  /** The outputs, packed as they were computed. */
  readonly y: Rows;
  readonly hPrevious: number;
  /** Whether each row was given its first state. */
  readonly given: boolean;
  readonly ends: CellStates;
}

/** Gradients of a cell's states; `direct`: what the first h gets beside what comes through the steps. */
export interface Ends {
  hidden: Float32Array;
  cell: Float32Array | null;
  direct: Float32Array | null;
}

export class Cell {
  readonly spec: CellSpec;
  readonly inputLanes: number;
  readonly hidden: number; // lanes
  readonly output: number; // lanes
  readonly #kind: CellKind;
  readonly #general: boolean;
  readonly #curves: readonly ActivationCode[];
  /** Lanes of a row of z, and of the part of it that `recurrent` makes. */
  readonly #z: number;
  readonly #recurrentLanes: number;
  readonly #places: Readonly<
    Record<
      | "input"
      | "recurrent"
      | "second"
      | "peepholes"
      | "hidden0"
      | "cell0"
      | "inputBack"
      | "recurrentBack"
      | "secondBack",
      number
    >
  >;

  constructor(spec: CellSpec, layout: Layout) {
    this.spec = spec;
    const { kind, inputSize, hiddenSize, outputSize } = spec;
    this.inputLanes = lanesOf(inputSize);
    this.hidden = lanesOf(hiddenSize);
    this.output = lanesOf(outputSize);
    this.#kind =
      kind === "gru" ? (spec.resetBefore ? "gruBefore" : "gruAfter") : kind;
    const { activations, clip, peepholes, coupled } = spec;
    this.#curves = activations.map(codeOf);
    this.#general =
      clip !== Number.POSITIVE_INFINITY ||
      peepholes ||
      coupled ||
      STANDARD[kind].some((name, i) => {
        const own = activations[i];
        return own !== name;
      });
    const hidden = panelsOf(this.hidden);
    const gates = panelsOf(2 * this.hidden);
    this.#z =
      kind === "lstm"
        ? 4 * this.hidden
        : kind === "gru"
          ? gates + hidden
          : hidden;
    this.#recurrentLanes = kind === "gru" ? gates : this.#z;
    this.#places = this.#lay(layout, hidden);
  }

  /** Lane of z that a gate's unit has. */
  #lane(row: number): number {
    const { hiddenSize, kind } = this.spec;
    const gate = Math.floor(row / hiddenSize);
    const unit = row % hiddenSize;
    return kind === "gru" && gate === 2
      ? this.#recurrentLanes + unit
      : gate * this.hidden + unit;
  }

  #lay(layout: Layout, hiddenPanels: number) {
    const { spec, output, hidden, inputLanes } = this;
    const { kind, inputSize, hiddenSize, outputSize } = spec;
    const { prefix, suffix } = spec;
    const rows = GATES[kind] * hiddenSize;
    const z = this.#z;
    const recurrentLanes = this.#recurrentLanes;
    const outputPanels = panelsOf(output);
    const projected = kind === "lstm" && outputSize !== hiddenSize;
    const gru = kind === "gru";
    const input = layout.panels(z, inputLanes);
    const recurrent = layout.panels(recurrentLanes, output);
    const inputBack = layout.transposedPanels(panelsOf(inputLanes), z);
    const recurrentBack = layout.transposedPanels(outputPanels, recurrentLanes);
    let second = -1;
    let secondBack = -1;
    if (gru) {
      second = layout.panels(hiddenPanels, output);
      secondBack = layout.transposedPanels(outputPanels, hiddenPanels);
    } else if (projected) {
      second = layout.panels(outputPanels, hidden);
      secondBack = layout.transposedPanels(hiddenPanels, outputPanels);
    }
    const add = (
      name: string,
      shape: readonly number[],
      at: Int32Array,
      back: Int32Array | null = null,
      shared = false,
    ) => {
      const full = `${prefix}${name}${suffix}`;
      layout.places.push({ name: full, shape, at, back, shared });
    };
    const candidate = (row: number) => gru && row >= 2 * hiddenSize;
    const unit = (row: number) => row - 2 * hiddenSize;
    add(
      "weight_ih",
      [rows, inputSize],
      matrix(rows, inputSize, (row, column) =>
        panelPlace(input, inputLanes, this.#lane(row), column),
      ),
      matrix(rows, inputSize, (row, column) =>
        panelPlace(inputBack, z, column, this.#lane(row)),
      ),
    );
    add(
      "weight_hh",
      [rows, outputSize],
      matrix(rows, outputSize, (row, column) =>
        candidate(row)
          ? panelPlace(second, output, unit(row), column)
          : panelPlace(recurrent, output, this.#lane(row), column),
      ),
      matrix(rows, outputSize, (row, column) =>
        candidate(row)
          ? panelPlace(secondBack, hiddenPanels, column, unit(row))
          : panelPlace(recurrentBack, recurrentLanes, column, this.#lane(row)),
      ),
    );
    if (spec.bias) {
      const bias = (row: number) =>
        biasPlace(input, inputLanes, this.#lane(row));
      add("bias_ih", [rows], vector(rows, bias), null, true);
      const hh = vector(rows, (row) =>
        candidate(row) && !spec.resetBefore
          ? biasPlace(second, output, unit(row))
          : bias(row),
      );
      add("bias_hh", [rows], hh, null, true);
    }
    if (projected)
      add(
        "weight_hr",
        [outputSize, hiddenSize],
        matrix(outputSize, hiddenSize, (row, column) =>
          panelPlace(second, hidden, row, column),
        ),
        matrix(outputSize, hiddenSize, (row, column) =>
          panelPlace(secondBack, outputPanels, column, row),
        ),
      );
    let peepholes = -1;
    if (spec.peepholes) {
      peepholes = layout.floats(3 * hidden);
      const lane = (i: number) =>
        peepholes + Math.floor(i / hiddenSize) * hidden + (i % hiddenSize);
      add("weight_peephole", [3 * hiddenSize], vector(3 * hiddenSize, lane));
    }
    let hidden0 = -1;
    let cell0 = -1;
    if (spec.learnedState) {
      hidden0 = layout.floats(output);
      add(
        "hidden0",
        [outputSize],
        vector(outputSize, (i) => hidden0 + i),
      );
      if (kind === "lstm") {
        cell0 = layout.floats(hidden);
        add(
          "cell0",
          [hiddenSize],
          vector(hiddenSize, (i) => cell0 + i),
        );
      }
    }
    return {
      input,
      recurrent,
      second,
      peepholes,
      hidden0,
      cell0,
      inputBack,
      recurrentBack,
      secondBack,
    };
  }

  get names(): string[] {
    const { prefix, suffix, bias, peepholes, learnedState, kind } = this.spec;
    const projected =
      kind === "lstm" && this.spec.outputSize !== this.spec.hiddenSize;
    return [
      "weight_ih",
      "weight_hh",
      ...(bias ? ["bias_ih", "bias_hh"] : []),
      ...(projected ? ["weight_hr"] : []),
      ...(peepholes ? ["weight_peephole"] : []),
      ...(learnedState ? ["hidden0"] : []),
      ...(learnedState && kind === "lstm" ? ["cell0"] : []),
    ].map((name) => `${prefix}${name}${suffix}`);
  }

  /**
   * Runs packed rows x through the cell.
   *
   * @param batch rows of the caller, of which some may have no step
   * @param dropped what each of the caller's rows has h multiplied by, (B, O); null: nothing
   */
  forward(
    { kernel, arena, regions }: Machine,
    x: Rows,
    packing: Packing,
    batch: number,
    state: CellStates | null,
    dropped: Float32Array | null,
  ): CellTape {
    const { hidden, output, spec } = this;
    const { kind, hiddenSize, outputSize } = spec;
    const { count, rows, active } = packing;
    const first = rows.length;
    const z = this.#z;
    const lstm = kind === "lstm";
    const projected = lstm && outputSize !== hiddenSize;
    const outputPanels = panelsOf(output);
    const hiddenPanels = panelsOf(hidden);
    const record = arena.zeros(RECORD_FIELDS);
    const addresses: Partial<Record<CellField, number>> = {
      active: arena.floats(active.length),
      z: arena.floats(count * z),
      y: arena.zeros((first + count) * output),
      scratch: arena.floats(first * Math.max(outputPanels, hiddenPanels)),
      slopes: arena.floats(5 * hidden),
    };
    if (this.#general) addresses.sums = arena.floats(count * z);
    if (lstm) {
      addresses.c = arena.zeros((first + count) * hidden);
      addresses.t = arena.floats(count * hidden);
    }
    if (projected) addresses.u = arena.floats(count * hiddenPanels);
    if (kind === "gru") addresses.u = arena.floats(count * outputPanels);
    const separate = dropped !== null || !packing.even;
    if (separate) addresses.before = arena.floats(count * output);
    if (dropped) addresses.dropped = arena.zeros(first * output);
    const { i32, f32 } = arena.memory;
    const weights = (at: number) => (at < 0 ? 0 : regions.weights + at * 4);
    const back = (at: number) => (at < 0 ? 0 : regions.transposed + at * 4);
    const places = this.#places;
    const fields: Record<string, number> = {
      ...addresses,
      recurrent: weights(places.recurrent),
      recurrentBack: back(places.recurrentBack),
      second: weights(places.second),
      secondBack: back(places.secondBack),
      peepholes: weights(places.peepholes),
      peepholeGradient:
        places.peepholes < 0 ? 0 : regions.gradients + places.peepholes * 4,
      kind: CELL_KINDS.indexOf(this.#kind),
      general: Number(this.#general),
      hiddenQuads: hidden / 4,
      outputQuads: output / 4,
      hiddenTail: hiddenSize - hidden + 4,
      outputTail: outputSize - output + 4,
      steps: active.length,
      packed: count,
    };
    const at = record >> 2;
    for (const [name, value] of Object.entries(fields))
      i32[at + FIELD[name as CellField]] = value;
    this.#curves.forEach(({ number, a, b }, index) => {
      i32[at + SLOTS_AT + index * 3] = number;
      f32[at + SLOTS_AT + index * 3 + 1] = a;
      f32[at + SLOTS_AT + index * 3 + 2] = b;
    });
    f32[at + CLIP_AT] = spec.clip;
    i32[at + COUPLED_AT] = Number(spec.coupled);
    i32[at + REPLACE_AT] = Number(spec.replace);
    i32.set(active, (addresses.active as number) >> 2);
    const initial = this.#initial(f32, regions.weights, batch, state);
    rows.forEach((row, place) => {
      const put = (from: Float32Array, size: number, to: number) =>
        f32.set(from.subarray(row * size, (row + 1) * size), to >> 2);
      const { y, c, dropped: kept } = addresses;
      put(initial.hidden, outputSize, (y as number) + place * output * 4);
      if (initial.cell)
        put(initial.cell, hiddenSize, (c as number) + place * hidden * 4);
      if (dropped)
        put(dropped, outputSize, (kept as number) + place * output * 4);
    });
    const { z: sums, y, c } = addresses as Record<"z" | "y" | "c", number>;
    kernel.product(
      weights(places.input),
      x.at,
      x.stride,
      sums,
      z * 4,
      count,
      this.inputLanes,
      z / 16,
      0,
    );
    kernel.forward(record);
    const ends = {
      hidden: initial.hidden.slice(),
      cell: initial.cell?.slice() ?? null,
    };
    rows.forEach((row, place) => {
      const last = packing.offsets[packing.stepsOf(row) - 1] as number;
      const from = first + last + place;
      const take = (to: Float32Array, size: number, start: number) =>
        to.set(f32.subarray(start >> 2, (start >> 2) + size), row * size);
      take(ends.hidden, outputSize, y + from * output * 4);
      if (ends.cell) take(ends.cell, hiddenSize, c + from * hidden * 4);
    });
    return {
      record,
      packing,
      x,
      y: { at: y + first * output * 4, stride: output * 4, size: outputSize },
      hPrevious: separate ? (addresses.before as number) : y,
      given: state !== null,
      ends,
    };
  }

  #initial(
    f32: Float32Array,
    weights: number,
    batch: number,
    state: CellStates | null,
  ): CellStates {
    if (state) return state;
    const { hiddenSize, outputSize, kind } = this.spec;
    const of = (size: number, place: number) => {
      const all = new Float32Array(batch * size);
      if (place < 0) return all;
      const at = (weights >> 2) + place;
      for (let row = 0; row < batch; row++)
        all.set(f32.subarray(at, at + size), row * size);
      return all;
    };
    const { hidden0, cell0 } = this.#places;
    return {
      hidden: of(outputSize, hidden0),
      cell: kind === "lstm" ? of(hiddenSize, cell0) : null,
    };
  }

  /**
   * Back through the cell; adds to the gradients of its parameters.
   *
   * @param dy gradient of the packed outputs
   * @param ends gradient of the final states; becomes, in place, that of the first ones
   * @param trains whether parameters but a learned state change
   * @param needs whether the gradient of x is wanted
   */
  backward(
    { kernel, arena, regions }: Machine,
    tape: CellTape,
    dy: Rows,
    ends: Ends,
    trains: boolean,
    needs: boolean,
  ): Rows | null {
    const { hidden, output, spec, inputLanes } = this;
    const { kind, hiddenSize, outputSize } = spec;
    const { record, packing, x } = tape;
    const { rows, count } = packing;
    const z = this.#z;
    const outputPanels = panelsOf(output);
    const dh = arena.zeros(rows.length * outputPanels);
    const lstm = kind === "lstm";
    const dc = lstm ? arena.zeros(rows.length * hidden) : 0;
    const projected = lstm && outputSize !== hiddenSize;
    const dp = projected ? arena.floats(count * outputPanels) : 0;
    const { i32 } = arena.memory;
    let { f32 } = arena.memory;
    const field = (name: CellField) => (record >> 2) + FIELD[name];
    const set = (name: CellField, value: number) => (i32[field(name)] = value);
    set("dy", dy.at);
    set("dyStride", dy.stride);
    set("dh", dh);
    set("dc", dc);
    set("dp", dp);
    rows.forEach((row, place) => {
      const { hidden: h, cell: c } = ends;
      f32.set(
        h.subarray(row * outputSize, (row + 1) * outputSize),
        (dh >> 2) + place * outputPanels,
      );
      if (c)
        f32.set(
          c.subarray(row * hiddenSize, (row + 1) * hiddenSize),
          (dc >> 2) + place * hidden,
        );
    });
    kernel.backward(record);
    const at = (name: CellField) => i32[field(name)] as number;
    const sums = at("z");
    const places = this.#places;
    const gradient = (place: number) => regions.gradients + place * 4;
    if (trains) {
      const add = (
        from: number,
        stride: number,
        k: number,
        da: number,
        daStride: number,
        lanes: number,
        place: number,
      ) =>
        kernel.weightGradient(
          from,
          stride * 4,
          k,
          da,
          daStride * 4,
          lanes / 16,
          gradient(place),
          count,
          regions.scratch,
        );
      const { hPrevious } = tape;
      const recurrentLanes = this.#recurrentLanes;
      add(x.at, x.stride / 4, inputLanes, sums, z, z, places.input);
      add(hPrevious, output, output, sums, z, recurrentLanes, places.recurrent);
      const u = at("u");
      if (projected)
        add(
          u,
          panelsOf(hidden),
          hidden,
          dp,
          outputPanels,
          outputPanels,
          places.second,
        );
      else if (this.#kind === "gruAfter")
        add(
          hPrevious,
          output,
          output,
          u,
          outputPanels,
          outputPanels,
          places.second,
        );
      else if (this.#kind === "gruBefore") {
        const candidate = sums + recurrentLanes * 4;
        add(u, outputPanels, output, candidate, z, outputPanels, places.second);
      }
    }
    rows.forEach((row, place) => {
      const from = (dh >> 2) + place * outputPanels;
      ends.hidden.set(f32.subarray(from, from + outputSize), row * outputSize);
      const c = (dc >> 2) + place * hidden;
      ends.cell?.set(f32.subarray(c, c + hiddenSize), row * hiddenSize);
    });
    ends.direct?.forEach((value, i) => {
      ends.hidden[i] = (ends.hidden[i] as number) + value;
    });
    if (!tape.given) this.#learn(f32, gradient, ends);
    if (!needs) return null;
    const lanes = panelsOf(inputLanes);
    const dx = arena.floats(count * lanes);
    ({ f32 } = arena.memory);
    kernel.product(
      regions.transposed + places.inputBack * 4,
      sums,
      z * 4,
      dx,
      lanes * 4,
      count,
      z,
      lanes / 16,
      0,
    );
    return { at: dx, stride: lanes * 4, size: spec.inputSize };
  }

  /** Adds the gradients of all rows' first states to that of the learned one. */
  #learn(
    f32: Float32Array,
    gradient: (place: number) => number,
    { hidden, cell }: Ends,
  ): void {
    const add = (rows: Float32Array, size: number, place: number) => {
      if (place < 0) return;
      const at = gradient(place) >> 2;
      for (let i = 0; i < rows.length; i++) {
        const to = at + (i % size);
        f32[to] = (f32[to] as number) + (rows[i] as number);
      }
    };
    add(hidden, this.spec.outputSize, this.#places.hidden0);
    if (cell) add(cell, this.spec.hiddenSize, this.#places.cell0);
  }
}
