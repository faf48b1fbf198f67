import { wrong } from "../checks.js";

/*
 * Indices in the shared memory: the time in microseconds; a counter that increases with every write; the longest time
 * between two writes, not counting pauses; and the number of pauses, each counted before the time is written again.
 */
export const TIME = 0;
export const BEAT = 1;
export const TICK = 2;
export const PAUSES = 3;

/**
 * Microseconds between two writes that count as a pause: the thread had to wait for a core. Browsers round the time to 5
 * (Chromium) and 20 (Firefox).
 */
export const PAUSE = 50;

/** A clock for measuring in an AudioWorklet; see `startClock`. */
export interface Clock {
  /** Shared with the worker that writes it. */
  readonly time: Int32Array;
  /** Ends the worker. */
  stop(): void;
}

/** The parts of a Worker that a clock needs. */
export interface ClockWorker {
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/**
 * A clock for GatewiseNode, since an AudioWorklet has none that ticks more than once a millisecond: a worker that does
 * nothing but write the time into shared memory. It keeps a core busy, so use it only for measuring. Quanta during which
 * the worker itself had to wait for a core are not timed; the report counts them as `missed`.
 *
 *     const clock = await startClock(new Worker("/node_modules/gatewise/dist/worklet-clock.js"));
 *     const node = new GatewiseNode(context, { model, clock });
 *
 * @param worker a Worker that runs the package's file worklet-clock.js
 * @throws Error if there is no SharedArrayBuffer: the page must be cross-origin isolated
 */
export async function startClock(worker: ClockWorker): Promise<Clock> {
  if (typeof worker?.postMessage !== "function")
    throw wrong(false, "worker", "a Worker", worker);
  if (typeof SharedArrayBuffer !== "function")
    throw new Error(
      "SharedArrayBuffer: expected it, got none: the page must be cross-origin isolated",
    );
  const time = new Int32Array(new SharedArrayBuffer(16));
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event: { message?: string }) =>
      reject(
        new Error(
          `worker: expected it to run, got ${event.message ?? "an error; is its script where the address says?"}`,
        ),
      );
    worker.postMessage(time);
  });
  return { time, stop: () => worker.terminate() };
}
