import type { Backend } from "../load.js";
import { Arena, type Rows } from "./arena.js";
import { scratchFloats } from "./contract.js";
import { createTrainMachine } from "./load.js";
import { type OperationSpec, operationsOf } from "./operations.js";
import { type Steps, stepsOf } from "./packing.js";
import { collect, Layout, type Place, scatter } from "./parameters.js";
import { addSkipped, packed, unpacked } from "./rows.js";
import type {
  BackFlow,
  CellStates,
  Draw,
  Flow,
  Machine,
  Operation,
  Step,
} from "./run.js";
import { BY_HAND, Meter, type Work } from "./work.js";

export interface NetworkOptions {
  readonly backend: Backend | "auto";
  readonly deterministic: boolean;
  /** Of the input, how many features are added to the output's. */
  readonly skip: number;
  /** Whether a parameter changes. */
  readonly trained: (name: string) => boolean;
  /** Bytes for the tape of a run: where it would take more, cells are computed twice. */
  readonly memory: number;
}

/** Sequences to run: a shard of a batch, or all of it. */
export interface TapeRun {
  /** (B, T, I), or tokens (B, T). */
  readonly input: Float32Array;
  readonly batch: number;
  readonly steps: number;
  readonly lengths: readonly number[] | null;
  readonly mask: Uint8Array | null;
  /** One a cell; null, or none: its initial state. */
  readonly states: readonly (CellStates | null)[];
  readonly draw: Draw | null;
  readonly logits: boolean;
}

/** What a run forward leaves. */
export interface Tape {
  /** (B, T, O), or (B, O) behind a layer that gives the last step alone; 0 past a row's end. */
  readonly output: Float32Array;
  readonly steps: Steps;
  readonly ends: readonly CellStates[];
  /** @internal */
  readonly start: number;
  readonly run: TapeRun;
  readonly backs: readonly Step[];
}

export interface Gradients {
  /** (B, T, I), where asked for. */
  readonly input: Float32Array | null;
  /** One a cell; null where none was given. */
  readonly states: readonly (CellStates | null)[];
}

/**
 * A model's operations in a memory of their own, with room for their gradients:
 *
 *     weights | transposed weights | gradients of a run | sum of the runs' | scratch | the tape …
 */
export class Network {
  readonly backend: Backend;
  /** The parameters that have gradients. */
  readonly places: readonly Place[];
  readonly #packed: readonly Place[];
  readonly #operations: readonly Operation[];
  readonly #machine: Machine;
  readonly #arena: Arena;
  readonly #sum: number;
  readonly #floats: number;
  readonly #start: number;
  readonly #skip: number;
  readonly #tokens: boolean;
  readonly #memory: number;
  /** The operation whose function a loss may take over: the last that computes something. */
  readonly #ending: number;
  /** Floats of the tape that a step of a row takes, about. */
  readonly stepFloats: number;
  /** For each operation whether gradients must come through it to one before. */
  readonly #needs: readonly boolean[];

