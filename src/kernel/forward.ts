import { type Buffers, chunkSteps, layBuffers } from "./buffers.js";
import { stepsOut } from "./cells/cell.js";
import type { Network, PlacedCell, PlacedState, Stage } from "./network.js";
import { writeCall, writeState } from "./run.js";
import { align } from "./sizes.js";
import { type CellState, StateBlock } from "./states.js";
import type { TraceSink } from "./trace.js";
import { type Chunk, formOf, Transfer } from "./transfer.js";

/** Sequences to run, and their initial states. */
export interface ForwardRun {
  readonly input: Float32Array; // (B, T, I)
  readonly batch: number;
  readonly steps: number;
  /** The valid steps of each row, which may be 0; null: all. */
  readonly lengths: readonly number[] | null;
  /** One state per cell, in the network's order; null or missing: the cell's initial state. */
  readonly states: readonly (CellState | null)[];
  /** Collects the gates; the run must then have one row. */
  readonly trace: TraceSink | null;
  /** The last stage's outputs come with both directions side by side, in the order of time, whatever it makes of them. */
  readonly asComputed?: boolean;
}

/** The results, all copies. */
export interface ForwardResult {
  readonly output: Float32Array; // (B, T, D·O), or (B, D·O) behind a stage with lastOnly
  readonly states: readonly CellState[];
  /** The steps of an output row: T, unless a stage changes it. */
  readonly steps: number;
}

/**
 * Runs B sequences through the network, from `base`, the first free byte of its memory, on. Everything comes in
 * and goes out a chunk of steps at a time, so the scratch is bounded whatever T is.
 */
export function forward(
  network: Network,
  base: number,
  run: ForwardRun,
): ForwardResult {
  const { batch, lengths } = run;
  // Longest first, so that the rows still running at any step are the first ones.
  const order = lengths && longestFirst(lengths);
  const pass = new ForwardPass(network, base, run, order);
  let source = run.input;
  let steps = run.steps;
  let sorted = order && order.map((row) => lengths?.[row] as number);
  for (const group of groupsOf(network.stages)) {
    source = pass.runGroup(group, source, steps, sorted);
    const { window } = group.first;
    steps = stepsOut(window, steps);
    sorted = sorted && sorted.map((length) => stepsOut(window, length));
    if (group.last.lastOnly) {
      steps = 1;
      sorted = null;
    }
  }
  const states = pass.states.read(network.memory.f32);
  return { output: source, states, steps };

  function longestFirst(all: readonly number[]): number[] {
    const rows = Array.from({ length: batch }, (_, row) => row);
    return rows.sort((a, b) => (all[b] as number) - (all[a] as number));
  }
}

/** A stage, or several that run in turn for each chunk because none needs later steps. */
interface Group {
  readonly stages: readonly Stage[];
  readonly first: Stage;
  readonly last: Stage;
}

function groupsOf(stages: readonly Stage[]): Group[] {
  const groups: Stage[][] = [[]];
  for (const stage of stages) {
    const { causal, lastOnly } = stage;
    if (!causal) groups.push([]);
    groups.at(-1)?.push(stage);
    if (!causal || lastOnly) groups.push([]);
  }
  return groups
    .filter((group) => group.length > 0)
    .map((group) => ({
      stages: group,
      first: group[0] as Stage,
      last: group.at(-1) as Stage,
    }));
}

class ForwardPass {
  readonly states: StateBlock;
  readonly #network: Network;
  readonly #batch: number;
  readonly #trace: TraceSink | null;
  readonly #asComputed: boolean;
  readonly #transfer: Transfer;
  readonly #lengths: number; // bytes
  readonly #buffers: number; // bytes

