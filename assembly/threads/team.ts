/*
 * N threads, an instance of the binary each, over one shared memory. Thread 0 calls; the others serve. Where they meet
 * is a block of the memory, whose layout src/kernel/threads/control.ts has too; what threads write at the same time
 * lies in different lines of the cache:
 *
 *      [ JOB ][ WHAT of which RUN ][ STOP, CLOSED ][ SLEEPERS ][ arrived, N lines ][ done, N lines ][ rooms, N ]
 *
 *      JOB        the number of the last call that was posted
 *      arrived    of each thread: how many barriers it has come to, over all calls
 *      done       of each thread: the number of the last call that it has left
 *      rooms      of each thread: its own copies of the records that it moves on, and how far it has come
 *
 * Numbers wrap around: only their differences count.
 */

/** As src/kernel/threads/control.ts has it. */
const MOST = 16;

const JOB = 0;
const WHAT = 64;
const RUN = 68;
const STOP = 128;
const CLOSED = 132;
const SLEEPERS = 192;
const ARRIVED = 256;
const DONE = ARRIVED + 64 * MOST;
const ROOMS = DONE + 64 * MOST;
/** A room: a run's record, at 128 a thread's part of a layer, at 256 the layer's record, at 448 how far it has come. */
const ROOM = 512;
const PROGRESS = 448;
/** The call that a thread is in, or was in last; how many barriers it has passed. Of both instances that it may have. */
const OWN_JOB = 0;
const PASSED = 4;

/**
 * How often a thread reads another's number before it sleeps: for 100 to 200 µs. That is longer than waking takes, 30 to
 * 60 µs; otherwise, once one thread has slept, the others find nobody at the next barrier and sleep too, and so on from
 * step to step (10 000 reads, 5 µs: an LSTM 128 × 100 took 1.73 ms on two threads and 0.86 on one). A thread that has
 * lost its core comes back after milliseconds, and may need this one's: after each wait in vain the number of reads is
 * halved, until the call ends.
 */
const SPINS = 300000;
const FEWEST_SPINS = 2000;

/** The longest sleep before a thread checks whether the call was stopped, in ms. */
const NAP: f64 = 10;

/**
 * Sleeps until another thread wakes those at the address, unless there is no longer `value`; 1: `ms` have passed.
 * By the host, because after memory.atomic.wait32 code of V8's first tier on Node 20 goes on with a wrong address; and a
 * page's main thread may not sleep, and goes on reading instead.
 */
@external("env", "sleep")
declare function sleep(address: usize, value: i32, ms: f64): i32;

/** Wakes all that sleep at the address. */
@external("env", "wake")
declare function wake(address: usize): void;

let control: usize = 0;
let thread: i32 = 0;
let threads: i32 = 1;
/** How long thread 0 waits for one that makes no progress, in ms. */
let patience: f64 = 0;
/** Where this thread's progress lies. */
let progress: usize = 0;
/** How often it reads in this call before it sleeps, and how often it has slept. */
let spins: i32 = SPINS;
let naps: i32 = 0;
/** Whether calls are split whatever their size, and however late threads are. */
let always: bool = false;
/** SECOND, or 0. */
let own: i32 = 0;

/**
 * Of what is posted: each thread's second instance does it. Models of integers run in simd binaries, whatever runs the
 * others; the first instance alone waits for calls.
 */
export const SECOND = 256;

/** Makes this instance a thread of the team that meets at `control`; `second`: a thread's second one. */
export function join(
  at: usize,
  index: i32,
  count: i32,
  wait: f64,
  all: i32,
  second: i32,
): void {
  control = at;
  thread = index;
  threads = count;
  patience = wait;
  always = all != 0;
  own = second ? SECOND : 0;
  progress = runRoom() + PROGRESS;
}


@inline
function ownJob(): i32 {
  return load<i32>(progress + OWN_JOB);
}

/** The call after the last. */
@inline
function moveOn(): i32 {
  const job = ownJob() + 1;
  store<i32>(progress + OWN_JOB, job);
  return job;
}


@inline
export function count(): i32 {
  return threads;
}


@inline
export function splitsAll(): bool {
  return always;
}

/** How many barriers this thread has passed. */
@inline
export function barriers(): i32 {
  return load<i32>(progress + PASSED);
}

