import { expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { Engine } from "../../src/worklet/engine.js";
import { Random } from "../support/random.js";

// Alone in its file: models of other shapes run before would leave the compiler with less certain types.
test("allocates nothing in process", () => {
  const engine = new Engine(48_000, 2);
  engine.load(
    new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: 7 }),
      new Linear({ inputSize: 7, outputSize: 1 }),
    ]),
  );
  const random = new Random(1);
  const inputs = [random.floats(128), random.floats(128)];
  const outputs = [new Float32Array(128), new Float32Array(128)];
  const controls = { inputGain: 1, outputGain: 1, bypass: 0 };
  const run = (quanta: number) => {
    for (let q = 0; q < quanta; q++) engine.process(inputs, outputs, controls);
  };
  // Until the compiler is done with it: before that, numbers are boxed on their way between functions.
  let bytes = Infinity;
  for (let round = 0; round < 20 && bytes >= 16; round++) {
    run(4_000);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    run(5_000); // the measurement itself leaves 40 kB
    bytes = (process.memoryUsage().heapUsed - before) / 5_000;
  }
  expect(bytes).toBeLessThan(16);
});
