/*
 * Networks that share a memory: they have their own bits whatever the others do, come and go.
 */
import { describe, expect, test } from "vitest";
import { Network } from "../../src/kernel/network.js";
import { Model } from "../../src/kernel/model.js";
import {
  type Backend,
  Conv1d,
  GRU,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const shared = backends.filter((backend) => backend !== "js");

const small = (seed: number, backend: Backend, hiddenSize = 8) =>
  new LSTM({ inputSize: 3, hiddenSize, seed, backend });

const networkOf = (layer: { stages: unknown }, backend: Backend) =>
  new Network(
    layer.stages as ConstructorParameters<typeof Network>[0],
    backend,
  );

/** Layers whose calls keep something beside their inputs and outputs, of sizes that are no whole quads and of whole panels. */
const scratched: Record<string, (common: object) => Layer> = {
  RNN: (common) => new RNN({ inputSize: 3, hiddenSize: 5, ...common }),
  "LSTM, projected": (common) =>
    new LSTM({ inputSize: 5, hiddenSize: 19, projSize: 3, ...common }),
  "GRU, both directions": (common) =>
    new GRU({
      inputSize: 2,
      hiddenSize: 6,
      direction: "bidirectional",
      ...common,
    }),
  "LSTM, peepholes": (common) =>
    new LSTM({ inputSize: 2, hiddenSize: 7, peepholes: true, ...common }),
  "GRU, functions of its own": (common) =>
    new GRU({
      inputSize: 2,
      hiddenSize: 7,
      activations: ["hardSigmoid", "softsign"],
      ...common,
    }),
  Linear: (common) => new Linear({ inputSize: 7, outputSize: 18, ...common }),
  Conv1d: (common) => new Conv1d({ ...conv, dilation: 1, ...common }),
  "Conv1d with gaps": (common) => new Conv1d({ ...conv, ...common }),
  "Conv1d in strides": (common) =>
    new Conv1d({ ...conv, padding: "same", stride: 2, ...common }),
};
const conv = { inputSize: 4, outputSize: 6, kernelSize: 3, dilation: 2 };

/** Those that have no integers. */
const plain: typeof scratched = {
  LayerNorm: (common) => new LayerNorm({ size: 5, ...common }),
  "Conv1d in groups of panels": (common) =>
    new Conv1d({
      inputSize: 8,
      outputSize: 32,
      kernelSize: 3,
      groups: 2,
      ...common,
    }),
  "Conv1d of each feature": (common) =>
    new Conv1d({ ...conv, outputSize: 4, groups: 4, ...common }),
};

describe.each(backends)(
  "on %s a call writes nothing past its room",
  (backend) => {
    const cases = [
      ...Object.entries({ ...scratched, ...plain }).map(
        ([name, make]) => [name, "float32", make] as const,
      ),
      ...(["int8", "int8-fast"] as const).flatMap((precision) =>
        Object.entries(scratched).map(
          ([name, make]) => [name, precision, make] as const,
        ),
      ),
    ];
    test.each(cases)("%s, %s", (_, precision, make) => {
      const layer = make({
        backend,
        ...(precision !== "float32" && { precision }),
      });
      const model = new Model(layer.stages, backend, 0);
      const { memory } = model.network;
      let end = 0;
      const { ensure } = memory;
      memory.ensure = function (bytes) {
        end = Math.max(end, bytes);
        ensure.call(this, bytes);
      };
      const calls = () => {
        for (const [batch, steps] of [
          [1, 5],
          [3, 11],
        ] as const) {
          const input = new Random(1).floats(batch * steps * layer.inputSize);
          const run = { input, batch, steps, states: [], trace: null };
          const lengths = Array.from(
            { length: batch },
            (_, b) => steps - 2 * b,
          );
          model.forward({ ...run, lengths: null });
          model.forward({ ...run, lengths });
        }
      };
      calls();
      expect(end).toBeGreaterThan(memory.end);
      const behind = new Uint8Array(memory.f32.buffer, end);
      behind.fill(0xa5);
      calls();
      expect(behind.findIndex((byte) => byte !== 0xa5)).toBe(-1);
    });
  },
);

describe.each(shared)("networks in one memory on %s", (backend) => {
  test("small ones share one, a large one has its own", () => {
    const [a, b] = [small(1, backend), small(2, backend)];
    const large = small(3, backend, 400);
    const memories = [a, b, large].map(
      (layer) => networkOf(layer as never, backend).memory,
    );
    expect(memories[0]).toBe(memories[1]);
    expect(memories[0]).not.toBe(memories[2]);
  });

  test("streams go on, to the bit, while others come and the memory grows under them", () => {
    const random = new Random(1);
    const frames = random.tensor([60, 3]);
    const layer = small(1, backend);
    const expected = layer.forward(frames).output.data;
    const stream = layer.stream();
    const got = new Float32Array(60 * 8);
    const others: Layer[] = [];
    for (let t = 0; t < 60; t++) {
      stream.step(
        frames.data.subarray(t * 3, t * 3 + 3),
        got.subarray(t * 8, t * 8 + 8),
      );
      const other = small(t + 2, backend, 4 + t);
      others.push(other);
      // blocks behind, and a call whose buffers are larger than all memory was
      other.stream().step([NaN, Infinity, t]);
      if (t % 12 === 0) other.forward(random.tensor([8 * t + 8, 40, 3]));
    }
    expectSameBits(got, expected);
    expectSameBits(layer.forward(frames).output.data, expected);
  });

  test("what another left behind in the room for calls harms nobody", () => {
    // sizes that are no whole quads, and an odd input: their rows are padded
    const make = () =>
      new Sequential([
        new GRU({ inputSize: 3, hiddenSize: 5, seed: 5, backend }),
        new LSTM({ inputSize: 5, hiddenSize: 7, projSize: 3, seed: 6 }),
        new Linear({ inputSize: 3, outputSize: 2, seed: 7 }),
      ]);
    const input = new Random(2).tensor([3, 33, 3]);
    const model = make();
    const expected = model.forward(input).output.data;
    const stream = make().stream();
    const first = stream.run(input.data.subarray(0, 99));
    const poison = small(8, backend, 64);
    const nan = { shape: [9, 99, 3], data: new Float32Array(2673).fill(NaN) };
    poison.forward(nan);
    expectSameBits(model.forward(input).output.data, expected);
    poison.forward(nan);
    expectSameBits(make().forward(input).output.data, expected);
    poison.forward(nan);
    stream.reset();
    expectSameBits(stream.run(input.data.subarray(0, 99)), first);
  });

  test("a block that was given back is taken again, and is empty", () => {
    const input = new Random(3).tensor([2, 9, 3]);
    const keep = small(1, backend);
    const expected = keep.forward(input).output.data;
    const { memory } = networkOf(keep as never, backend);
    const ends: number[] = [];
    for (let i = 0; i < 50; i++) {
      const layer = small(2, backend, 21);
      layer.loadStateDict(
        Object.fromEntries(
          Object.entries(layer.stateDict()).map(([name, { shape, data }]) => [
            name,
            { shape, data: data.map(() => NaN) },
          ]),
        ),
      );
      layer.stream().step([1, 2, 3]);
      layer.dispose();
      const again = small(1, backend);
      expectSameBits(again.forward(input).output.data, expected);
      again.dispose();
      ends.push(memory.end);
    }
    expect(new Set(ends).size, "ends of the blocks").toBe(1);
    expectSameBits(keep.forward(input).output.data, expected);
  });

  test("what was disposed of does not run", () => {
    const layer = small(1, backend);
    const stream = layer.stream();
    layer.dispose();
    layer.dispose();
    expect(() => stream.step([1, 2, 3])).toThrow(/disposed/);
    expect(() => layer.forward([[1, 2, 3]])).toThrow(/disposed/);
  });

  test("5000 LSTMs and their streams live side by side in a few memories", () => {
    const layers = Array.from({ length: 5000 }, (_, i) =>
      small(1 + (i % 7), backend),
    );
    const streams = layers.map((layer) => layer.stream());
    const outputs = streams.map((stream) => stream.step([1, -1, 0.5]).slice());
    for (let i = 7; i < 5000; i++) expectSameBits(outputs[i]!, outputs[i % 7]!);
    const memories = new Set(
      layers.map((layer) => networkOf(layer as never, backend).memory),
    );
    // 13 MB in memories of 1 MB, those of other tests among them
    expect(memories.size).toBeLessThan(40);
  });

  test("a stream that steps beside new networks grows no memory", () => {
    const wide = new LSTM({ inputSize: 3, hiddenSize: 300, seed: 1, backend });
    const { memory } = networkOf(small(1, backend) as never, backend);
    const layer = small(1, backend, 40);
    const stream = layer.stream();
    for (let i = 0; i < 200; i++) {
      networkOf(small(i, backend, 1 + (i % 40)) as never, backend);
      const { byteLength } = memory.f32;
      stream.step([1, 2, 3]);
      expect(memory.f32.byteLength).toBe(byteLength);
    }
    wide.dispose();
  });
});
