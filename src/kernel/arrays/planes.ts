import type { KernelFunction, Pass } from "../contract.js";
import { PAD, PAD_RUN, padKernel } from "../js/pad.js";
import { PLANES, planesKernel } from "../js/planes.js";
import { ROW, ROWS, rowsKernel } from "../js/rows.js";
import { align, quadsOf } from "../sizes.js";
import type { Arrays } from "./arrays.js";

const SUMS: KernelFunction = { name: "planes", js: planesKernel };
const FILL: KernelFunction = { name: "pad", js: padKernel };
const COMBINE: KernelFunction = { name: "rows", js: rowsKernel };

/** Places `at` … of a channel's part of x: zeros, numbers of what is given from `from` on, `step` apart, and zeros. */
export interface PlanesFill {
  readonly at: number;
  readonly before: number;
  readonly from: number;
  readonly own: number;
  readonly behind: number;
  readonly step: number;
}

/** A row, from `to` on: a + b for a sign of 1, a - b for -1, a for 0. */
export interface CombinedRow {
  readonly to: number;
  readonly a: number;
  readonly b: number;
  readonly sign: 1 | -1 | 0;
}

/** Rows of outputs that are sums over the same taps. Places are floats. */
export interface PlanesPass {
  /** Of a group. */
  readonly outputs: number;
  /** Where each tap is, from the start of its row on, within a group's part of x. */
  readonly taps: readonly number[];
  /** [groups, outputs, taps] */
  readonly weights: Float32Array;
  /** [groups, outputs] */
  readonly bias: Float32Array;
  /** Where each row begins in a group's part of x. */
  readonly starts: readonly number[];
  /** Numbers of a row. */
  readonly count: number;
}

/** What sums over windows are made of. */
export interface PlanesSpec {
  readonly groups: number;
  /** Floats of x that a group has, in channels that are filled alike out of those that are given. */
  readonly inputSize: number;
  readonly channels: number;
  /** Numbers of a given one. */
  readonly givenSize: number;
  /** In order; null: x is as it is given. */
  readonly fills: readonly PlanesFill[] | null;
  readonly passes: readonly PlanesPass[];
  /** Of one group: sums and differences of rows of x in the place of x, and of rows of sums in that of y. */
  readonly folds?: PlanesFolds;
}

export interface PlanesFolds {
  /** Floats of a row: whole quads. */
  readonly width: number;
  readonly inputs: readonly CombinedRow[];
  readonly outputs: readonly CombinedRow[];
}

/** Where the outputs of a pass lie: [groups · outputs, rows, width], of which `count` are real. */
export interface PlanesResult {
  readonly at: number;
  readonly width: number;
  readonly count: number;
  readonly rows: number;
}

/** A call of the kernel: from one buffer to the next, in its record's fields `input` and `output`. */
interface Step {
  readonly run: Pass;
  readonly record: number;
  readonly input: number;
  readonly output: number;
  readonly from: number;
  readonly to: number;
  /** Floats from the beginning of that buffer on. */
  readonly at: number;
}

/** Of a buffer: whoever reads four numbers at once reads what is behind one. */
const bytesOf = (size: number): number => align(size * 4 + 64);

/** Sums over windows of planes, in arrays that the caller keeps. */
export class Planes {
  /** Of each pass, where there are no folds. */
  readonly results: readonly PlanesResult[];
  readonly #arrays: Arrays;
  readonly #blocks: number[] = [];
  readonly #steps: Step[] = [];
  /** Floats of each, from what is given to y. */
  readonly #buffers: number[];
  #start = -1;
  #f32: Float32Array | null = null;
  #input: Float32Array = new Float32Array(0);
  #output: Float32Array = new Float32Array(0);

  constructor(arrays: Arrays, spec: PlanesSpec) {
    const { groups, inputSize, passes, folds } = spec;
    const { channels, givenSize, fills } = spec;
    this.#arrays = arrays;
    this.#buffers = [groups * channels * givenSize];
    if (fills) {
      this.#buffers.push(groups * inputSize);
      this.#addFills(groups * channels, givenSize, inputSize / channels, fills);
    }
    if (folds) this.#addRows(folds.inputs, folds.width);
    const to = this.#buffers.length;
    let at = 0;
    this.results = passes.map((pass) => {
      const width = quadsOf(pass.count) * 4;
      const rows = pass.starts.length;
      const result = { at, width, count: pass.count, rows };
      this.#addSums(groups, inputSize, pass, result, to);
      at += groups * pass.outputs * rows * width;
      return result;
    });
    this.#buffers.push(at);
    if (folds) this.#addRows(folds.outputs, folds.width);
    // now, and not when it runs: views of all others would be of the memory before
    const bytes = this.#buffers.map((size) => bytesOf(size));
    arrays.memory.reserve(bytes.reduce((all, own) => all + own, 16));
  }

