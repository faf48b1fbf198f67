import type { Network, PlacedCell, Stage } from "./network.js";
import type { TraceSink } from "./trace.js";

/** The states of B rows at a stage's cell, without padding: h [B, O], c [B, H] (LSTM). */
export interface CellState {
  readonly hidden: Float32Array;
  readonly cell: Float32Array | null;
}

export interface ForwardRun {
  readonly input: Float32Array; // (B, T, I)
  readonly batch: number;
  readonly steps: number;
  /** Valid steps of each row; null: all. */
  readonly lengths: readonly number[] | null;
  /** One entry a cell in the order of the network, null: zeros. */
  readonly states: readonly (CellState | null)[];
  /** Collects the gates; the run must then have one row. */
  readonly trace: TraceSink | null;
}

export interface ForwardResult {
  readonly output: Float32Array; // (B, T, D·O), or (B, D·O) behind a stage with lastOnly
  readonly states: readonly CellState[];
}

/**
 * z of one chunk of steps: enough rows for the projection to be a matrix product, little enough to stay in the
 * second cache beside the weights that the time loop reads, and the bound on a run's scratch whatever T is.
 */
const CHUNK_FLOATS = 32768;

/** A stage, or several that run chunk by chunk one after another because none needs the future. */
interface Group {
  readonly stages: readonly Stage[];
  readonly first: Stage;
  readonly last: Stage;
}

function groupsOf(stages: readonly Stage[]): Group[] {
  const groups: Group[] = [];
  let open: Stage[] = [];
  const close = () => {
    if (open.length)
      groups.push({
        stages: open,
        first: open[0] as Stage,
        last: open.at(-1) as Stage,
      });
    open = [];
  };
  for (const stage of stages) {
    const causal =
      stage.cells.length === 1 && !(stage.cells[0] as PlacedCell).cell.reverse;
    if (!causal) close();
    open.push(stage);
    if (!causal || stage.lastOnly) close();
  }
  close();
  return groups;
}

/** Steps in a chunk: even, so that the rows of a batch pair up in the projection. */
export function chunkSteps(
  stages: readonly Stage[],
  rows: number,
  steps: number,
): number {
  const widest = Math.max(
    ...stages.map((stage) =>
      Math.max(stage.zWidth, stage.inputWidth, stage.outputWidth),
    ),
  );
  const fitting = Math.floor(CHUNK_FLOATS / (widest * rows));
  return Math.min(steps, Math.max(2, fitting & ~1));
}

/** Where a chunk's buffers lie, in bytes. */
export interface Buffers {
  readonly x: number;
  readonly y: number;
  readonly y2: number;
  readonly z: number;
  readonly trace: number;
  readonly end: number;
}

/** Lays out the buffers of `rows` × `steps` from `start`: the two of y serve the stages in turn. */
export function layBuffers(
  stages: readonly Stage[],
  rows: number,
  steps: number,
  start: number,
  traced = 0,
): Buffers {
  const chunk = rows * steps;
  const widest = (width: (stage: Stage) => number) =>
    Math.max(...stages.map(width));
  const yBytes = chunk * widest((stage) => stage.outputWidth) * 4;
  const x = start;
  const y = align(x + chunk * (stages[0] as Stage).inputWidth * 4);
  const y2 = align(y + yBytes);
  const z = align(y2 + (stages.length > 1 ? yBytes : 0));
  const trace = align(
    z +
      (chunk * widest((stage) => stage.zWidth) +
        rows * widest((stage) => stage.scratch)) *
        4,
  );
  return { x, y, y2, z, trace, end: align(trace + steps * traced * 4) };
}

const align = (bytes: number): number => (bytes + 15) & ~15;

/** Runs B sequences from `base`, the first free byte of the memory, and copies everything out. */
export function forward(
  network: Network,
  base: number,
  run: ForwardRun,
): ForwardResult {
  const { batch, lengths } = run;
  // Longest first: the rows still running at any step are then the first ones.
  const order = lengths
    ? [...lengths.keys()].sort(
        (a, b) => (lengths[b] as number) - (lengths[a] as number),
      )
    : null;
  const pass = new ForwardPass(network, base, run, order);
  pass.writeStates();
  let source = run.input;
  let steps = run.steps;
  let rowLengths = order
    ? order.map((row) => (lengths as readonly number[])[row] as number)
    : null;
  for (const group of groupsOf(network.stages)) {
    source = pass.runGroup(group, source, steps, rowLengths);
    if (group.last.lastOnly) {
      steps = 1;
      rowLengths = null;
    }
  }
  return { output: source, states: pass.readStates(batch) };
}

