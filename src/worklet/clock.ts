import { wrong } from "../checks.js";

/** Where in the shared memory what stands, in microseconds: the time, and the longest pause of the clock itself. */
export const TIME = 0;
export const PAUSE = 1;

/** Measures what an AudioWorklet does; see `startClock`. */
export interface Clock {
  /** Shared with the worker that writes it: the time in microseconds, and the longest pause between two writes. */
  readonly time: Int32Array;
  /** Ends the worker. */
  stop(): void;
}

/** What a clock needs of a Worker. */
export interface ClockWorker {
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/**
 * A clock for GatewiseNode, since an AudioWorklet has none that ticks more often than once a millisecond: a worker
 * that does nothing but write the time into shared memory. It keeps a core busy, so it is for measuring.
 *
 *     const clock = await startClock(new Worker("/node_modules/gatewise/dist/worklet-clock.js"));
 *     const node = new GatewiseNode(context, { model, clock });
 *
 * @param worker runs the package's file worklet-clock.js
 * @throws Error where there is no SharedArrayBuffer: the page must be cross-origin isolated
 */
export async function startClock(worker: ClockWorker): Promise<Clock> {
  if (typeof worker?.postMessage !== "function")
    throw wrong(false, "worker", "a Worker", worker);
  if (typeof SharedArrayBuffer !== "function")
    throw new Error(
      "SharedArrayBuffer: expected it, got none: the page must be cross-origin isolated",
    );
  const time = new Int32Array(new SharedArrayBuffer(8));
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
