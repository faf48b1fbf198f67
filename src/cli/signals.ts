/*
 * For commands that run until they are interrupted.
 */

const ENDS = ["SIGINT", "SIGTERM"] as const;

/** Resolves at the first signal; the listeners from before handle the second. */
export async function untilSignal(): Promise<void> {
  const previous = ENDS.map((signal) => {
    const listeners = process.listeners(signal);
    process.removeAllListeners(signal);
    return listeners;
  });
  await new Promise<void>((resolve) => {
    const onSignal = () => {
      ENDS.forEach((signal, i) => {
        process.removeListener(signal, onSignal);
        for (const listener of previous[i] ?? [])
          process.once(signal, listener);
      });
      resolve();
    };
    for (const signal of ENDS) process.once(signal, onSignal);
  });
}
