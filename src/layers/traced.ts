import {
  type Cell,
  type CellState,
  type ForwardRun,
  type Gates,
  type Model,
  TraceSink,
} from "../kernel/model.js";
import { concat, sizeOf, type Tensor } from "../tensor.js";

/**
 * The gates of every layer and direction. LSTM: input, forget, candidate, output, cell, hidden. GRU: reset, update,
 * candidate, hidden. RNN: hidden. Each is [B, T, H] or [T, H]; hidden is [.., O].
 */
export type Trace<Gate extends string = never> = readonly TraceEntry<Gate>[];
/** One layer in one direction; the other fields are its gates, under the names listed at `Trace`. */
export type TraceEntry<Gate extends string = never> = {
  layer: number;
  direction: "forward" | "reverse";
} & Record<Gate, Tensor> & { [gate: string]: Tensor | number | string };

export interface LayerResult {
  readonly output: Float32Array; // (B, T, D·O) or (B, D·O)
  readonly states: readonly CellState[];
  /** One entry per cell: each gate (B, T, H), hidden (B, T, O); null unless traced. */
  readonly gates: readonly Gates[] | null;
}

/** Runs a layer with these cells, recording its gates if `trace` is set. */
export function runLayer(
  model: Model,
  cells: readonly Cell[],
  run: ForwardRun,
  trace: boolean,
): LayerResult {
  if (trace) return runTraced(model, cells, run);
  const { output, states } = model.forward(run);
  return { output, states, gates: null };
}

/** Runs row by row, because the kernel keeps the gates of only one row. */
function runTraced(
  model: Model,
  cells: readonly Cell[],
  run: ForwardRun,
): LayerResult {
  const { input: data, batch, steps, lengths, states } = run;
  const row = (values: Float32Array, index: number) => {
    const size = values.length / batch;
    return values.subarray(index * size, (index + 1) * size);
  };
  const { lastOnly } = model.network.last;
  const runs = Array.from({ length: batch }, (_, index) => {
    const valid = lengths?.[index] ?? steps;
    const stepsRun = Math.max(1, valid); // even a row of no steps has final states
    const input = row(data, index);
    const sink = new TraceSink(steps);
    const result = model.forward({
      ...run,
      input: input.subarray(0, (input.length / steps) * stepsRun),
      batch: 1,
      steps: stepsRun,
      lengths: valid ? null : [0],
      states: states.map(
        (state) => state && mapParts(state, (_, values) => row(values, index)),
      ),
      trace: sink,
    });
    const own = result.output;
    const output = new Float32Array(
      lastOnly ? own.length : (own.length / stepsRun) * steps,
    );
    output.set(own);
    return { output, states: result.states, sink };
  });
  return {
    output: concat(runs.map((run) => run.output)),
    states: cells.map((_, index) => {
      const each = runs.map((run) => run.states[index] as CellState);
      return mapParts(each[0] as CellState, (name) =>
        concat(each.map((state) => state[name] as Float32Array)),
      );
    }),
    gates: cells.map((cell) => {
      const each = runs.map(({ sink }) => sink.of(cell));
      const names = Object.keys(each[0] as Gates);
      return Object.fromEntries(
        names.map((name) => [
          name,
          concat(each.map((gates) => gates[name] as Float32Array)),
        ]),
      );
    }),
  };
}

const mapParts = (
  state: CellState,
  map: (name: string, values: Float32Array) => Float32Array,
): CellState =>
  Object.fromEntries(
    Object.entries(state).map(([name, values]) => [name, map(name, values)]),
  );

/** The trace as users see it. */
export function traceOf(
  gates: readonly Gates[],
  directions: readonly ("forward" | "reverse")[],
  axes: readonly number[],
  arrange: (gate: Tensor) => Tensor = (gate) => gate,
): Trace {
  const rows = sizeOf(axes);
  return gates.map((each, index) => {
    const entry: TraceEntry = {
      layer: Math.floor(index / directions.length),
      direction: directions[index % directions.length] as "forward",
    };
    for (const [name, data] of Object.entries(each)) {
      entry[name] = arrange({ shape: [...axes, data.length / rows], data });
    }
    return entry;
  });
}
