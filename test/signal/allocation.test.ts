import { expect, test } from "vitest";
import { FramePipe } from "../../src/signal/frame-pipe.js";
import { checkSettings } from "../../src/signal/frame-settings.js";
import { masker } from "../support/frame-models.js";
import { Random } from "../support/random.js";

// Alone in its file, as test/worklet/allocation.test.ts.
test("a pipe allocates nothing, whatever the blocks", () => {
  const settings = checkSettings({
    sampleRate: 16_000,
    size: 128,
    hop: 32,
    stages: [{ takes: "magnitude", gives: "mask" }],
  });
  const pipe = new FramePipe([masker(128)], settings, 44_100);
  let frames = 0;
  pipe.onFrame = () => frames++;
  const random = new Random(1);
  const blocks = [128, 96, 700].map((n) => random.floats(n));
  const outs = blocks.map((block) => new Float32Array(block.length));
  const run = (rounds: number) => {
    for (let r = 0; r < rounds; r++)
      for (let b = 0; b < 3; b++)
        pipe.process(blocks[b] as Float32Array, outs[b] as Float32Array);
  };
  // Until the compiler is done with it.
  let bytes = Infinity;
  for (let round = 0; round < 15 && bytes >= 32; round++) {
    run(300);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    run(1_000); // the measurement itself leaves 40 kB
    bytes = (process.memoryUsage().heapUsed - before) / 3_000;
  }
  expect(frames).toBeGreaterThan(4_000);
  expect(bytes).toBeLessThan(32);
});
