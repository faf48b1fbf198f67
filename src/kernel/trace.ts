import type { PlacedCell, Stage } from "./network.js";
import type { Cell } from "./cells/cell.js";

/** The gates of one cell over a run of one row, by name, each (T, H); hidden (T, O). */
export type Gates = Readonly<Record<string, Float32Array>>;

/** Collects the kernel's trace buffer, chunk by chunk, for one row of T steps. */
export class TraceSink {
  readonly #gates = new Map<Cell, Gates>();
  readonly #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Copies the steps from `start`: gates from `trace`, outputs from `y` (addresses). */
  collect(
    f32: Float32Array,
    stage: Stage,
    { cell }: PlacedCell,
    trace: number,
    y: number,
    start: number,
    count: number,
  ): void {
    const { hiddenSize, outputSize, traced } = cell;
    const gates = this.of(cell);
    for (let t = 0; t < count; t++) {
      const output = (y >> 2) + t * stage.outputWidth;
      const hidden = f32.subarray(output, output + outputSize);
      gates["hidden"]?.set(hidden, (start + t) * outputSize);
      traced.forEach(({ name, complement }, gate) => {
        const values = gates[name] as Float32Array;
        for (let unit = 0; unit < hiddenSize; unit++) {
          const quad = (unit >> 2) * traced.length + gate;
          const at = (trace >> 2) + t * stage.traced + quad * 4 + (unit & 3);
          const value = f32[at] as number;
          values[(start + t) * hiddenSize + unit] = complement
            ? 1 - value
            : value;
        }
      });
    }
  }

  /** The gates of a cell; zeros where nothing has been collected. */
  of(cell: Cell): Gates {
    const found = this.#gates.get(cell);
    if (found) return found;
    const gates: Record<string, Float32Array> = {};
    for (const { name } of cell.traced) {
      gates[name] = new Float32Array(this.#steps * cell.hiddenSize);
    }
    gates["hidden"] = new Float32Array(this.#steps * cell.outputSize);
    this.#gates.set(cell, gates);
    return gates;
  }
}
