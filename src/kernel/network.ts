import type { Cell, StatePart, Window } from "./cells/cell.js";
import type { KernelFunction, Pass } from "./contract.js";
import type { Backend } from "./load.js";
import type { Memory } from "./memory.js";
import type { MergeMode } from "./merge.js";
import { PlacedWeights } from "./place.js";
import { RUN_BYTES, writeLayer } from "./run.js";
import { align, lanesOf, PANEL } from "./sizes.js";
import { Allocation } from "./allocation.js";

/** A layer's part of a network: one cell per direction, over the same input. */
export interface StageSpec {
  readonly cells: readonly Cell[];
  /** Whether only the last step's output is passed on (many-to-one). */
  readonly lastOnly: boolean;
  /** How the outputs of two directions are merged. */
  readonly merge: MergeMode;
  /** The first output that goes on is that of the step computed first: of one reverse cell, the last. */
  readonly inProcessingOrder: boolean;
}

/** A cell in place: its record, and where its state lies in a block of states. */
export interface PlacedCell {
  readonly cell: Cell;
  readonly weights: PlacedWeights;
  readonly run: Pass;
  /** Addresses of the records that `run` takes: a call's, and that of a stream's step, which stays as it is. */
  readonly call: number;
  readonly step: number;
  readonly states: readonly PlacedState[];
  /** Where this direction's lanes begin in a row of y, and its outputs in a row of the user's. */
  readonly lane: number;
  readonly outputAt: number;
}

/** A part of a cell's state: floats of one row, and where they begin among all states of one row. */
export interface PlacedState {
  readonly part: StatePart;
  readonly width: number;
  readonly at: number;
}

export interface Stage {
  readonly cells: readonly PlacedCell[];
  readonly lastOnly: boolean;
  readonly merge: MergeMode;
  readonly inProcessingOrder: boolean;
  /** Needs no step but those before, and gives as many as come in. */
  readonly causal: boolean;
  readonly window: Window | null;
  readonly inputSize: number; // floats of an input row as the user gives it
  readonly inputWidth: number; // as the kernel reads it: padded
  readonly outputSize: number; // D·O, or O when the directions merge
  readonly joinedSize: number; // D·O
  readonly outputWidth: number; // floats of a row of y: each direction padded to whole quads
  readonly zWidth: number; // floats of a row of z
  readonly scratch: number; // floats behind z, for each row
  readonly traced: number; // floats that a step leaves in the trace
  readonly threads: number; // that may run it together
}

/**
 * Layers packed into a block of a memory, whose kernel runs them. It holds no sizes but those of its weights: what runs
 * over it (forward.ts, model.ts) lays states and buffers behind all blocks.
 */
export class Network {
  readonly backend: Backend;
  readonly memory: Memory;
  readonly stages: readonly Stage[];
  readonly cells: readonly PlacedCell[];
  /** Floats of all states of one row. */
  readonly stateFloats: number;
  readonly #allocation: Allocation;

  constructor(specs: readonly StageSpec[], wanted: Backend | "auto") {
    const integers = specs.some(({ cells }) =>
      cells.some(({ format }) => format.integer),
    );
    const sized = new Plan(() => unplaced, 0, 1);
    for (const spec of specs) sized.place(spec);
    this.#allocation = Allocation.begin(this, wanted, integers, sized.address);
    const { backend, memory, dots, threads, functionOf } =
      this.#allocation.machine;
    this.backend = backend;
    this.memory = memory;
    const address = this.#allocation.take(sized.address);
    const plan = new Plan(functionOf, address, threads);
    this.stages = specs.map((spec) => plan.place(spec));
    this.cells = this.stages.flatMap((stage) => stage.cells);
    this.stateFloats = plan.stateFloats;
    for (const { cells, outputWidth } of this.stages)
      for (const { weights, call, step } of cells) {
        weights.writeRecord(memory, outputWidth * 4, dots);
        for (const run of [call, step]) writeLayer(memory, run, weights.record);
      }
    this.repack();
  }

  /** Writes the layers' weights, as they are now, into the memory. */
  repack(): void {
    for (const { weights } of this.cells) weights.writeWeights(this.memory);
  }

  /** The address of a block of zeros that is the network's for good. */
  take(bytes: number): number {
    return this.#allocation.take(bytes);
  }

  /** Frees its blocks; it must not be used afterwards. */
  dispose(): void {
    this.#allocation.free();
  }

  get first(): Stage {
    return this.stages[0] as Stage;
  }

  get last(): Stage {
    return this.stages.at(-1) as Stage;
  }
}

const unplaced: Pass = () => {};

/** Gives stages their places, one after another. */
class Plan {
  readonly #functionOf: (of: KernelFunction) => Pass;
  readonly #threads: number;
  /** The first free byte. */
  address: number;
  stateFloats = 0;
  #before: Stage | null = null;

  constructor(
    functionOf: (of: KernelFunction) => Pass,
    address: number,
    threads: number,
  ) {
    this.#functionOf = functionOf;
    this.address = address;
    this.#threads = threads;
  }

  place({ cells, lastOnly, merge, inProcessingOrder }: StageSpec): Stage {
    const [{ inputSize, hiddenSize, traced, window }] = cells as [Cell];
    // Straight from the stage before, whose padded rows the kernel reads as they lie; a bidirectional stage's
    // rows are padded in the middle and are copied.
    const before = this.#before;
    const chained = before?.cells.length === 1;
    const inputWidth = chained
      ? before.outputWidth
      : inputSize + (inputSize & 1);
    const total = (of: (cell: Cell) => number, up = cells.length) =>
      cells.slice(0, up).reduce((sum, cell) => sum + of(cell), 0);
    const size = (cell: Cell) => cell.outputSize;
    const width = (cell: Cell) => lanesOf(cell.outputSize);
    this.#before = {
      cells: cells.map((cell, direction) => ({
        ...this.#placeCell(cell, inputWidth),
        lane: total(width, direction),
        outputAt: total(size, direction),
      })),
      lastOnly,
      merge,
      inProcessingOrder,
      causal: cells.length === 1 && !cells[0]?.reverse && !window,
      window,
      inputSize,
      inputWidth,
      outputSize: merge === "concat" ? total(size) : total(size, 1),
      joinedSize: total(size),
      outputWidth: total(width),
      zWidth: Math.max(...cells.map((cell) => cell.zPanels * PANEL)),
      scratch: Math.max(...cells.map((cell) => cell.scratch)),
      traced: traced.length * lanesOf(hiddenSize),
      threads: this.#threads,
    };
    return this.#before;
  }

  #placeCell(cell: Cell, inputWidth: number) {
    const weights = new PlacedWeights(cell, this.address, inputWidth);
    const call = align(weights.end);
    const step = call + RUN_BYTES;
    this.address = step + RUN_BYTES;
    const states = cell.states.map((part) => {
      const at = this.stateFloats;
      const width = lanesOf(part.size);
      this.stateFloats += width;
      return { part, width, at };
    });
    const run = this.#functionOf(cell.run);
    return { cell, weights, run, call, step, states };
  }
}
