import { TRACED_GATES } from "./contract.js";
import type { PlacedCell, Stage } from "./network.js";
import { quadsOf } from "./panels.js";

/** The gates of one cell over a run of one row, each (T, H); hidden (T, O). */
export interface TracedCell {
  readonly cell: PlacedCell;
  readonly gates: Readonly<Record<string, Float32Array>>;
}

const GATES = {
  lstm: ["input", "forget", "candidate", "output", "cell"],
  gru: ["reset", "update", "candidate"],
} as const;

/** Collects what the kernel leaves in its trace buffer, chunk by chunk, for one row of T steps. */
export class TraceSink {
  readonly cells: TracedCell[] = [];
  readonly #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Floats that one step of a stage writes to the trace. */
  floats(stage: Stage): number {
    const { kind, hiddenSize } = (stage.cells[0] as PlacedCell).cell;
    return kind === "lstm" || kind === "gru"
      ? quadsOf(hiddenSize) * TRACED_GATES[kind] * 4
      : 0;
  }

  /** Takes over the steps from `start`: gates from `trace`, outputs from `y` (addresses). */
  collect(
    f32: Float32Array,
    stage: Stage,
    place: PlacedCell,
    trace: number,
    y: number,
    start: number,
    count: number,
  ): void {
    const { kind, hiddenSize, outputSize, replace } = place.cell;
    if (kind === "linear") return;
    const names = kind === "rnn" ? [] : GATES[kind];
    const { gates } = this.#of(place, names);
    const floats = this.floats(stage);
    for (let t = 0; t < count; t++) {
      const hidden = (y >> 2) + t * stage.outputWidth;
      (gates.hidden as Float32Array).set(
        f32.subarray(hidden, hidden + outputSize),
        (start + t) * outputSize,
      );
      names.forEach((name, gate) => {
        const values = gates[name] as Float32Array;
        // The kernel's update gate keeps h; one that replaces it is its complement.
        const complement = name === "update" && replace;
        for (let unit = 0; unit < hiddenSize; unit++) {
          const quad =
            (trace >> 2) + t * floats + (unit >> 2) * names.length * 4;
          const value = f32[quad + gate * 4 + (unit & 3)] as number;
          values[(start + t) * hiddenSize + unit] = complement
            ? 1 - value
            : value;
        }
      });
    }
  }

  #of(cell: PlacedCell, names: readonly string[]): TracedCell {
    let traced = this.cells.find((one) => one.cell === cell);
    if (!traced) {
      const gates: Record<string, Float32Array> = {};
      for (const name of names)
        gates[name] = new Float32Array(this.#steps * cell.cell.hiddenSize);
      gates.hidden = new Float32Array(this.#steps * cell.cell.outputSize);
      traced = { cell, gates };
      this.cells.push(traced);
    }
    return traced;
  }
}
