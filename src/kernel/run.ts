import type { Memory } from "./memory.js";

/** The fields of a call's record, int32 each, which every kernel function takes: class Run of assembly/run.ts. */
export const RUN = [
  "layer",
  "x",
  "z",
  "y",
  "lengths",
  "rows",
  "steps",
  "trace",
  "state0",
  "state1",
  "integers",
  // the kernel's own
  "stepZ",
  "zRow",
  "stepY",
  "yRow",
  "active",
  "scratch",
  "stepTrace",
] as const;

export const RUN_BYTES = Math.ceil(RUN.length / 4) * 16;

const LAYER = RUN.indexOf("layer");
const X = RUN.indexOf("x");
const Z = RUN.indexOf("z");
const Y = RUN.indexOf("y");
const LENGTHS = RUN.indexOf("lengths");
const ROWS = RUN.indexOf("rows");
const STEPS = RUN.indexOf("steps");
const TRACE = RUN.indexOf("trace");
const STATE = RUN.indexOf("state0");
const INTEGERS = RUN.indexOf("integers");

/** What a call is over: addresses in bytes. assembly/run.ts explains them. */
export interface Call {
  x: number;
  z: number;
  y: number;
  lengths: number;
  rows: number;
  steps: number;
  trace: number;
  integers: number;
}

/** Writes which layer a call's record is of: once. */
export function writeLayer({ i32 }: Memory, run: number, layer: number): void {
  i32[(run >> 2) + LAYER] = layer;
}

/** Writes the record at `run`, but for layer and states. */
export function writeCall(
  { i32 }: Memory,
  run: number,
  call: Readonly<Call>,
): void {
  const at = run >> 2;
  i32[at + X] = call.x;
  i32[at + Z] = call.z;
  i32[at + Y] = call.y;
  i32[at + LENGTHS] = call.lengths;
  i32[at + ROWS] = call.rows;
  i32[at + STEPS] = call.steps;
  i32[at + TRACE] = call.trace;
  i32[at + INTEGERS] = call.integers;
}

/** Writes where one of the cell's states lies. */
export function writeState(
  i32: Int32Array,
  run: number,
  index: number,
  address: number,
): void {
  i32[(run >> 2) + STATE + index] = address;
}
