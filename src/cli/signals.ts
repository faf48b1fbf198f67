/*
 * Commands that run until somebody ends them.
 */

const ENDS = ["SIGINT", "SIGTERM"] as const;

/** The first signal asks; at the second one what the program does with signals otherwise is done. */
export async function untilSignal(): Promise<void> {
  const others = ENDS.map((signal) => {
    const listeners = process.listeners(signal);
    process.removeAllListeners(signal);
    return listeners;
  });
  await new Promise<void>((resolve) => {
    const asked = () => {
      ENDS.forEach((signal, i) => {
        process.removeListener(signal, asked);
        for (const other of others[i] ?? []) process.once(signal, other);
      });
      resolve();
    };
    for (const signal of ENDS) process.once(signal, asked);
  });
}
