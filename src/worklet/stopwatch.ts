import type { LoadReport } from "./protocol.js";

type Clock = Pick<LoadReport, "clock" | "resolution"> & { now(): number };

/**
 * The best clock of this scope. AudioWorklets had no performance.now when this was written (WebAudio/web-audio-api
 * issue 2413), only Date.now, which ticks once a millisecond.
 */
export function findClock(shared?: Int32Array): Clock {
  if (shared)
    return {
      clock: "shared",
      resolution: 0.001,
      now: () => Atomics.load(shared, 0) / 1000,
    };
  const { performance } = globalThis as { performance?: Performance };
  if (typeof performance?.now !== "function")
    return { clock: "Date.now", resolution: 1, now: Date.now };
  return {
    clock: "performance.now",
    resolution: smallestTick(performance),
    now: () => performance.now(),
  };
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

  constructor(sampleRate: number, shared?: Int32Array) {
    this.#sampleRate = sampleRate;
    this.#clock = findClock(shared);
  }

  start(): void {
    this.#started = this.#clock.now();
  }

  stop(frames: number): void {
    const took = this.#clock.now() - this.#started;
    this.#quanta++;
    this.#frames += frames;
    this.#sum += took;
    if (took > this.#worst) this.#worst = took;
  }

  /** What happened since the last report; `resets` counts from the beginning. */
  report(resets: number): LoadReport {
    const quanta = Math.max(1, this.#quanta);
    const frames = this.#frames / quanta || 128;
    const budget = (1000 * frames) / this.#sampleRate;
    const mean = this.#sum / quanta;
    const { clock, resolution } = this.#clock;
    const report: LoadReport = {
      quanta: this.#quanta,
      budget,
      mean,
      worst: this.#worst,
      load: mean / budget,
      worstLoad: this.#worst / budget,
      clock,
      resolution,
      resets: resets - this.#resets,
    };
    this.#quanta = this.#frames = this.#sum = this.#worst = 0;
    this.#resets = resets;
    return report;
  }
}
