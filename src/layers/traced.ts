import {
  type Cell,
  type CellState,
  type Gates,
  type Model,
  TraceSink,
} from "../kernel/model.js";
import type { Tensor } from "../tensor.js";
import type { Sequences } from "./input.js";

/**
 * The gates of every layer and direction. LSTM: input, forget, candidate, output, cell, hidden. GRU: reset,
 * update, candidate, hidden. RNN: hidden. Each [B, T, H] or [T, H]; hidden [.., O].
 */
export type Trace = readonly TraceEntry[];
export interface TraceEntry {
  layer: number;
  direction: "forward" | "reverse";
  [gate: string]: Tensor | number | string;
}

interface TracedRun {
  readonly output: Float32Array; // (B, T, D·O) or (B, D·O)
  readonly states: readonly CellState[];
  /** Of each cell: each gate (B, T, H), hidden (B, T, O). */
  readonly gates: readonly Gates[];
}

/** Runs row by row, because the kernel leaves the gates of one row. `outputSize` numbers a row come out. */
export function runTraced(
  model: Model,
  cells: readonly Cell[],
  { data, batch, steps }: Sequences,
  states: readonly CellState[],
  lengths: readonly number[] | null,
  outputSize: number,
): TracedRun {
  const row = (values: Float32Array, index: number, count = batch) => {
    const size = values.length / count;
    return values.subarray(index * size, (index + 1) * size);
  };
  const output = new Float32Array(batch * outputSize);
  const runs = Array.from({ length: batch }, (_, index) => {
    const valid = lengths?.[index] ?? steps;
    const input = row(data, index);
    const sink = new TraceSink(steps);
    const result = model.forward({
      input: input.subarray(0, (input.length / steps) * valid),
      batch: 1,
      steps: valid,
      lengths: null,
      states: states.map(({ hidden, cell }) => ({
        hidden: row(hidden, index),
        cell: cell && row(cell, index),
      })),
      trace: sink,
    });
    row(output, index).set(result.output);
    return { states: result.states, gates: sink.gates };
  });
  const stack = (parts: readonly Float32Array[]): Float32Array => {
    const size = parts[0]?.length ?? 0;
    const stacked = new Float32Array(parts.length * size);
    parts.forEach((part, index) => stacked.set(part, index * size));
    return stacked;
  };
  return {
    output,
    states: cells.map((_, index) => {
      const each = runs.map((run) => run.states[index] as CellState);
      return {
        hidden: stack(each.map(({ hidden }) => hidden)),
        cell: each[0]?.cell
          ? stack(each.map(({ cell }) => cell as Float32Array))
          : null,
      };
    }),
    gates: cells.map((cell) => {
      const each = runs.map((run) => run.gates.get(cell) as Gates);
      const names = Object.keys(each[0] as Gates);
      return Object.fromEntries(
        names.map((name) => [
          name,
          stack(each.map((gates) => gates[name] as Float32Array)),
        ]),
      );
    }),
  };
}

/** The trace as users see it. */
export function traceOf(
  gates: readonly Gates[],
  directions: readonly ("forward" | "reverse")[],
  axes: readonly number[],
): Trace {
  const rows = axes.reduce((product, axis) => product * axis, 1);
  return gates.map((each, index) => {
    const entry: TraceEntry = {
      layer: Math.floor(index / directions.length),
      direction: directions[index % directions.length] as "forward",
    };
    for (const [name, data] of Object.entries(each)) {
      entry[name] = { shape: [...axes, data.length / rows], data };
    }
    return entry;
  });
}
