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

/** Calls `stop` at the first Ctrl-C; the listeners from before handle the next. Returns what restores them earlier. */
export function onInterrupt(stop: () => void): () => void {
  const previous = process.listeners("SIGINT");
  process.removeAllListeners("SIGINT");
  const restore = () => {
    process.removeListener("SIGINT", onSignal);
    for (const listener of previous) process.once("SIGINT", listener);
    previous.length = 0;
  };
  const onSignal = () => {
    restore();
    stop();
  };
  process.once("SIGINT", onSignal);
  return restore;
}

/** Calls `stop` when the reader of standard output has gone. Returns what restores the listeners from before. */
export function onBrokenPipe(stop: () => void): () => void {
  const { stdout } = process;
  const previous = stdout.listeners("error") as ((error: Error) => void)[];
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") stop();
    else for (const listener of previous) listener(error);
  };
  stdout.removeAllListeners("error");
  stdout.on("error", onError);
  return () => {
    stdout.removeListener("error", onError);
    for (const listener of previous.splice(0)) stdout.on("error", listener);
  };
}
