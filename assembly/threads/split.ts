import { GRU, Layer, LSTM, Recurrent } from "../layer";
import { linear, SOFTMAX } from "../linear";
import { F32 } from "../product";
import { INT7_DOT } from "../product-int8";
import { recurrent } from "../recurrence";
import { Run } from "../run";
import {
  barriers,
  beginCall,
  count,
  finished,
  leave,
  napped,
  nextCall,
  post,
  posted,
  postedRun,
  SECOND,
  splitsAll,
} from "./team";
import { linearRows, linearSteps, recurrentRows } from "./rows";
import { recurrentUnits } from "./units";

/* What thread 0 is asked for, as src/kernel/threads/machine.ts numbers it. */
const RECURRENT = 0;

/* How a call is split. */
const RECURRENT_UNITS = 1;
const RECURRENT_ROWS = 2;
const LINEAR_ROWS = 3;
const LINEAR_STEPS = 4;

/**
 * Products (of two numbers) that a call has at least when it is split. A thread that sleeps takes 30 to 60 µs to come,
 * in which one thread makes a million.
 */
const MOST_ALONE: f64 = 1_000_000;

/** The same of a step and thread where units are split, 1 µs: a barrier is 0.1, and threads are not equally fast. */
const LEAST_STEP: f64 = 16_384;

/** How many times as many products of integers are made in that time: of int16, and of bytes. */
const INT16_RATE: f64 = 1.5;
const BYTES_RATE: f64 = 4;

/** Rows a thread, from which on rows are split rather than units; and up to how many weights, of which each then reads all. */
const ROWS_EACH = 2;

/**
 * Where a quarter of a call's barriers found nobody in time, the machine is busy with something else, and two threads
 * take longer than one: 19 ms instead of 0.9 for an LSTM 128 × 100. The next calls run alone, so many of them; again and
 * again late, so many at most.
 */
const FIRST_ALONE = 4;
const LONGEST_ALONE = 64;

/** Products of a thread, 1 ms: who comes 0.1 ms after another that had more of them is not late. */
const LONG: f64 = 20_000_000;

/** Products of this call. */
let work: f64 = 0;
/** How many calls run alone now, and how many did after the last that was late. */
let rest: i32 = 0;
let penalty: i32 = FIRST_ALONE;

/** So many products, as products of float32 that take as long. */
function asFloats(layer: Layer, products: f64): f64 {
  if (layer.format == F32) return products;
  return products / (layer.format == INT7_DOT ? BYTES_RATE : INT16_RATE);
}

/** Products of a call. */
function products(layer: Layer, steps: f64, recurrent: i32): f64 {
  const width = <f64>(layer.inputWidth + recurrent);
  return asFloats(layer, steps * <f64>(layer.inputPanels << 4) * width);
}

/** Steps of all rows. */
function stepsOf(run: Run): f64 {
  if (!run.lengths) return <f64>run.rows * <f64>run.steps;
  let all: f64 = 0;
  for (let row = 0; row < run.rows; row++)
    all += load<i32>(run.lengths + (row << 2));
  return all;
}

function splitRecurrent(run: Run): i32 {
  const layer = changetype<Recurrent>(run.layer);
  if (run.trace) return 0;
  const k = layer.outputQuads << 2;
  const all = splitsAll();
  work = products(layer, stepsOf(run), k);
  if (!all && work < MOST_ALONE) return 0;
  const threads = count();
  if (run.rows >= ROWS_EACH * threads) return RECURRENT_ROWS;
  if (layer.activation == SOFTMAX) return 0;
  // their gates are no part of a thread's panels
  if (layer.kind == GRU && layer.general) return 0;
  const sums = <f64>run.rows * <f64>(layer.inputPanels << 4);
  const step = asFloats(layer, sums * <f64>k);
  return all || step >= LEAST_STEP * <f64>threads ? RECURRENT_UNITS : 0;
}

function splitLinear(run: Run): i32 {
  const layer = changetype<Layer>(run.layer);
  work = products(layer, stepsOf(run), 0);
  if (!splitsAll() && work < MOST_ALONE) return 0;
  const least = ROWS_EACH * count();
  if (run.lengths) return run.rows >= least ? LINEAR_ROWS : 0;
  return run.rows * run.steps >= least ? LINEAR_STEPS : 0;
}

/** Has this thread's second instance do its part of a call. */
@external("env", "second")
declare function second(what: i32, run: usize): void;

/** This thread's part. False: the call was stopped. */
function share(what: i32, run: Run): bool {
  if (what == RECURRENT_UNITS) return recurrentUnits(run);
  if (what == RECURRENT_ROWS) recurrentRows(run);
  else if (what == LINEAR_ROWS) linearRows(run);
  else if (what == LINEAR_STEPS) linearSteps(run);
  else unreachable();
  return true;
}

/** Looks back at a call in which threads waited for each other so often. */
function rate(met: i32): void {
  if (met == 1 && work >= LONG * <f64>count()) return;
  if (napped() << 2 < met) penalty = FIRST_ALONE;
  else {
    rest = penalty;
    penalty = min(penalty << 1, LONGEST_ALONE);
  }
}

/** A call, on all threads where that pays; 0: it was stopped, and nothing that it was to write is whole. */
export function split(kind: i32, address: usize): i32 {
  const run = changetype<Run>(address);
  let what = kind == RECURRENT ? splitRecurrent(run) : splitLinear(run);
  if (what && rest > 0 && !splitsAll()) {
    rest--;
    what = 0;
  }
  if (what) {
    const before = barriers();
    post(what, address);
    const done = share(what, run) && finished();
    rate(barriers() - before + 1);
    return done ? 1 : 0;
  }
  if (kind == RECURRENT) recurrent(run);
  else linear(run);
  return 1;
}

/** This thread's part of a call. */
export function takePart(what: i32, run: usize): void {
  beginCall();
  share(what, changetype<Run>(run));
}

/** Takes part in calls until the team is closed. */
export function serve(): void {
  while (nextCall()) {
    const what = posted();
    if (what & SECOND) second(what ^ SECOND, postedRun());
    else takePart(what, postedRun());
    leave();
  }
}