  #addSums(
    groups: number,
    inputSize: number,
    { taps, weights, bias, starts, outputs }: PlanesPass,
    { at, width, rows }: PlanesResult,
    to: number,
  ): void {
    const offsets = this.#placeIntegers(taps.map((tap) => tap * 4));
    const list = this.#placeIntegers(
      starts.flatMap((start, row) => [start * 4, row * width * 4]),
    );
    const record = this.#placeRecord(PLANES, {
      weights: this.#place(weights),
      biases: this.#place(bias),
      offsets,
      taps: taps.length,
      groups,
      outputs,
      groupBytes: inputSize * 4,
      outputBytes: rows * width * 4,
      starts: list,
      rows,
      quads: width / 4,
    });
    this.#steps.push({
      run: this.#arrays.functionOf(SUMS),
      record,
      input: PLANES.indexOf("x"),
      output: PLANES.indexOf("y"),
      from: to - 1,
      to,
      at,
    });
  }

  #addFills(
    channels: number,
    from: number,
    to: number,
    fills: readonly PlanesFill[],
  ): void {
    const runs = this.#placeIntegers(
      fills.flatMap(({ at, before, from: first, own, behind, step }) => {
        const run = { to: at * 4, from: first * 4, step: step * 4 };
        const fields = { ...run, before, own, behind };
        return PAD_RUN.map((name) => fields[name]);
      }),
    );
    const record = this.#placeRecord(PAD, {
      channels,
      fromBytes: from * 4,
      toBytes: to * 4,
      runs,
      count: fills.length,
    });
    this.#steps.push({
      run: this.#arrays.functionOf(FILL),
      record,
      input: PAD.indexOf("from"),
      output: PAD.indexOf("to"),
      from: 0,
      to: 1,
      at: 0,
    });
  }

  /** Rows of the last buffer into one more. */
  #addRows(rows: readonly CombinedRow[], width: number): void {
    const to = this.#buffers.length;
    this.#buffers.push(rows.length * width);
    const list = this.#placeIntegers(
      rows.flatMap((row) =>
        ROW.map((name) => (name === "sign" ? row[name] : row[name] * 4)),
      ),
    );
    const record = this.#placeRecord(ROWS, {
      list,
      count: rows.length,
      bytes: width * 4,
    });
    this.#steps.push({
      run: this.#arrays.functionOf(COMBINE),
      record,
      input: ROWS.indexOf("from"),
      output: ROWS.indexOf("to"),
      from: to - 1,
      to,
      at: 0,
    });
  }

  #placeRecord<Name extends string>(
    names: readonly Name[],
    fields: Partial<Record<Name, number>>,
  ): number {
    return this.#placeIntegers(names.map((name) => fields[name] ?? 0));
  }

  #placeIntegers(integers: readonly number[]): number {
    const address = this.#take(integers.length);
    this.#arrays.memory.i32.set(integers, address >> 2);
    return address;
  }

  #place(numbers: Float32Array): number {
    const address = this.#take(numbers.length);
    this.#arrays.memory.f32.set(numbers, address >> 2);
    return address;
  }

  #take(numbers: number): number {
    const address = this.#arrays.take(Math.max(16, numbers * 4));
    this.#blocks.push(address);
    return address;
  }

  /** Gives its blocks back; it must not run from then on. */
  release(): void {
    for (const address of this.#blocks) this.#arrays.give(address);
  }

  /** Where what is given goes: [groups · channels, givenSize]. It is anything until it is written. */
  get input(): Float32Array {
    const { memory } = this.#arrays;
    if (memory.end !== this.#start || memory.f32 !== this.#f32) this.#lay();
    return this.#input;
  }

  /** Computes y of what is in `input`; it lies there until the next call of anything. */
  run(): Float32Array {
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) {
      const { run, record } = steps[i] as Step;
      run(record);
    }
    return this.#output;
  }

  /** Lays the buffers behind all blocks. */
  #lay(): void {
    const { memory } = this.#arrays;
    let end = align(memory.end);
    const places = this.#buffers.map((size) => {
      const place = end;
      end += bytesOf(size);
      return place;
    });
    memory.ensure(end);
    const { f32, i32 } = memory;
    for (const { record, input, output, from, to, at } of this.#steps) {
      i32[(record >> 2) + input] = places[from] as number;
      i32[(record >> 2) + output] = (places[to] as number) + at * 4;
    }
    this.#start = memory.end;
    this.#f32 = f32;
    const view = (buffer: number) => {
      const first = (places.at(buffer) as number) >> 2;
      return f32.subarray(first, first + (this.#buffers.at(buffer) as number));
    };
    this.#input = view(0);
    this.#output = view(-1);
  }
}