  constructor(
    network: Network,
    base: number,
    run: ForwardRun,
    order: readonly number[] | null,
  ) {
    const { memory, stateFloats } = network;
    const { batch } = run;
    this.#network = network;
    this.#batch = batch;
    this.#trace = run.trace;
    this.#asComputed = run.asComputed ?? false;
    const rowOf = (row: number) => (order ? (order[row] as number) : row);
    this.#transfer = new Transfer(memory, batch, rowOf);
    this.#lengths = align(base + stateFloats * batch * 4);
    this.#buffers = align(this.#lengths + batch * 4);
    memory.ensure(this.#buffers);
    this.states = new StateBlock(network, base >> 2, batch, rowOf);
    this.states.write(memory.f32, run.states);
  }

  /** source (B, T, I) → (B, T, D·O), or (B, D·O) of the last steps; T out is what the stage's window makes of T in. */
  runGroup(
    { stages, first, last }: Group,
    source: Float32Array,
    inputSteps: number,
    inputLengths: readonly number[] | null,
  ): Float32Array {
    const { window } = first;
    const input = { data: source, steps: inputSteps, ends: inputLengths };
    const steps = stepsOut(window, inputSteps);
    const lengths =
      inputLengths && inputLengths.map((length) => stepsOut(window, length));
    const most = chunkSteps(stages, this.#batch, steps);
    const traced = this.#trace
      ? Math.max(...stages.map((stage) => stage.traced))
      : 0;
    const buffers = layBuffers(
      stages,
      this.#batch,
      most,
      this.#buffers,
      traced,
    );
    this.#network.memory.ensure(buffers.end);
    const outputSteps = last.lastOnly ? 1 : steps;
    const asComputed = this.#asComputed && last === this.#network.last;
    const form = formOf(last, asComputed);
    const target = new Float32Array(this.#batch * outputSteps * form.size);
    const chunks = Math.ceil(steps / most);
    first.cells.forEach(({ cell }, direction) => {
      for (let i = 0; i < chunks; i++) {
        const start = (cell.reverse ? chunks - 1 - i : i) * most;
        const count = Math.min(most, steps - start);
        const chunk = {
          start,
          count,
          steps,
          ends: lengths,
          ...this.#running(lengths, start, count),
        };
        if (!chunk.rows) continue;
        this.#transfer.copyIn(first, input, buffers.x, chunk);
        const y = this.#runChunk(stages, direction, buffers, chunk);
        if (!last.lastOnly)
          this.#transfer.copyOut(last, direction, form, y, target, chunk);
      }
      if (!last.lastOnly) return;
      const [state] = (last.cells[direction] as PlacedCell).states;
      const h = this.states.addressOf(state as PlacedState);
      this.#transfer.copyLast(last, direction, form, h, target);
    });
    return target;
  }

  /** The number of rows with steps in this chunk, and the address of their counts if these differ. */
  #running(
    lengths: readonly number[] | null,
    start: number,
    count: number,
  ): { rows: number; lengths: number } {
    if (!lengths) return { rows: this.#batch, lengths: 0 };
    const { i32 } = this.#network.memory;
    let rows = 0;
    let equal = true;
    while (rows < this.#batch && (lengths[rows] as number) > start) {
      const own = Math.min(count, (lengths[rows] as number) - start);
      i32[(this.#lengths >> 2) + rows] = own;
      equal &&= own === count;
      rows++;
    }
    return { rows, lengths: equal ? 0 : this.#lengths };
  }

  /** Runs the stages over a chunk in x, and returns the address of the last one's output. */
  #runChunk(
    stages: readonly Stage[],
    direction: number,
    buffers: Buffers,
    { start, count, rows, lengths }: Chunk,
  ): number {
    const { memory } = this.#network;
    let x = buffers.x;
    let y = buffers.y;
    for (const stage of stages) {
      const place = stage.cells[direction] as PlacedCell;
      const lane = y + place.lane * 4;
      const trace = this.#trace && stage.traced ? buffers.trace : 0;
      const { z, integers } = buffers;
      const steps = count;
      const call = { x, z, y: lane, lengths, rows, steps, trace, integers };
      writeCall(memory, place.call, call);
      place.states.forEach((state, index) =>
        writeState(memory.i32, place.call, index, this.states.addressOf(state)),
      );
      place.run(place.call);
      this.#trace?.collect(memory.f32, stage, place, trace, lane, start, count);
      x = y;
      y = y === buffers.y ? buffers.y2 : buffers.y;
    }
    return x;
  }
}
