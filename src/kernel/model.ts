import { isFloat32Array } from "../checks.js";
import { addInput } from "./skip.js";
import { type Buffers, chunkSteps, layBuffers } from "./buffers.js";
import { forward, type ForwardResult, type ForwardRun } from "./forward.js";
import type { Backend } from "./load.js";
import {
  Network,
  type PlacedCell,
  type PlacedState,
  type StageSpec,
} from "./network.js";
import { type Call, writeCall, writeState } from "./run.js";
import { Slots, type StreamState } from "./slots.js";
import { type CellState, StateBlock } from "./states.js";

export {
  type Activation,
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type ActivationName,
  type CellActivation,
  DEFINITIONS,
} from "./activations.js";
export type { ForwardResult, ForwardRun } from "./forward.js";
export { type Backend, BACKENDS } from "./load.js";
export { MERGE_MODES, MERGES, type MergeMode } from "./merge.js";
export type { StageSpec } from "./network.js";
export { type Cell, stepsOut } from "./cells/cell.js";
export type { CellFunction } from "./cells/functions.js";
export { gruKind } from "./cells/gru.js";
export { RECURRENT_KINDS } from "./cells/index.js";
export { lstmKind } from "./cells/lstm.js";
export { rnnKind } from "./cells/rnn.js";
export { byPanels } from "./cells/conv1d.js";
export { linearCell } from "./cells/linear.js";
export {
  type Framework,
  gateOrder,
  parametersOf,
  peepholeOrder,
  type RecurrentKind,
  type RecurrentSpec,
} from "./cells/recurrent.js";
export type { RecurrentType } from "./fields.js";
export type { CellState } from "./states.js";
export { formatOf, PRECISIONS, type Precision } from "./pack/index.js";
export { roundRow } from "./pack/round-row.js";
export { addInput } from "./skip.js";
export { Rows, type RowsRun, type Strides } from "./rows.js";
export type { StreamState } from "./slots.js";
export { type Gates, TraceSink } from "./trace.js";

/** Buffers for `count` steps of one stream, `steps` at a time, from `start`, the first byte behind all blocks. */
interface Block {
  readonly start: number;
  readonly count: number;
  readonly steps: number;
  readonly buffers: Buffers;
  /** The memory's view when they were laid out, and where in it the first step's input and output lie. */
  readonly f32: Float32Array;
  readonly frame: Float32Array; // [I]
  readonly output: Float32Array; // [O]
  readonly outputs: Float32Array; // (steps, O padded)
  /** Where the states lie that the steps' records name; 0: nowhere yet. */
  states: number;
}

/**
 * Fewer floats than this are copied one by one. `set` costs 9 to 13 ns and hardly more for many; the loop 0.5 ns a
 * float for 20, 1 ns for 128 (Node 20 and 24).
 */
const SET_FROM = 24;