/** How often this thread has slept in this call. */
@inline
export function napped(): i32 {
  return naps;
}


@inline
export function index(): i32 {
  return thread;
}

/** This thread's room for a run's record. */
@inline
export function runRoom(): usize {
  return control + ROOMS + thread * ROOM;
}

/** Its room for its part of a layer. */
@inline
export function partRoom(): usize {
  return runRoom() + 128;
}

/** Its room for a layer's record. */
@inline
export function layerRoom(): usize {
  return runRoom() + 256;
}

/** Where a thread's part of n begins: thread `count` is behind the last. */
@inline
export function partOf(n: i32, which: i32): i32 {
  return (n * which) / threads;
}

/** Sets one of this thread's numbers, and wakes who sleeps until it comes. */
@inline
function announce(address: usize, value: i32): void {
  atomic.store<i32>(address, value);
  if (atomic.load<i32>(control + SLEEPERS)) wake(address);
}

/** Waits until the number at the address has come to `target`. False: the call was stopped, or nothing moves. */
function comes(address: usize, target: i32): bool {
  for (let i = 0; i < spins; i++)
    if (atomic.load<i32>(address) - target >= 0) return true;
  naps++;
  spins = max(spins >> 1, FEWEST_SPINS);
  return comesLater(address, target);
}

function comesLater(address: usize, target: i32): bool {
  let waited: f64 = 0;
  let came = true;
  atomic.add<i32>(control + SLEEPERS, 1);
  while (true) {
    const value = atomic.load<i32>(address);
    if (value - target >= 0) break;
    const over = thread == 0 && waited >= patience;
    if (over || atomic.load<i32>(control + STOP)) {
      came = false;
      break;
    }
    // Naps are counted, not the clock: while a host is suspended nobody can come.
    if (sleep(address, value, NAP)) waited += NAP;
  }
  atomic.sub<i32>(control + SLEEPERS, 1);
  return came;
}

/**
 * This thread will soon be at a barrier: takes the line that it says so in from the core that read it last. That takes as
 * long as a barrier, 0.05 to 0.25 µs, and goes on beside what is computed meanwhile.
 */
@inline
export function nearBarrier(): void {
  store<i32>(control + ARRIVED + (thread << 6), 0, 4);
}

/** Waits until all threads are here. False: the call was stopped. */
export function barrier(): bool {
  const passed = barriers() + 1;
  store<i32>(progress + PASSED, passed);
  announce(control + ARRIVED + (thread << 6), passed);
  for (let other = 0; other < threads; other++)
    if (other != thread && !comes(control + ARRIVED + (other << 6), passed))
      return false;
  return true;
}

/** Posts a call to the other threads. */
export function post(what: i32, run: usize): void {
  store<i32>(control + WHAT, what | own);
  store<i32>(control + RUN, <i32>run);
  beginCall();
  announce(control + JOB, moveOn());
}

/** A call begins, in which nobody has been late yet. */
export function beginCall(): void {
  spins = SPINS;
  naps = 0;
}

/** Waits until the others have left the call. False: it was stopped. */
export function finished(): bool {
  const job = ownJob();
  for (let other = 1; other < threads; other++)
    if (!comes(control + DONE + (other << 6), job)) return false;
  return true;
}

/** What the others are told to do. */
@inline
export function posted(): i32 {
  return load<i32>(control + WHAT);
}


@inline
export function postedRun(): usize {
  return load<i32>(control + RUN);
}

/** Waits for the next call. False: there will be none. */
export function nextCall(): bool {
  const address = control + JOB;
  const job = ownJob();
  for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(address) != job) break;
  if (atomic.load<i32>(address) == job) {
    atomic.add<i32>(control + SLEEPERS, 1);
    while (
      atomic.load<i32>(address) == job &&
      !atomic.load<i32>(control + CLOSED)
    )
      sleep(address, job, Infinity);
    atomic.sub<i32>(control + SLEEPERS, 1);
  }
  if (atomic.load<i32>(control + CLOSED)) return false;
  moveOn();
  return true;
}

/** This thread has left the call. */
export function leave(): void {
  announce(control + DONE + (thread << 6), ownJob());
}
