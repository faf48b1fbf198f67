import type { Kernel, Pass } from "./contract.js";
import { type Backend, createMachine, type Machine } from "./load.js";
import type { Memory } from "./memory.js";
import {
  type Cell,
  inputPanels,
  pack,
  packedBytes,
  quadsOf,
  scratchFloats,
} from "./panels.js";

/** A layer's part of a network: one cell, or one a direction, over the same input. */
export interface StageSpec {
  readonly cells: readonly Cell[];
  /** Only the last step's output goes on (many-to-one). */
  readonly lastOnly: boolean;
}

/** A cell in place: its record, and where its state lies in a block of states. */
export interface PlacedCell {
  readonly cell: Cell;
  readonly record: number; // address
  readonly run: Pass;
  /** Floats of one row: of h and c, and where they begin among all states of one row (c after h). */
  readonly hWidth: number;
  readonly cWidth: number;
  readonly hAt: number;
  readonly cAt: number;
  /** Where this direction's lanes begin in a row of y, in floats. */
  readonly lane: number;
}

export interface Stage {
  readonly cells: readonly PlacedCell[];
  readonly lastOnly: boolean;
  readonly inputSize: number; // floats of an input row as the user gives it
  readonly inputWidth: number; // as the kernel reads it: padded
  readonly outputSize: number; // D·O
  readonly outputWidth: number; // floats of a row of y: each direction padded to whole quads
  readonly zWidth: number; // floats of a row of z
  readonly scratch: number; // floats behind z, for each row
}

const FIRST_ADDRESS = 1024; // below it the compiler folds constant offsets
const align = (bytes: number): number => (bytes + 15) & ~15;

/**
 * Layers packed into one memory with one kernel instance. It holds no sizes but those of its weights: what runs
 * over it (forward.ts, slots.ts) lays states and buffers behind them.
 */
export class Network {
  readonly stages: readonly Stage[];
  /** Floats of all states of one row. */
  readonly stateFloats: number;
  readonly backend: Backend;
  readonly memory: Memory;
  /** The first byte behind the weights. */
  readonly weightsEnd: number;

  constructor(specs: readonly StageSpec[], backend: Backend | "auto") {
    const machine = createMachine(backend);
    this.backend = machine.backend;
    this.memory = machine.memory;
    const planned = plan(specs, machine);
    this.stages = planned.stages;
    this.stateFloats = planned.stateFloats;
    this.weightsEnd = planned.end;
    this.memory.ensure(planned.end);
    this.repack();
  }

  /** Writes the layers' weights, as they are now, into the memory. */
  repack(): void {
    for (const stage of this.stages) {
      for (const { cell, record } of stage.cells) {
        pack(
          this.memory,
          record,
          cell,
          stage.inputWidth,
          stage.outputWidth * 4,
        );
      }
    }
  }

  get inputSize(): number {
    return (this.stages[0] as Stage).inputSize;
  }

  get outputSize(): number {
    return (this.stages.at(-1) as Stage).outputSize;
  }
}

function plan(
  specs: readonly StageSpec[],
  { kernel }: Machine,
): { stages: Stage[]; stateFloats: number; end: number } {
  const stages: Stage[] = [];
  let address = FIRST_ADDRESS;
  let stateFloats = 0;
  let before: Stage | undefined;
  for (const { cells, lastOnly } of specs) {
    const { inputSize } = cells[0] as Cell;
    // Straight from the stage before, whose padded rows the kernel reads as they lie; a bidirectional stage's
    // rows are padded in the middle and are copied.
    const inputWidth =
      before?.cells.length === 1
        ? before.outputWidth
        : inputSize + (inputSize & 1);
    const placed = cells.map((cell, direction) => {
      const recurrent = cell.kind !== "linear";
      const hWidth = recurrent ? quadsOf(cell.outputSize) * 4 : 0;
      const cWidth = cell.kind === "lstm" ? quadsOf(cell.hiddenSize) * 4 : 0;
      const place: PlacedCell = {
        cell,
        record: address,
        run: runOf(kernel, cell),
        hWidth,
        cWidth,
        hAt: stateFloats,
        cAt: stateFloats + hWidth,
        lane: direction * quadsOf(cell.outputSize) * 4,
      };
      address = align(address + packedBytes(cell, inputWidth));
      stateFloats += hWidth + cWidth;
      return place;
    });
    before = {
      cells: placed,
      lastOnly,
      inputSize,
      inputWidth,
      outputSize: cells.reduce((sum, cell) => sum + cell.outputSize, 0),
      outputWidth: cells.reduce(
        (sum, cell) => sum + quadsOf(cell.outputSize) * 4,
        0,
      ),
      zWidth: Math.max(...cells.map((cell) => inputPanels(cell) * 16)),
      scratch: Math.max(...cells.map(scratchFloats)),
    };
    stages.push(before);
  }
  return { stages, stateFloats, end: address };
}

function runOf(kernel: Kernel, cell: Cell): Pass {
  return kernel[cell.kind];
}
