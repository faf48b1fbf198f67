import { BEAT, PAUSES, TICK, TIME } from "./clock.js";
import type { LoadReport } from "./protocol.js";

interface Clock {
  readonly clock: LoadReport["clock"];
  now(): number;
  /** Milliseconds from `start` to now. */
  since(start: number): number;
  /** The most milliseconds between its ticks since the last call. */
  resolution(): number;
  /** For a clock that may pause: around what is timed, and, some time later, whether there was no pause. */
  begin?(): void;
  end?(): void;
  steady?(): boolean;
}

/** A clock in shared memory. Its microseconds wrap around, and so must their differences. */
function shared(time: Int32Array): Clock {
  // a current pause cannot be seen: once the beat has advanced it is over, and has been counted
  const seen = new Int32Array(time.length);
  return {
    clock: "shared",
    now: () => Atomics.load(time, TIME),
    since: (start) => ((Atomics.load(time, TIME) - start) | 0) / 1000,
    resolution: () => Atomics.exchange(time, TICK, 0) / 1000,
    begin() {
      seen[PAUSES] = Atomics.load(time, PAUSES);
    },
    end() {
      seen[BEAT] = Atomics.load(time, BEAT);
    },
    steady: () =>
      Atomics.load(time, BEAT) !== seen[BEAT] &&
      Atomics.load(time, PAUSES) === seen[PAUSES],
  };
}

function own(
  clock: LoadReport["clock"],
  now: () => number,
  resolution: number,
): Clock {
  const since = (start: number) => now() - start;
  return { clock, now, since, resolution: () => resolution };
}

/**
 * The best clock of this scope. AudioWorklets had no performance.now when this was written (WebAudio/web-audio-api
 * issue 2413), only Date.now, which ticks once a millisecond.
 */
function findClock(time?: Int32Array): Clock {
  if (time) return shared(time);
  const { performance } = globalThis as { performance?: Performance };
  if (typeof performance?.now !== "function")
    return own("Date.now", Date.now, 1);
  const now = () => performance.now();
  return own("performance.now", now, smallestTick(performance));
}

/** The smallest of a few steps of the clock. Browsers coarsen it, each in its own way. */
function smallestTick(clock: Performance): number {
  let smallest = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = clock.now();
    let now = start;
    for (let tries = 0; now === start && tries < 1e6; tries++)
      now = clock.now();
    if (now > start) smallest = Math.min(smallest, now - start);
  }
  return smallest;
}

/** Times quanta. Allocates nothing between reports. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #sampleRate: number;
  #started = 0;
  #quanta = 0;
  #frames = 0;
  #sum = 0;
  #worst = 0;
  #resets = 0;
  #missed = 0;
  /** The time of the last quantum, until it is known whether the clock paused. */
  #took = 0;
  #settled = true;

  constructor(sampleRate: number, time?: Int32Array) {
    this.#sampleRate = sampleRate;
    this.#clock = findClock(time);
  }

  start(): void {
    this.#settle();
    this.#clock.begin?.();
    this.#started = this.#clock.now();
  }

  stop(frames: number): void {
    this.#took = this.#clock.since(this.#started);
    this.#clock.end?.();
    this.#settled = false;
    this.#quanta++;
    this.#frames += frames;
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    const took = this.#took;
    if (this.#clock.steady?.() === false) this.#missed++;
    else {
      this.#sum += took;
      if (took > this.#worst) this.#worst = took;
    }
  }

  /** What happened since the last report; `resets` counts from the beginning. */
  report(resets: number): LoadReport {
    this.#settle();
    const quanta = Math.max(1, this.#quanta);
    const frames = this.#frames / quanta || 128;
    const budget = (1000 * frames) / this.#sampleRate;
    const timed = this.#quanta - this.#missed;
    // 0 would say that they took no time
    const untimed = this.#quanta > 0 && timed === 0;
    const mean = untimed ? NaN : this.#sum / Math.max(1, timed);
    const worst = untimed ? NaN : this.#worst;
    const report: LoadReport = {
      quanta: this.#quanta,
      budget,
      mean,
      worst,
      missed: this.#missed,
      load: mean / budget,
      worstLoad: worst / budget,
      clock: this.#clock.clock,
      resolution: this.#clock.resolution(),
      resets: resets - this.#resets,
    };
    this.#quanta = this.#frames = this.#sum = this.#worst = this.#missed = 0;
    this.#resets = resets;
    return report;
  }
}