class ForwardPass {
  readonly #network: Network;
  readonly #run: ForwardRun;
  readonly #order: readonly number[] | null;
  readonly #states: number; // bytes: every cell's [B, width] at B times its place in one row's states
  readonly #lengths: number;
  readonly #buffers: number;

  constructor(
    network: Network,
    base: number,
    run: ForwardRun,
    order: readonly number[] | null,
  ) {
    this.#network = network;
    this.#run = run;
    this.#order = order;
    this.#states = base;
    this.#lengths = align(base + network.stateFloats * run.batch * 4);
    this.#buffers = align(this.#lengths + run.batch * 4);
    network.memory.ensure(this.#buffers);
  }

  /** The user's row that runs as row `row` here. */
  #userRow(row: number): number {
    return this.#order ? (this.#order[row] as number) : row;
  }

  #statePlaces(place: PlacedCell): { h: number; c: number } {
    const { batch } = this.#run;
    return {
      h: this.#states + place.hAt * batch * 4,
      c: this.#states + place.cAt * batch * 4,
    };
  }

  writeStates(): void {
    const { memory, stateFloats, stages } = this.#network;
    const { batch, states } = this.#run;
    const { f32 } = memory;
    f32.fill(0, this.#states >> 2, (this.#states >> 2) + stateFloats * batch);
    stages
      .flatMap((stage) => stage.cells)
      .forEach((place, index) => {
        const state = states[index];
        if (!state) return;
        const { h, c } = this.#statePlaces(place);
        const { outputSize, hiddenSize } = place.cell;
        for (let row = 0; row < batch; row++) {
          const from = this.#userRow(row);
          f32.set(
            state.hidden.subarray(from * outputSize, (from + 1) * outputSize),
            (h >> 2) + row * place.hWidth,
          );
          if (!state.cell) continue;
          f32.set(
            state.cell.subarray(from * hiddenSize, (from + 1) * hiddenSize),
            (c >> 2) + row * place.cWidth,
          );
        }
      });
  }

  readStates(batch: number): CellState[] {
    const { f32 } = this.#network.memory;
    return this.#network.stages
      .flatMap((stage) => stage.cells)
      .map((place) => {
        const { outputSize, hiddenSize } = place.cell;
        const { h, c } = this.#statePlaces(place);
        const rows = (
          address: number,
          width: number,
          size: number,
        ): Float32Array => {
          const values = new Float32Array(batch * size);
          for (let row = 0; row < batch; row++) {
            const from = (address >> 2) + row * width;
            values.set(
              f32.subarray(from, from + size),
              this.#userRow(row) * size,
            );
          }
          return values;
        };
        return {
          hidden: rows(h, place.hWidth, place.hWidth ? outputSize : 0),
          cell: place.cWidth ? rows(c, place.cWidth, hiddenSize) : null,
        };
      });
  }

  /** source (B, T, I) → (B, T, D·O), or (B, D·O) of the last steps. */
  runGroup(
    group: Group,
    source: Float32Array,
    steps: number,
    lengths: readonly number[] | null,
  ): Float32Array {
    const { batch, trace } = this.#run;
    const { first, last, stages } = group;
    const { memory } = this.#network;
    const most = chunkSteps(stages, batch, steps);
    const traced = trace
      ? Math.max(...stages.map((stage) => trace.floats(stage)))
      : 0;
    const buffers = layBuffers(stages, batch, most, this.#buffers, traced);
    memory.ensure(buffers.end);
    const target = new Float32Array(
      batch * (last.lastOnly ? 1 : steps) * last.outputSize,
    );
    const chunks = Math.ceil(steps / most);
    for (const direction of first.cells.keys()) {
      const { reverse } = (first.cells[direction] as PlacedCell).cell;
      let offset = 0;
      for (let d = 0; d < direction; d++)
        offset += (first.cells[d] as PlacedCell).cell.outputSize;
      for (let chunk = 0; chunk < chunks; chunk++) {
        const start = (reverse ? chunks - 1 - chunk : chunk) * most;
        const count = Math.min(most, steps - start);
        const active = this.#writeLengths(lengths, start, count);
        if (!active.rows) continue;
        const at = { start, count, steps, ...active };
        this.#copyIn(first, source, buffers.x, at);
        let x = buffers.x;
        let y = buffers.y;
        for (const stage of stages) {
          const place = stage.cells[direction] as PlacedCell;
          const { h, c } = this.#statePlaces(place);
          const tracing = trace?.floats(stage) ? buffers.trace : 0;
          const lane = y + place.lane * 4;
          place.run(
            place.record,
            x,
            buffers.z,
            lane,
            h,
            c,
            active.lengths,
            active.rows,
            count,
            tracing,
          );
          if (trace)
            trace.collect(
              memory.f32,
              stage,
              place,
              buffers.trace,
              lane,
              start,
              count,
            );
          x = y;
          y = y === buffers.y ? buffers.y2 : buffers.y;
        }
        if (!last.lastOnly)
          this.#copyOut(last, direction, offset, x, target, at);
      }
      if (last.lastOnly) this.#copyLast(last, direction, offset, target);
    }
    return target;
  }

  /** How many rows have steps in this chunk, and, where they differ, the address of each row's count. */
  #writeLengths(
    lengths: readonly number[] | null,
    start: number,
    count: number,
  ): { rows: number; lengths: number } {
    const { batch } = this.#run;
    if (!lengths) return { rows: batch, lengths: 0 };
    const { i32 } = this.#network.memory;
    let rows = 0;
    let equal = true;
    while (rows < batch && (lengths[rows] as number) > start) {
      const own = Math.min(count, (lengths[rows] as number) - start);
      i32[(this.#lengths >> 2) + rows] = own;
      equal &&= own === count;
      rows++;
    }
    return { rows, lengths: equal ? 0 : this.#lengths };
  }

  #copyIn(
    stage: Stage,
    source: Float32Array,
    x: number,
    { start, count, steps, rows }: ChunkPlace,
  ): void {
    const { f32 } = this.#network.memory;
    const { inputSize, inputWidth } = stage;
    for (let row = 0; row < rows; row++) {
      const from = (this.#userRow(row) * steps + start) * inputSize;
      const to = (x >> 2) + row * count * inputWidth;
      if (inputSize === inputWidth) {
        f32.set(source.subarray(from, from + count * inputSize), to);
        continue;
      }
      for (let t = 0; t < count; t++) {
        for (let i = 0; i < inputSize; i++)
          f32[to + t * inputWidth + i] = source[
            from + t * inputSize + i
          ] as number;
        f32.fill(0, to + t * inputWidth + inputSize, to + (t + 1) * inputWidth);
      }
    }
  }

  #copyOut(
    stage: Stage,
    direction: number,
    offset: number,
    y: number,
    target: Float32Array,
    at: ChunkPlace,
  ): void {
    const { start, count, steps, rows, lengths } = at;
    const { f32, i32 } = this.#network.memory;
    const { outputSize, outputWidth } = stage;
    const { cell, lane } = stage.cells[direction] as PlacedCell;
    for (let row = 0; row < rows; row++) {
      const valid = lengths ? (i32[(lengths >> 2) + row] as number) : count;
      const from = (y >> 2) + row * count * outputWidth + lane;
      const to = (this.#userRow(row) * steps + start) * outputSize + offset;
      if (outputSize === outputWidth && cell.outputSize === outputSize) {
        target.set(f32.subarray(from, from + valid * outputSize), to);
        continue;
      }
      for (let t = 0; t < valid; t++) {
        for (let i = 0; i < cell.outputSize; i++) {
          target[to + t * outputSize + i] = f32[
            from + t * outputWidth + i
          ] as number;
        }
      }
    }
  }

  /** The last steps' outputs are the final states. */
  #copyLast(
    stage: Stage,
    direction: number,
    offset: number,
    target: Float32Array,
  ): void {
    const { f32 } = this.#network.memory;
    const place = stage.cells[direction] as PlacedCell;
    const { h } = this.#statePlaces(place);
    const { outputSize } = place.cell;
    for (let row = 0; row < this.#run.batch; row++) {
      const from = (h >> 2) + row * place.hWidth;
      target.set(
        f32.subarray(from, from + outputSize),
        this.#userRow(row) * stage.outputSize + offset,
      );
    }
  }
}

/** A chunk: `count` of the sequence's `steps` steps from `start`, of the first `rows` rows; `lengths` as in `Pass`. */
interface ChunkPlace {
  readonly start: number;
  readonly count: number;
  readonly steps: number;
  readonly rows: number;
  readonly lengths: number;
}
