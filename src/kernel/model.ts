import { type Buffers, chunkSteps, layBuffers } from "./buffers.js";
import { forward, type ForwardResult, type ForwardRun } from "./forward.js";
import type { Backend } from "./load.js";
import { Network, type PlacedCell, type StageSpec } from "./network.js";
import { Slots, type StreamState } from "./slots.js";
import { type CellState, StateBlock } from "./states.js";

export { type Activation, ACTIVATIONS } from "./contract.js";
export { type Backend, BACKENDS } from "./load.js";
export type { StageSpec } from "./network.js";
export type { Cell } from "./panels.js";
export type { StreamState } from "./slots.js";
export type { CellState } from "./states.js";
export { type Gates, TraceSink } from "./trace.js";

/** Layers in one memory, ready to run. This file is all that src/layers sees of the kernel. */
export class Model {
  readonly network: Network;
  readonly #slots: Slots;
  /** Where a single step's buffers lie, as long as the slots end at `#stepBase`. */
  #step: Buffers | null = null;
  #stepBase = -1;

  constructor(specs: readonly StageSpec[], backend: Backend | "auto") {
    this.network = new Network(specs, backend);
    this.#slots = new Slots(this.network);
  }

  forward(run: ForwardRun): ForwardResult {
    return forward(this.network, this.#slots.end, run);
  }

  /** A stream over these weights, from zero states. Only where every stage is forward. */
  open(): StreamState {
    const stream = this.#slots.open();
    this.#stepBuffers();
    return stream;
  }

  /** Copies of the stream's states, one a cell. */
  readStates(stream: StreamState): CellState[] {
    return new StateBlock(this.network, 0).read(this.#slots.leave(stream));
  }

  /** Sets the stream's states, one a cell; null, and what is missing, is zeros. */
  writeStates(
    stream: StreamState,
    states: readonly (CellState | null)[],
  ): void {
    new StateBlock(this.network, 0).write(this.#slots.leave(stream), states);
  }

  /** A stream at the same states. */
  fork(stream: StreamState): StreamState {
    const copy = this.open();
    copy.parked.set(this.#slots.leave(stream));
    return copy;
  }

  /** Frees the stream's slot. */
  close(stream: StreamState): void {
    this.#slots.leave(stream);
  }

  #stepBuffers(): Buffers {
    if (!this.#step || this.#stepBase !== this.#slots.end) {
      this.#stepBase = this.#slots.end;
      this.#step = layBuffers(this.network.stages, 1, 1, this.#stepBase);
      this.network.memory.ensure(this.#step.end);
    }
    return this.#step;
  }

  /** One step: frame [I] at `from` → out [O]. Allocates nothing. */
  step(
    stream: StreamState,
    frame: ArrayLike<number>,
    from: number,
    out: Float32Array,
  ): void {
    const { first, last, memory } = this.network;
    const { inputSize, inputWidth } = first;
    const { outputSize } = last;
    const buffers = this.#stepBuffers();
    const states = this.#slots.enter(stream);
    const { f32 } = memory;
    const x = buffers.x >> 2;
    for (let i = 0; i < inputSize; i++) f32[x + i] = frame[from + i] as number;
    if (inputWidth > inputSize) f32[x + inputSize] = 0;
    const y = this.#runStages(states, buffers, 1) >> 2;
    for (let i = 0; i < outputSize; i++) out[i] = f32[y + i] as number;
  }

  /** n steps: frames (n, I) → out (n, O), a block of steps at a time. */
  run(
    stream: StreamState,
    frames: ArrayLike<number>,
    count: number,
    out: Float32Array,
  ): void {
    const { stages, first, last, memory } = this.network;
    const { inputSize, inputWidth } = first;
    const { outputSize, outputWidth } = last;
    const most = chunkSteps(stages, 1, count);
    const buffers = layBuffers(stages, 1, most, this.#slots.end);
    memory.ensure(buffers.end);
    const { f32 } = memory;
    const states = this.#slots.enter(stream);
    for (let start = 0; start < count; start += most) {
      const steps = Math.min(most, count - start);
      let from = start * inputSize;
      for (let t = 0, x = buffers.x >> 2; t < steps; t++, x += inputWidth) {
        for (let i = 0; i < inputSize; i++)
          f32[x + i] = frames[from++] as number;
        f32.fill(0, x + inputSize, x + inputWidth);
      }
      let y = this.#runStages(states, buffers, steps) >> 2;
      let to = start * outputSize;
      for (let t = 0; t < steps; t++, y += outputWidth) {
        for (let i = 0; i < outputSize; i++) out[to++] = f32[y + i] as number;
      }
    }
  }

  /** Runs every stage over `steps` steps of one row; where the last one's output lies. */
  #runStages(states: number, buffers: Buffers, steps: number): number {
    const { stages } = this.network;
    let x = buffers.x;
    let y = buffers.y;
    for (let i = 0; i < stages.length; i++) {
      const place = stages[i]?.cells[0] as PlacedCell;
      const h = states + place.hAt * 4;
      place.run(
        place.record,
        x,
        buffers.z,
        y,
        h,
        states + place.cAt * 4,
        0,
        1,
        steps,
        0,
      );
      x = y;
      y = y === buffers.y ? buffers.y2 : buffers.y;
    }
    return x;
  }
}
