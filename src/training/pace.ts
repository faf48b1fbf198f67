/** Gives the thread back every so many milliseconds: to painting, input and whatever else waits. */
export class Pace {
  readonly #every: number;
  #since = now();

  constructor(every: number) {
    this.#every = every;
  }

  /** null where there is time left. */
  turn(): Promise<void> | null {
    if (now() - this.#since < this.#every) return null;
    return nextTask().then(() => {
      this.#since = now();
    });
  }
}

function now(): number {
  return performance.now();
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