/** Layers in one memory, ready to run. src/layers only uses this file of the kernel. */
export class Model {
  readonly network: Network;
  readonly #slots: Slots;
  /** Kept for the next call: a single step's, and those of the last block of another length. */
  #step: Block | null = null;
  #block: Block | null = null;
  /** What a call of one row is over: kept, so that a run allocates nothing. */
  readonly #call: Call = {
    x: 0,
    z: 0,
    y: 0,
    lengths: 0,
    rows: 1,
    steps: 0,
    trace: 0,
    integers: 0,
  };
  /** Whether every stage is forward. */
  readonly #causal: boolean;
  /** How many of the input's features are added to the output's. */
  readonly #skip: number;

  constructor(
    specs: readonly StageSpec[],
    backend: Backend | "auto",
    skip: number,
  ) {
    this.#skip = skip;
    this.network = new Network(specs, backend);
    this.#causal = this.network.stages.every((stage) => stage.causal);
    this.#slots = new Slots(this.network);
  }

  forward(run: ForwardRun): ForwardResult {
    const { batch, steps, lengths, trace } = run;
    if (this.#causal && batch === 1 && steps === 1 && !lengths && !trace)
      return this.#forwardStep(run);
    const result = forward(this.network, this.network.memory.end, run);
    if (this.#skip) addInput(run, result.output, this.#skip);
    return result;
  }

  /** One row of one step, as graphs run that go step by step: in the buffers of a stream's step, its states behind. */
  #forwardStep({ input, states: given }: ForwardRun): ForwardResult {
    const { last, memory, stateFloats } = this.network;
    const behind = this.#blockOf(1).buffers.end;
    memory.ensure(behind + stateFloats * 4);
    const states = new StateBlock(this.network, behind >> 2);
    states.write(memory.f32, given);
    const output = new Float32Array(last.outputSize);
    this.#runStep(behind, this.#blockOf(1), input, 0, output);
    return { output, states: states.read(memory.f32), steps: 1 };
  }

  /** A stream over these weights, from its initial states. Only if every stage is forward. */
  open(): StreamState {
    const stream = this.#slots.open();
    new StateBlock(this.network, 0).write(stream.parked, []);
    this.#blockOf(1);
    return stream;
  }

  /** Copies of the stream's states, one per cell. */
  readStates(stream: StreamState): CellState[] {
    return new StateBlock(this.network, 0).read(this.#slots.leave(stream));
  }

  /** Sets the stream's states, one per cell; null or missing: the cell's initial state. */
  writeStates(
    stream: StreamState,
    states: readonly (CellState | null)[],
  ): void {
    new StateBlock(this.network, 0).write(this.#slots.leave(stream), states);
  }

  /** A new stream with the same states. */
  fork(stream: StreamState): StreamState {
    const copy = this.open();
    copy.parked.set(this.#slots.leave(stream));
    return copy;
  }

  /** Frees the stream's slot. */
  close(stream: StreamState): void {
    this.#slots.leave(stream);
  }

  /** Frees its memory; it must not be used afterwards. */
  dispose(): void {
    this.network.dispose();
  }

  /** The buffers of a block of steps of one stream: laid out anew when their place or its length has changed. */
  #blockOf(count: number): Block {
    const { stages, first, last, memory } = this.network;
    const { end } = memory;
    const kept = count === 1 ? this.#step : this.#block;
    if (
      kept &&
      kept.start === end &&
      kept.count === count &&
      kept.f32 === memory.f32
    )
      return kept;
    const steps = chunkSteps(stages, 1, count);
    const buffers = layBuffers(stages, 1, steps, end);
    if (count === 1) memory.reserve(buffers.end - end);
    else memory.ensure(buffers.end);
    const { f32 } = memory;
    const y = stages.length % 2 ? buffers.y : buffers.y2;
    const block = {
      start: end,
      count,
      steps,
      buffers,
      f32,
      frame: new Float32Array(f32.buffer, buffers.x, first.inputSize),
      output: new Float32Array(f32.buffer, y, last.outputSize),
      outputs: new Float32Array(f32.buffer, y, steps * last.outputWidth),
      states: 0,
    };
    if (count === 1) {
      this.#step = block;
      this.#writeCalls(buffers, 1, true);
    } else this.#block = block;
    return block;
  }

  /** One step: frame [I] at `from` → out [O]. Allocates nothing. */
  step(
    stream: StreamState,
    frame: ArrayLike<number>,
    from: number,
    out: Float32Array,
  ): void {
    const block = this.#blockOf(1);
    this.#runStep(this.#slots.enter(stream), block, frame, from, out);
  }

  /** A step of the stages whose states lie at the address `states`. */
  #runStep(
    states: number,
    block: Block,
    frame: ArrayLike<number>,
    from: number,
    out: Float32Array,
  ): void {
    const { buffers, f32, frame: x, output } = block;
    const { cells } = this.network; // one a stage: all are forward
    const inputSize = x.length;
    const outputSize = output.length;
    const whole = inputSize >= SET_FROM && frame.length === inputSize;
    if (whole && isFloat32Array(frame)) x.set(frame);
    else for (let i = 0; i < inputSize; i++) x[i] = frame[from + i] as number;
    if (inputSize % 2) f32[(buffers.x >> 2) + inputSize] = 0;
    if (block.states !== states) this.#writeStates(states, true);
    block.states = states;
    for (let i = 0; i < cells.length; i++) {
      const place = cells[i] as PlacedCell;
      place.run(place.step);
    }
    if (outputSize < SET_FROM)
      for (let i = 0; i < outputSize; i++) out[i] = output[i] as number;
    else out.set(output);
    for (let i = 0; i < this.#skip; i++)
      out[i] = (out[i] as number) + (x[i] as number);
  }

  /** n steps: frames (n, I) → out (n, O), a block at a time. Allocates nothing while n stays the same. */
  run(
    stream: StreamState,
    frames: ArrayLike<number>,
    count: number,
    out: Float32Array,
  ): void {
    const { cells, first, last } = this.network;
    const { inputSize, inputWidth } = first;
    const { outputSize, outputWidth } = last;
    const { steps: most, buffers, f32, outputs } = this.#blockOf(count);
    this.#writeStates(this.#slots.enter(stream), false);
    for (let start = 0; start < count; start += most) {
      const steps = Math.min(most, count - start);
      const whole =
        inputSize === inputWidth &&
        most >= count &&
        frames.length === count * inputSize;
      if (whole && isFloat32Array(frames)) f32.set(frames, buffers.x >> 2);
      else {
        let from = start * inputSize;
        for (let t = 0, x = buffers.x >> 2; t < steps; t++, x += inputWidth) {
          for (let i = 0; i < inputSize; i++)
            f32[x + i] = frames[from++] as number;
          for (let i = inputSize; i < inputWidth; i++) f32[x + i] = 0;
        }
      }
      let y = this.#writeCalls(buffers, steps, false) >> 2;
      for (let i = 0; i < cells.length; i++) {
        const place = cells[i] as PlacedCell;
        place.run(place.call);
      }
      const compact = outputSize === outputWidth && most >= count;
      if (compact && !this.#skip) {
        out.set(outputs);
        continue;
      }
      let to = start * outputSize;
      for (let t = 0; t < steps; t++, y += outputWidth) {
        const x = (buffers.x >> 2) + t * inputWidth;
        for (let i = 0; i < this.#skip; i++)
          f32[y + i] = (f32[y + i] as number) + (f32[x + i] as number);
        for (let i = 0; i < outputSize; i++) out[to++] = f32[y + i] as number;
      }
    }
  }

  /**
   * Writes every stage's call of `steps` steps of one row, in the records of a step (`single`) or of any call; where the
   * last one's output lies.
   */
  #writeCalls(
    { x: first, y, y2, z, integers }: Buffers,
    steps: number,
    single: boolean,
  ) {
    const { cells, memory } = this.network; // one a stage: all are forward
    let x = first;
    let next = y;
    const own = this.#call;
    own.z = z;
    own.integers = integers;
    own.steps = steps;
    for (let i = 0; i < cells.length; i++) {
      const { call, step } = cells[i] as PlacedCell;
      own.x = x;
      own.y = next;
      writeCall(memory, single ? step : call, own);
      x = next;
      next = next === y ? y2 : y;
    }
    return x;
  }

  /** Writes where the cells' states lie, which begin at an address, into those records. */
  #writeStates(address: number, single: boolean): void {
    const { cells, memory } = this.network;
    const { i32 } = memory;
    for (let i = 0; i < cells.length; i++) {
      const { states, call, step } = cells[i] as PlacedCell;
      for (let part = 0; part < states.length; part++) {
        const { at } = states[part] as PlacedState;
        writeState(i32, single ? step : call, part, address + at * 4);
      }
    }
  }
}
