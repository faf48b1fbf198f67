import { dotOf } from "../dot.js";

/** The binaries that threads run. */
export interface Modules {
  readonly floats: WebAssembly.Module;
  /** For models of integers, which have the bits of simd everywhere; null: the same as for the others. */
  readonly integers: WebAssembly.Module | null;
  /** The dot product of bytes, where the host has one that is right and the backend may use it. */
  readonly dot: WebAssembly.Module | null;
}

/** What a thread is told before it serves. */
export interface Start {
  readonly modules: Modules;
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
    second: number,
  ): void;
  /** 0: the call was stopped. */
  split(kind: number, run: number): number;
  /** This thread's part of a call, which is posted to its second instance. */
  takePart(what: number, run: number): void;
  serve(): void;
}

type Exports = WebAssembly.Exports & ThreadExports;

/** A thread's instances: for models of float32, and of integers, which may be the same. */
export interface Instances {
  readonly floats: Exports;
  readonly integers: Exports;
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
 * The instances that are one of a team's threads.
 *
 * @param patience ms without progress of another thread after which a call is stopped
 * @param always calls are split whatever their size
 */
export function enter(
  { modules, memory, control, thread, threads }: Start,
  patience: number,
  always: boolean,
): Instances {
  const words = new Int32Array(memory.buffer);
  const sleep = maySleep()
    ? (address: number, value: number, ms: number) =>
        Atomics.wait(words, address >> 2, value, ms) === "timed-out"
    : (address: number, value: number, ms: number) =>
        spin(words, address >> 2, value, ms);
  const wake = (address: number) => void Atomics.notify(words, address >> 2);
  const join = (module: WebAssembly.Module, second: Exports | null) => {
    const own = second ? second.takePart : () => {};
    const env = { memory, sleep, wake, second: own };
    const { exports } = new WebAssembly.Instance(module, { env });
    return exports as Exports;
  };
  const { floats, integers, dot } = modules;
  const second = integers && join(integers, null);
  const first = join(floats, second);
  for (const one of second ? [first, second] : [first])
    one.join(
      control,
      thread,
      threads,
      patience,
      always ? 1 : 0,
      one === second ? 1 : 0,
    );
  const instances = { floats: first, integers: second ?? first };
  const { table } = instances.integers as { table?: WebAssembly.Table };
  if (dot) table?.grow(1, dotOf(dot, memory));
  return instances;
}
