import { record, wrong } from "../checks.js";

/** Options of calls that may take long. */
export interface CallOptions {
  /** Rejects the promise at once with the signal's reason, and cancels work that has not started yet. */
  signal?: AbortSignal;
}

/**
 * The options, after checking that there are none but those in `known`, if that is given.
 *
 * @throws TypeError, RangeError that name the option; the signal's reason if it has aborted already
 */
export function callOptions<T extends CallOptions>(
  options: T,
  known?: object,
): T {
  record(options, "options", known);
  const { signal } = options;
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function")
    throw wrong(false, "signal", "an AbortSignal", signal);
  signal?.throwIfAborted();
  return options;
}

/** Rejects as soon as the signal aborts, whatever becomes of the work. */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
