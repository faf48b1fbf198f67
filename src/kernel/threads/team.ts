import {
  threadsDot,
  threadsRelaxed,
  threadsSimd,
} from "../binaries/threads.js";
import type { KernelFunction, Pass } from "../contract.js";
import { hasDot } from "../dot.js";
import type { Machine } from "../load.js";
import { WasmMemory } from "../memory.js";
import { retireMachines } from "../allocation.js";
import { decodeText } from "../text.js";
import { CLOSED, CONTROL_BYTES, doneAt, JOB, STOP } from "./control.js";
import { enter, type Instances, type Modules, type Start } from "./thread.js";

/** A thread as its owner has it: hears a Start, and ends. */
export interface ThreadHandle {
  /** Resolves when the thread serves; rejects when it cannot. */
  start(start: Start): Promise<void>;
  end(): Promise<unknown>;
  /** The thread has come to its end; what it was. */
  onEnd(listener: (what: string) => void): void;
}

/** The kernel's functions that threads share, by the number that assembly/threads/split.ts knows them by. */
const SPLIT = ["recurrent", "linear"];

/** Pages of 64 kB that a shared memory may grow to, which it has to say first; hosts with little room refuse the most. */
const PAGES = [32768, 16384, 8192, 4096];

/** Models go into the one memory of a team up to here; those that come then are alone in theirs, on one thread. */
const FULL = 2 ** 30;

