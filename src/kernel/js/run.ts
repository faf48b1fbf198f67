import type { Memory } from "../memory.js";
import { RUN } from "../run.js";

const at = (name: (typeof RUN)[number]): number => RUN.indexOf(name);
const LAYER = at("layer");
const X = at("x");
const Z = at("z");
const Y = at("y");
const LENGTHS = at("lengths");
const ROWS = at("rows");
const STEPS = at("steps");
const TRACE = at("trace");
const STATE_0 = at("state0");
const STATE_1 = at("state1");

/** A record of assembly/run.ts, with places counted in floats. One object per kernel, so that a step does not allocate. */
export class Run {
  readonly #memory: Memory;
  f32: Float32Array;
  /** The address of the layer's record. */
  layer = 0;
  x = 0;
  z = 0;
  y = 0;
  #lengths = 0;
  rows = 0;
  steps = 0;
  trace = 0;
  state0 = 0;
  state1 = 0;

  stepZ = 0;
  zRow = 0;
  stepY = 0;
  yRow = 0;
  active = 0;
  scratch = 0;
  stepTrace = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.f32 = memory.f32;
  }

  read(address: number): this {
    const { i32, f32 } = this.#memory;
    const start = address >> 2;
    this.f32 = f32;
    this.layer = i32[start + LAYER] as number;
    this.x = (i32[start + X] as number) >> 2;
    this.z = (i32[start + Z] as number) >> 2;
    this.y = (i32[start + Y] as number) >> 2;
    this.#lengths = (i32[start + LENGTHS] as number) >> 2;
    this.rows = i32[start + ROWS] as number;
    this.steps = i32[start + STEPS] as number;
    this.trace = (i32[start + TRACE] as number) >> 2;
    this.state0 = (i32[start + STATE_0] as number) >> 2;
    this.state1 = (i32[start + STATE_1] as number) >> 2;
    return this;
  }

  /** The number of a row's steps in this chunk. */
  length(row: number): number {
    return this.#lengths
      ? (this.#memory.i32[this.#lengths + row] as number)
      : this.steps;
  }

  /** The number of rows that have a step t; these come first. */
  running(t: number): number {
    let active = this.rows;
    while (active > 0 && this.length(active - 1) <= t) active--;
    return active;
  }
}