  constructor(specs: readonly OperationSpec[], options: NetworkOptions) {
    const { kernel, memory, backend } = createTrainMachine(
      options.backend,
      options.deterministic,
    );
    this.backend = backend;
    const layout = new Layout();
    const trained = (names: readonly string[]) => names.some(options.trained);
    this.#operations = operationsOf(specs, layout, trained);
    this.#packed = layout.places;
    this.places = layout.places.filter(({ fixed }) => !fixed);
    this.#skip = options.skip;
    this.#memory = options.memory;
    this.#tokens = specs[0]?.type === "embedding";
    this.#ending = specs.reduce(
      (last, { type }, index) => (type === "dropout" ? last : index),
      -1,
    );
    this.#floats = layout.weights;
    const arena = new Arena(memory, FIRST_ADDRESS);
    const widest = Math.max(4, ...this.#operations.map((each) => each.widest));
    const regions = {
      weights: arena.zeros(layout.weights),
      transposed: arena.zeros(layout.transposed),
      gradients: arena.zeros(layout.weights),
      scratch: arena.floats(scratchFloats(widest)),
    };
    this.#sum = arena.zeros(layout.weights);
    this.#arena = arena;
    this.#start = arena.top;
    this.#machine = { kernel, arena, regions, meter: new Meter() };
    this.stepFloats = this.#operations.reduce(
      (sum, each) => sum + each.stepFloats,
      0,
    );
    let below = false;
    this.#needs = this.#operations.map((operation) => {
      const needs = below;
      below ||= trained(operation.names);
      return needs;
    });
  }

  /** Writes the panels of weights by their names. */
  *pack(valueOf: (name: string) => Float32Array): Work {
    const { weights, transposed } = this.#machine.regions;
    const { f32 } = this.#arena.memory;
    const w = weights >> 2;
    const t = transposed >> 2;
    for (const place of this.#packed)
      if (place.shared)
        for (let row = 0; row < place.rows; row++)
          f32[w + place.lineOf(row).start] = 0;
    for (const place of this.#packed) {
      const { name, lineOf, backOf } = place;
      const values = valueOf(name);
      for (const [from, to] of this.#piecesOf(place)) {
        scatter(f32, w, place, lineOf, values, from, to);
        if (backOf) scatter(f32, t, place, backOf, values, from, to);
        if (this.#full((to - from) * place.columns * 2)) yield;
      }
    }
  }

  /** A parameter's rows, as many at a time as make a piece of work. */
  *#piecesOf({ rows, columns }: Place): Iterable<[from: number, to: number]> {
    const { piece } = this.#machine.meter;
    const most = Math.max(1, Math.floor(piece / BY_HAND / columns));
    for (let from = 0; from < rows; from += most)
      yield [from, Math.min(rows, from + most)];
  }

  /** Whether it is time to stop, after a loop over so many numbers. */
  #full(numbers: number): boolean {
    return this.#machine.meter.full(numbers * BY_HAND);
  }

  /** Runs forward; the tape is good until the next run, unless it is saved. */
  *forward(run: TapeRun): Work<Tape> {
    const { arena } = this.#machine;
    arena.top = this.#start;
    const steps = stepsOf(run.batch, run.steps, run.lengths, run.mask);
    const { input, batch } = run;
    const size = input.length / (batch * run.steps);
    const { packing } = steps;
    const most = Math.max(
      1,
      Math.floor(this.#memory / (4 * batch * this.stepFloats)),
    );
    const flow: Flow = {
      rows: this.#tokens
        ? NOTHING
        : packed(arena, packing, input, run.steps, size, false),
      steps,
      tokens: this.#tokens ? input : null,
      states: [...run.states],
      ends: [],
      draw: run.draw,
      logits: false,
      chunk: run.steps > most ? most : 0,
    };
    if (this.#full(input.length)) yield;
    const backs: Step[] = [];
    for (const [index, operation] of this.#operations.entries()) {
      flow.logits = run.logits && index === this.#ending;
      const made = operation.forward(this.#machine, flow);
      backs.push("back" in made ? made : yield* made);
      if (this.#full(sizeOfRows(flow))) yield;
    }
    const { steps: after } = flow;
    const output = unpacked(
      arena,
      after.packing,
      flow.rows,
      batch,
      after.steps,
    );
    addSkipped(output, input, this.#skip, after);
    if (this.#full(output.length)) yield;
    return {
      output,
      steps: flow.steps,
      ends: flow.ends,
      start: this.#start,
      run,
      backs,
    };
  }

  /** A copy of what a tape needs of the memory: other runs may come between. */
  save(): Float32Array {
    return this.#arena.save(this.#start);
  }

  restore(copy: Float32Array): void {
    this.#arena.restore(this.#start, copy);
  }

  /**
   * Back through a tape; the gradients of the parameters are added to the sum.
   *
   * @param output gradient of the tape's output, of its shape; null: 0
   * @param ends gradients of the final states, one a cell; null: 0
   * @param wantsInput whether that of the input is wanted
   */
  *backward(
    tape: Tape,
    output: ArrayLike<number> | null,
    ends: readonly (CellStates | null)[],
    wantsInput = false,
    wantsStates = false,
  ): Work<Gradients> {
    const { kernel, regions, arena } = this.#machine;
    const { f32 } = arena.memory;
    const g = regions.gradients >> 2;
    f32.fill(0, g, g + this.#floats);
    const flow: BackFlow = {
      rows: packed(
        arena,
        tape.steps.packing,
        output,
        tape.steps.steps,
        tape.output.length / (tape.run.batch * tape.steps.steps),
        true,
      ),
      ends: [...ends].reverse(),
      states: [],
    };
    if (!flow.ends.length) flow.ends.push(...tape.ends.map(() => null));
    for (let i = tape.backs.length - 1; i >= 0; i--) {
      const needs =
        (wantsInput && !this.#tokens) ||
        wantsStates ||
        (this.#needs[i] as boolean);
      if (!flow.rows) break;
      const { size } = flow.rows;
      const work = tape.backs[i]?.back(flow, needs);
      if (work) yield* work;
      if (this.#full(tape.steps.packing.count * size)) yield;
    }
    kernel.add(this.#sum, regions.gradients, this.#floats * 4);
    const input = wantsInput && flow.rows ? this.#input(flow.rows, tape) : null;
    if (input && output) addSkipped(input, output, this.#skip, tape.steps);
    return { input, states: flow.states.reverse() };
  }

  #input(rows: Rows, { run }: Tape): Float32Array {
    const { batch, steps, lengths } = run;
    const { packing } = stepsOf(batch, steps, lengths, null);
    return unpacked(this.#arena, packing, rows, batch, steps);
  }

  /** Sets the sum to 0. */
  clear(): void {
    const { f32 } = this.#arena.memory;
    f32.fill(0, this.#sum >> 2, (this.#sum >> 2) + this.#floats);
  }

  /** The sum of one shard or several, as it lies in memory: a copy. */
  takeSum(): Float32Array {
    const { f32 } = this.#arena.memory;
    return f32.slice(this.#sum >> 2, (this.#sum >> 2) + this.#floats);
  }

  /** Adds another's sum, by way of the gradients of a run. */
  addSum(other: Float32Array): void {
    const { kernel, regions } = this.#machine;
    this.#arena.memory.f32.set(other, regions.gradients >> 2);
    kernel.add(this.#sum, regions.gradients, this.#floats * 4);
  }

  /** The gradient of a parameter, from the sum. */
  *gradient(
    place: Place,
    values: Float32Array = new Float32Array(place.rows * place.columns),
  ): Work<Float32Array> {
    const { f32 } = this.#arena.memory;
    for (const [from, to] of this.#piecesOf(place)) {
      collect(f32, this.#sum >> 2, place, values, from, to);
      if (this.#full((to - from) * place.columns)) yield;
    }
    return values;
  }
}

const sizeOfRows = ({ rows, steps }: Flow): number =>
  steps.packing.count * rows.size;

const NOTHING: Rows = { at: 0, stride: 0, size: 0 };

/** Behind the binaries' own data, which end below 1400. */
const FIRST_ADDRESS = 2048;
