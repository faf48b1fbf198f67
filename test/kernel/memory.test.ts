import { describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type Layer,
} from "../../src/index.js";
import { backends } from "../support/layers.js";
import { allocations, external, inUse } from "../support/memory.js";
import { Random } from "../support/random.js";

/** Bytes that thousands of steps may leave: what measuring itself allocates. */
const few = 100_000;

describe.each(backends)("memory on %s", (backend) => {
  // js takes 16 times as long; 4 bytes a step would still be seen
  const many = backend === "js" ? 50_000 : 1_000_000;
  test(`${many} steps of a stream allocate nothing`, async () => {
    const stream = new LSTM({ inputSize: 1, hiddenSize: 8, backend }).stream();
    const frame = new Float32Array(1);
    const out = new Float32Array(8);
    const steps = (count: number) => {
      for (let i = 0; i < count; i++) {
        frame[0] = i & 7;
        if (i & 1) stream.step(frame);
        else stream.step(frame, out);
      }
    };
    steps(50_000); // compiled by then
    const { bytes, collections } = await allocations(() => steps(many), few);
    expect(collections, "garbage collections").toBe(0);
    expect(bytes, "bytes of all steps").toBeLessThan(few);
  });

  const blockCount = backend === "js" ? 600 : 3000;
  test(`nor do ${blockCount} blocks of 128 steps, as audio comes`, async () => {
    const stream = new LSTM({ inputSize: 1, hiddenSize: 8, backend }).stream();
    const frames = new Float32Array(128).fill(0.5);
    const out = new Float32Array(128 * 8);
    const blocks = (count: number) => {
      for (let i = 0; i < count; i++) stream.run(frames, out);
    };
    blocks(blockCount);
    const work = () => blocks(blockCount);
    const { bytes, collections } = await allocations(work, few);
    expect(collections, "garbage collections").toBe(0);
    expect(bytes, "bytes of all blocks").toBeLessThan(few);
  });

  test.each<[string, () => Layer[]]>([
    ["RNN", () => [new RNN({ inputSize: 2, hiddenSize: 5, backend })]],
    [
      "GRU",
      () => [
        new GRU({
          inputSize: 2,
          hiddenSize: 5,
          numLayers: 2,
          resetAfter: false,
          backend,
        }),
      ],
    ],
    [
      "LSTM with a projection, Linear",
      () => [
        new LSTM({ inputSize: 2, hiddenSize: 5, projSize: 3, backend }),
        new Linear({ inputSize: 3, outputSize: 2, activation: "softmax" }),
      ],
    ],
    [
      "Embedding, GRU",
      () => [
        new Embedding({ vocabSize: 9, size: 3 }),
        new GRU({ inputSize: 3, hiddenSize: 4, backend }),
      ],
    ],
    [
      "cells of the general path with learned states",
      () => [
        new LSTM({
          inputSize: 2,
          hiddenSize: 5,
          activations: ["namSigmoid", "softplus", "elu"],
          clip: 2,
          peepholes: true,
          learnedState: true,
          backend,
        }),
        new GRU({
          inputSize: 5,
          hiddenSize: 3,
          activations: ["hardSigmoid", "silu"],
          backend,
        }),
        new Linear({
          inputSize: 3,
          outputSize: 2,
          activation: "rnnoiseTanh",
        }),
      ],
    ],
  ])(
    "nor do thousands of steps of %s, of many streams in turn",
    async (name, make) => {
      const model = new Sequential(make());
      const streams = Array.from({ length: 8 }, () => model.stream());
      const frame = new Float32Array(name.startsWith("Embedding") ? 1 : 2);
      const steps = (count: number) => {
        for (let i = 0; i < count; i++) {
          frame[0] = i & 7;
          streams[i & 7]!.step(frame);
        }
      };
      const count = backend === "js" ? 30_000 : 100_000;
      steps(count / 2);
      const work = () => steps(count);
      const { bytes, collections } = await allocations(work, few);
      expect(collections, "garbage collections").toBe(0);
      expect(bytes, "bytes of all steps").toBeLessThan(few);
    },
  );

  test("100 000 streams over one layer that come, step once and are dropped, all within one task", async () => {
    const layer = new LSTM({ inputSize: 2, hiddenSize: 32, backend });
    const lasting = layer.stream();
    lasting.step([1, 2]);
    const expected = layer
      .forward([
        [1, 2],
        [3, 4],
      ])
      .output.data.slice(32);
    const before = await inUse();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      layer.stream().step([i, -i]);
      if (i % 500 === 0) most = Math.max(most, external());
    }
    expect(most - before.external, "MB at the most").toBeLessThan(100);
    const after = await inUse();
    expect(after.external - before.external, "MB kept").toBeLessThan(2);
    expect(after.heap - before.heap, "MB of heap kept").toBeLessThan(2);
    expect(
      lasting.step([3, 4]),
      "a stream that was there all the time",
    ).toEqual(expected);
  });

  // More than the 13 000 WebAssembly memories that Node has room for, once: simd has relaxed's memories, js none.
  const models = backend === "relaxed" ? 14_000 : 4000;
  test(`${models} models and their streams that come, run and are dropped, all within one task`, async () => {
    const once = (seed: number) => {
      const layer = new GRU({ inputSize: 2, hiddenSize: 4, seed, backend });
      layer.stream().step([1, 2]);
      return layer.forward([[1, 2]]).output.data[0]!;
    };
    const expected = once(7);
    const before = await inUse();
    let most = 0;
    for (let i = 0; i < models; i++) {
      once(i);
      if (i % 500 === 0) most = Math.max(most, external());
    }
    // Memories of the smallest size have 1/16 MB each.
    expect(most - before.external, "MB at the most").toBeLessThan(
      0.7 * (models / 16),
    );
    const after = await inUse();
    expect(after.external - before.external, "MB kept").toBeLessThan(2);
    expect(after.heap - before.heap, "MB of heap kept").toBeLessThan(4);
    expect(once(7)).toBe(expected);
  });

  // The gates of all steps would be 24 MB of an LSTM, or 10.
  const long = backend === "js" ? 40_000 : 100_000;
  describe(`a sequence of ${long} steps needs little beside its input and output`, () => {
    const input = new Random(1).tensor([long, 1]);
    const options = { inputSize: 1, hiddenSize: 16, backend };
    const little = 4;

    test.each<[string, LSTM]>([
      ["two layers", new LSTM({ ...options, numLayers: 2 })],
      ["reverse", new LSTM({ ...options, direction: "reverse" })],
      ["many-to-one", new LSTM({ ...options, returnSequences: false })],
    ])("forward, %s", async (_, layer) => {
      const before = await inUse();
      const { output } = layer.forward(input);
      const scratch =
        external() - before.external - output.data.byteLength / 2 ** 20;
      expect(output.data.every(Number.isFinite)).toBe(true);
      expect(scratch, "MB").toBeLessThan(little);
    });

    test("a stream's run", async () => {
      const stream = new LSTM(options).stream();
      const before = await inUse();
      const output = stream.run(input.data);
      const scratch =
        external() - before.external - output.byteLength / 2 ** 20;
      expect(output.length).toBe(long * 16);
      expect(scratch, "MB").toBeLessThan(little);
    });
  });

  test("calls of every size keep nothing but the largest one's scratch", async () => {
    const layer = new GRU({ inputSize: 3, hiddenSize: 9, backend });
    const random = new Random(2);
    const inputs = Array.from({ length: 40 }, () =>
      random.tensor([random.integer(1, 20), random.integer(1, 60), 3]),
    );
    for (const input of inputs) layer.forward(input);
    const before = await inUse();
    for (let i = 0; i < 800; i++) layer.forward(inputs[i % 40]!);
    const after = await inUse();
    expect(after.external - before.external, "MB kept").toBeLessThan(0.5);
    expect(after.heap - before.heap, "MB of heap kept").toBeLessThan(1);
  });

  test("dispose gives a model's memory back while it is still in reach", async () => {
    const before = await inUse();
    const layer = new LSTM({ inputSize: 8, hiddenSize: 400, backend });
    layer.forward(new Random(3).tensor([2, 8]));
    // 2.6 MB of weights, once as they came and once packed.
    expect((await inUse()).external - before.external).toBeGreaterThan(4);
    layer.dispose();
    expect((await inUse()).external - before.external).toBeLessThan(3.5);
    expect(layer.options.hiddenSize).toBe(400);
  });
});
