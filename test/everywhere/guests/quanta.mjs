// @ts-nocheck: runs in an AudioWorklet
// Before worklet-processor.js: whatever is registered after this writes what each quantum took, in microseconds, behind
// the clock in its shared memory, or -1 where the clock stood still meanwhile.

/* Where the clock has what: src/worklet/clock.ts. */
const TIME = 0;
const BEAT = 1;
const PAUSES = 3;
const CLOCK = 4;

const register = globalThis.registerProcessor;

globalThis.registerProcessor = (name, Processor) =>
  register(
    name,
    class extends Processor {
      #time;
      #at = CLOCK;
      #took = 0;
      #pauses = 0;
      #beat = 0;

      constructor(options) {
        super(options);
        this.#time = options.processorOptions.clock;
      }

      process(inputs, outputs, parameters) {
        const time = this.#time;
        if (this.#at > CLOCK) this.#settle();
        this.#pauses = Atomics.load(time, PAUSES);
        const start = Atomics.load(time, TIME);
        const goesOn = super.process(inputs, outputs, parameters);
        this.#took = (Atomics.load(time, TIME) - start) | 0;
        this.#beat = Atomics.load(time, BEAT);
        this.#at++;
        return goesOn;
      }

      /** The quantum before: only now is it known whether the clock went on. */
      #settle() {
        const time = this.#time;
        const steady =
          Atomics.load(time, BEAT) !== this.#beat &&
          Atomics.load(time, PAUSES) === this.#pauses;
        time[this.#at - 1] = steady ? this.#took : -1;
      }
    },
  );
