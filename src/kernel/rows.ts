import { type Buffers, chunkSteps, layBuffers } from "./buffers.js";
import { copyFloats } from "./floats.js";
import type { Network, PlacedCell, PlacedState, Stage } from "./network.js";
import { type Call, writeCall, writeState } from "./run.js";
import { align } from "./sizes.js";

/** How far apart neighbours lie in an array, in floats. */
export interface Strides {
  readonly row: number;
  readonly step: number;
  readonly direction: number;
}

/** Sequences through a recurrent stage, in the caller's arrays. */
export interface RowsRun {
  readonly batch: number;
  readonly steps: number;
  readonly input: Float32Array; // B × T × I, as `inputStrides` say
  readonly inputStrides: Strides;
  /** The parts of the state in order (h; c of an LSTM), each D × B × size; null: its initial value, or zeros. */
  readonly states: readonly (Float32Array | null)[];
  /** What they are after the last step, laid as they are. */
  readonly ends: readonly Float32Array[];
  readonly stateStrides: readonly Strides[];
  /** D × B × T × O; null: the ends are all that is wanted. */
  readonly output: Float32Array | null;
  readonly outputStrides: Strides;
}

/** Where the buffers of a run lie; as long as nothing moves it is laid out once. */
interface Layout {
  readonly start: number;
  readonly batch: number;
  readonly steps: number;
  readonly chunk: number;
  readonly states: number;
  readonly buffers: Buffers;
}

/**
 * Runs a network of one stage without lengths, both directions too, in arrays that the caller keeps: nothing is
 * allocated from the second run of the same sizes on.
 */
export class Rows {
  readonly #network: Network;
  readonly #call: Call = {
    x: 0,
    z: 0,
    y: 0,
    lengths: 0,
    rows: 0,
    steps: 0,
    trace: 0,
    integers: 0,
  };
  #layout: Layout | null = null;

  constructor(network: Network) {
    this.#network = network;
  }

  run(run: RowsRun): void {
    const { memory, first } = this.#network;
    const layout = this.#layoutOf(run.batch, run.steps);
    memory.ensure(layout.buffers.end);
    for (let direction = 0; direction < first.cells.length; direction++) {
      const place = first.cells[direction] as PlacedCell;
      this.#writeStates(run, layout, place, direction);
      const { chunk } = layout;
      const chunks = Math.ceil(run.steps / chunk);
      for (let i = 0; i < chunks; i++) {
        const start = (place.cell.reverse ? chunks - 1 - i : i) * chunk;
        const count = Math.min(chunk, run.steps - start);
        if (!direction || chunks > 1)
          this.#copyIn(run, layout, first, start, count);
        this.#runChunk(run, layout, place, count);
        if (run.output)
          this.#copyOut(run, run.output, layout, direction, start, count);
      }
      this.#readStates(run, layout, place, direction);
    }
  }

  #layoutOf(batch: number, steps: number): Layout {
    const { memory, stages, stateFloats } = this.#network;
    const { end: start } = memory;
    const kept = this.#layout;
    if (kept?.start === start && kept.batch === batch && kept.steps === steps)
      return kept;
    const states = align(start);
    const chunk = chunkSteps(stages, batch, steps);
    const behind = align(states + stateFloats * batch * 4);
    const buffers = layBuffers(stages, batch, chunk, behind);
    return (this.#layout = { start, batch, steps, chunk, states, buffers });
  }

  #copyIn(
    { input, inputStrides, batch }: RowsRun,
    { buffers }: Layout,
    { inputSize, inputWidth }: Stage,
    start: number,
    count: number,
  ): void {
    const { f32 } = this.#network.memory;
    let to = buffers.x >> 2;
    for (let row = 0; row < batch; row++)
      for (let t = start; t < start + count; t++, to += inputWidth) {
        const from = row * inputStrides.row + t * inputStrides.step;
        copyFloats(input, from, f32, to, inputSize);
        for (let i = inputSize; i < inputWidth; i++) f32[to + i] = 0;
      }
  }

  #runChunk(
    { batch }: RowsRun,
    { buffers, states }: Layout,
    place: PlacedCell,
    count: number,
  ): void {
    const { memory } = this.#network;
    const call = this.#call;
    call.x = buffers.x;
    call.z = buffers.z;
    call.y = buffers.y + place.lane * 4;
    call.rows = batch;
    call.steps = count;
    call.integers = buffers.integers;
    writeCall(memory, place.call, call);
    for (let part = 0; part < place.states.length; part++) {
      const { at } = place.states[part] as PlacedState;
      writeState(memory.i32, place.call, part, states + at * batch * 4);
    }
    place.run(place.call);
  }

  #copyOut(
    { batch, outputStrides }: RowsRun,
    output: Float32Array,
    { buffers }: Layout,
    direction: number,
    start: number,
    count: number,
  ): void {
    const { memory, first } = this.#network;
    const { f32 } = memory;
    const { cell, lane } = first.cells[direction] as PlacedCell;
    let from = (buffers.y >> 2) + lane;
    for (let row = 0; row < batch; row++)
      for (let t = start; t < start + count; t++, from += first.outputWidth) {
        const to =
          direction * outputStrides.direction +
          row * outputStrides.row +
          t * outputStrides.step;
        copyFloats(f32, from, output, to, cell.outputSize);
      }
  }

  #writeStates(
    { batch, states, stateStrides }: RowsRun,
    layout: Layout,
    place: PlacedCell,
    direction: number,
  ): void {
    const { f32 } = this.#network.memory;
    for (let index = 0; index < place.states.length; index++) {
      const { at, width, part } = place.states[index] as PlacedState;
      const { size } = part;
      const strides = stateStrides[index] as Strides;
      const given = states[index];
      const values = given ?? part.initial?.() ?? null;
      let to = (layout.states >> 2) + at * batch;
      for (let row = 0; row < batch; row++, to += width) {
        const from = given
          ? direction * strides.direction + row * strides.row
          : 0;
        if (values) copyFloats(values, from, f32, to, size);
        for (let i = values ? size : 0; i < width; i++) f32[to + i] = 0;
      }
    }
  }

  #readStates(
    { batch, ends, stateStrides }: RowsRun,
    layout: Layout,
    place: PlacedCell,
    direction: number,
  ): void {
    const { f32 } = this.#network.memory;
    for (let index = 0; index < ends.length; index++) {
      const { at, width, part } = place.states[index] as PlacedState;
      const strides = stateStrides[index] as Strides;
      let from = (layout.states >> 2) + at * batch;
      for (let row = 0; row < batch; row++, from += width)
        copyFloats(
          f32,
          from,
          ends[index] as Float32Array,
          direction * strides.direction + row * strides.row,
          part.size,
        );
    }
  }
}
