/*
 * Runs a long sequence in a thread of its own, on threads whose workers the test makes and ends: it has a port to each.
 * Says what came of it.
 */
import { MessageChannel, parentPort } from "node:worker_threads";
import { LSTM } from "../../src/index.js";
import { init } from "../../src/threads/index.js";

export interface Said {
  readonly port?: unknown;
  readonly running?: true;
  readonly first?: string;
  readonly milliseconds?: number;
  readonly second?: string;
  readonly threads?: number;
  readonly same?: boolean;
}

const say = (said: Said, transfer: readonly object[] = []) =>
  parentPort?.postMessage(said, transfer as never);

const outcome = (run: () => unknown): string => {
  try {
    run();
    return "an answer";
  } catch (error) {
    return String(error);
  }
};

const make = () => new LSTM({ inputSize: 8, hiddenSize: 128, seed: 4 });
const short = new Float32Array(8 * 400).map((_, i) => Math.sin(i));
const input = { shape: [400, 8], data: short };
const expected = make().forward(input).output.data;

let gone = (): void => {};
const end = new Promise<void>((resolve) => (gone = resolve));
const threads = await init({
  threads: 2,
  timeout: 400,
  create: () => {
    const { port1, port2 } = new MessageChannel();
    say({ port: port2 }, [port2]);
    return {
      postMessage: (message: unknown) => port1.postMessage({ message }),
      terminate: () => port1.postMessage({ end: true }),
      on: (type: string, listener: (value: unknown) => void) =>
        port1.on("message", (heard: Record<string, unknown>) => {
          if (!(type in heard)) return;
          listener(heard[type]);
          if (type === "exit") {
            gone();
            port1.close();
          }
        }),
    };
  },
});
const lstm = make();
lstm.forward(input);
const steps = 400_000;
const long = { shape: [steps, 8], data: new Float32Array(8 * steps) };
say({ running: true });
const start = performance.now();
const first = outcome(() => lstm.forward(long));
const milliseconds = performance.now() - start;
await end;
const { output } = lstm.forward(input);
const second = outcome(() => make().forward(input));
const same = output.data.every((value, i) => value === expected[i]);
say({ first, milliseconds, second, threads: threads.threads, same });
