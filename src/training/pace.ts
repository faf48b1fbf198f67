/** Gives the thread back every so many milliseconds: to painting, input and whatever else waits. */
export class Pace {
  readonly #every: number;
  readonly #now: () => number;
  #since: number;

  /** @param clock milliseconds from whenever */
  constructor(every: number, clock: () => number = () => performance.now()) {
    this.#every = every;
    this.#now = clock;
    this.#since = clock();
  }

  /** null where there is time left. */
  turn(): Promise<void> | null {
    return this.#now() - this.#since < this.#every ? null : this.give();
  }

  /** Gives it back now. */
  async give(): Promise<void> {
    await nextTask();
    this.#since = this.#now();
  }

  /** Does work that comes in pieces, with turns between them; its result. */
  async during<Result>(
    work: Iterator<void, Result> | Iterable<void, Result>,
  ): Promise<Result> {
    const pieces = Symbol.iterator in work ? work[Symbol.iterator]() : work;
    for (;;) {
      const { done, value } = pieces.next();
      if (done) return value;
      const turn = this.turn();
      if (turn) await turn;
    }
  }
}

/** A task of the event loop; a timer would wait 4 ms in browsers, a promise none. */
function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as {
    setImmediate?: (call: () => void) => void;
  };
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