function sharedMemory(): WebAssembly.Memory {
  let refused: unknown;
  for (const maximum of PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}

/** The memory of a team, in the place of the one that nobody shares. */
class SharedMemory extends WasmMemory {
  override readonly wasm = sharedMemory();
  override f32: Float32Array = new Float32Array(this.wasm.buffer);
  override i32: Int32Array = new Int32Array(this.wasm.buffer);
}

interface Prepared {
  readonly backend: "relaxed" | "simd";
  readonly modules: Modules;
  readonly memory: WasmMemory;
}

const compile = (binary: string): Promise<WebAssembly.Module> =>
  WebAssembly.compile(decodeText(binary));

/** Threads over one memory, of which this one calls. */
export class ThreadTeam {
  readonly backend: "relaxed" | "simd";
  readonly #memory: WasmMemory;
  readonly #control: number;
  readonly #handles: readonly ThreadHandle[];
  readonly #instances: Instances;
  readonly #dots: boolean;
  readonly #patience: number;
  /** Threads that have come to their end. */
  readonly #gone = new Set<number>();
  #reason: string | null = null;
  readonly #machines: Record<keyof Instances, Machine>;

  private constructor(
    backend: "relaxed" | "simd",
    memory: WasmMemory,
    start: Start,
    handles: readonly ThreadHandle[],
    patience: number,
    always: boolean,
  ) {
    this.backend = backend;
    this.#memory = memory;
    this.#control = start.control;
    this.#handles = handles;
    this.#patience = patience;
    this.#instances = enter(start, patience, always);
    this.#dots = start.modules.dot !== null;
    this.#machines = {
      floats: this.#machineOf("floats"),
      integers: this.#machineOf("integers"),
    };
    handles.forEach((handle, index) =>
      handle.onEnd((what) => {
        this.#gone.add(index + 1);
        this.#end(`thread ${index + 1} came to ${what}`);
      }),
    );
  }

  /**
   * What a team computes with.
   *
   * @throws what the host says that forbids compiling, or has no room for a shared memory
   */
  static async prepare(backend: "relaxed" | "simd"): Promise<Prepared> {
    const simd = await compile(threadsSimd);
    const modules =
      backend === "simd"
        ? { floats: simd, integers: null, dot: null }
        : {
            floats: await compile(threadsRelaxed),
            integers: simd,
            dot: hasDot() ? await compile(threadsDot) : null,
          };
    return { backend, modules, memory: new SharedMemory() };
  }

  /**
   * Starts as many threads as `handles`, beside this one.
   *
   * @param patience ms without progress of another thread after which a call fails
   * @param always calls are split whatever their size, and however late threads are
   */
  static async start(
    { backend, modules, memory }: Prepared,
    handles: readonly ThreadHandle[],
    patience: number,
    always: boolean,
  ): Promise<ThreadTeam> {
    const control = memory.take(CONTROL_BYTES);
    const threads = handles.length + 1;
    const startOf = (thread: number): Start => ({
      modules,
      memory: memory.wasm,
      control,
      thread,
      threads,
    });
    await Promise.all(
      handles.map((handle, index) => handle.start(startOf(index + 1))),
    );
    return new ThreadTeam(
      backend,
      memory,
      startOf(0),
      handles,
      patience,
      always,
    );
  }

  /** Threads that calls are split among: 1 when the team has come to an end. */
  get threads(): number {
    return this.#reason === null ? this.#handles.length + 1 : 1;
  }

  /** Why there is one thread alone; null: there are more. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Calls that were split. */
  get calls(): number {
    return Atomics.load(this.#memory.i32, this.#word(JOB));
  }

  /** What models of a backend run on; null: the team has nothing for them. */
  machineFor(backend: "relaxed" | "simd", integers: boolean): Machine | null {
    if (backend !== this.backend || this.#reason !== null) return null;
    if (this.#memory.end > FULL) return null;
    return this.#machines[integers ? "integers" : "floats"];
  }

  #machineOf(which: keyof Instances): Machine {
    return {
      backend: which === "integers" ? "simd" : this.backend,
      memory: this.#memory,
      dots: this.#dots && which === "integers",
      threads: this.#handles.length + 1,
      functionOf: (of) => this.#functionOf(of, which),
    };
  }

  #functionOf({ name }: KernelFunction, which: keyof Instances): Pass {
    const own = this.#instances[which];
    const alone = own[name] as Pass;
    const kind = SPLIT.indexOf(name);
    return (run) => {
      if (this.#reason !== null) {
        this.#checkLeft();
        alone(run);
      } else if (kind < 0) alone(run);
      else this.#split(own, kind, run);
    };
  }

  #split(own: Instances[keyof Instances], kind: number, run: number): void {
    let done = 0;
    let cause: unknown;
    try {
      done = own.split(kind, run);
    } catch (error) {
      cause = error;
    }
    if (!done) this.#fail(cause);
  }

  /** A call was stopped: what it was to write is lost. */
  #fail(cause: unknown): never {
    const late = this.#late();
    const stopped = Atomics.load(this.#memory.i32, this.#word(STOP));
    const got =
      cause !== undefined || stopped
        ? "an error in one"
        : `none from thread ${late.join(", ")} for ${this.#patience} ms`;
    Atomics.store(this.#memory.i32, this.#word(STOP), 1);
    this.#end(`a call got ${got}`);
    throw new Error(
      `threads: expected every thread to go on, got ${got}; what follows runs on one`,
      cause === undefined ? {} : { cause },
    );
  }

  /** A thread that may still write into the memory must not meet another call there. */
  #checkLeft(): void {
    const late = this.#late();
    if (late.length)
      throw new Error(
        `threads: expected the threads to have left the call that failed, got thread ${late.join(", ")} in it; make the model anew, or wait`,
      );
  }

  /** Threads that are in a call. */
  #late(): number[] {
    const job = Atomics.load(this.#memory.i32, this.#word(JOB));
    return this.#handles
      .map((_, index) => index + 1)
      .filter((thread) => {
        const left = Atomics.load(this.#memory.i32, this.#word(doneAt(thread)));
        return left !== job && !this.#gone.has(thread);
      });
  }

  #word(bytes: number): number {
    return (this.#control + bytes) >> 2;
  }

  #end(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    // whose memory no new model is to share
    retireMachines();
    const { i32 } = this.#memory;
    Atomics.store(i32, this.#word(CLOSED), 1);
    Atomics.notify(i32, this.#word(JOB));
    for (const handle of this.#handles) void handle.end();
  }

  /** Ends the threads: models in its memory run on this one from then on. */
  async close(): Promise<void> {
    this.#end("it was closed");
    await Promise.all(this.#handles.map((handle) => handle.end()));
  }
}
