/** What a thread is told before it serves. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly thread: number;
  readonly threads: number;
}

/** What the binary for threads exports beside the kernel's functions. */
export interface ThreadExports {
  join(
    control: number,
    thread: number,
    threads: number,
    patience: number,
    always: number,
  ): void;
  /** 0: the call was stopped. */
  split(kind: number, run: number): number;
  serve(): void;
}

/** Whether this thread may sleep until another wakes it: a page's may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Reads a word for as long as a sleep would take; true when it stays the same. */
function spin(words: Int32Array, at: number, value: number, ms: number) {
  const end = performance.now() + ms;
  while (performance.now() < end)
    if (Atomics.load(words, at) !== value) return false;
  return true;
}

/**
 * The exports of an instance that is one of a team's threads.
 *
 * @param patience ms without progress of another thread after which a call is stopped
 * @param always calls are split whatever their size
 */
export function enter(
  { module, memory, control, thread, threads }: Start,
  patience: number,
  always: boolean,
): WebAssembly.Exports & ThreadExports {
  const words = new Int32Array(memory.buffer);
  const sleep = maySleep()
    ? (address: number, value: number, ms: number) =>
        Atomics.wait(words, address >> 2, value, ms) === "timed-out"
    : (address: number, value: number, ms: number) =>
        spin(words, address >> 2, value, ms);
  const wake = (address: number) => void Atomics.notify(words, address >> 2);
  const env = { memory, sleep, wake };
  const { exports } = new WebAssembly.Instance(module, { env });
  const own = exports as WebAssembly.Exports & ThreadExports;
  own.join(control, thread, threads, patience, always ? 1 : 0);
  return own;
}
