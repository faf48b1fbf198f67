import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FormatError, Linear, LSTM, Sequential } from "../../src/index.js";
import type { FrameEvent, GatewiseNode } from "../../src/worklet/index.js";
import { bundle } from "../../tools/bundle.mjs";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";

// The processor as the package ships it, in a scope as bare as an AudioWorklet's: no TextDecoder, performance, atob,
// setTimeout, fetch or URL. Real browsers run it in test/everywhere.

type Process = (
  inputs: Float32Array[][],
  outputs: Float32Array[][],
  parameters: Record<string, Float32Array>,
) => boolean;
interface Port {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(data: unknown): void;
}

const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
let Node: typeof GatewiseNode;
let processor: { process: Process };

/** Two ports of a channel that clones what it sends, as a MessageChannel does. */
function channel(): [Port, Port] {
  const port = (other: () => Port): Port => ({
    onmessage: null,
    postMessage: (data) => {
      const copy = structuredClone(data);
      queueMicrotask(() => other().onmessage?.({ data: copy }));
    },
  });
  const a: Port = port(() => b);
  const b: Port = port(() => a);
  return [a, b];
}

beforeAll(async () => {
  const file = join(folder, "processor.js");
  await bundle("src/worklet/processor.ts", file);
  let port: Port | null = null;
  let Processor: new (options: object) => { process: Process };
  class AudioWorkletProcessor {
    readonly port = port;
  }
  const scope = createContext({
    AudioWorkletProcessor,
    sampleRate: 48_000,
    currentTime: 1.5,
    registerProcessor: (name: string, made: typeof Processor) => {
      expect(name).toBe("gatewise");
      Processor = made;
    },
  });
  runInContext(readFileSync(file, "utf8"), scope);
  class AudioWorkletNode {
    readonly port: Port;
    readonly parameters = new Map([["inputGain", { value: 1 }]]);
    constructor(_: unknown, __: string, options: object) {
      [this.port, port] = channel();
      processor = new Processor(options);
    }
  }
  Object.assign(globalThis, { AudioWorkletNode });
  ({ GatewiseNode: Node } = await import("../../src/worklet/index.js"));
});
afterAll(() => {
  Reflect.deleteProperty(globalThis, "AudioWorkletNode");
  rmSync(folder, { recursive: true });
});

const model = (inputSize = 1) =>
  new Sequential([
    new LSTM({ inputSize, hiddenSize: 5, seed: 1, backend: "simd" }),
    new Linear({ inputSize: 5, outputSize: 1, seed: 2, backend: "simd" }),
  ]);
const unity = {
  inputGain: Float32Array.of(1),
  outputGain: Float32Array.of(1),
  bypass: Float32Array.of(0),
};

test("the node and its processor: a model from file to sound, reports and errors", async () => {
  const node = new Node({} as BaseAudioContext, { model: model().save() });
  const info = await node.ready;
  expect(info?.inputSize).toBe(1);
  const x = new Random(1).floats(256, -0.5, 0.5);
  const y = new Float32Array(256);
  for (const at of [0, 128])
    expect(
      processor.process(
        [[x.subarray(at, at + 128)]],
        [[y.subarray(at, at + 128)]],
        unity,
      ),
    ).toBe(true);
  const here = Sequential.load(model().save()).stream().run(x);
  if (info?.backend === "simd") expectSameBits(y, here);
  expect(
    Math.max(...y.map((value, i) => Math.abs(value - here[i]!))),
  ).toBeLessThan(1e-6);
  expect(await node.report()).toMatchObject({
    quanta: 2,
    clock: "Date.now",
    resolution: 1,
    resets: 0,
  });
  expect(node.inputGain).toEqual({ value: 1 });

  await expect(node.load(new Uint8Array(2))).rejects.toBeInstanceOf(
    FormatError,
  );
  await expect(
    node.load(new Sequential([new LSTM({ inputSize: 1, hiddenSize: 2 })])),
  ).rejects.toEqual(
    new RangeError("model: expected one output, the sample, got 2"),
  );
  await expect(node.load(5 as never)).rejects.toThrow(TypeError);
  await expect(node.setConditions([1])).rejects.toThrow(RangeError);
  const knobs = { conditions: [0.5, 0.25] };
  expect(await node.load(model(3), knobs)).toMatchObject({ inputSize: 3 });
  await node.setConditions([1, 0]);
  await node.reset();
  expect(await node.load(null)).toBeNull();
});

test("a node without a model is ready at once; wrong options throw", async () => {
  const node = new Node({} as BaseAudioContext);
  expect(await node.ready).toBeNull();
  expect(() => new Node({} as BaseAudioContext, { model: 1 as never })).toThrow(
    "model: expected a Sequential, a Graph or the bytes that one saved, got 1",
  );
});

test("models on frames: their numbers come as events, one a frame, only while somebody listens", async () => {
  const detector = new Sequential([
    new Linear({ inputSize: 96, outputSize: 1, bias: false, seed: 1 }),
  ]);
  const node = new Node({} as BaseAudioContext, {
    model: detector,
    frames: {
      sampleRate: 16_000,
      size: 96,
      hop: 64,
      stages: [{ takes: "frame", gives: "numbers" }],
    },
  });
  expect(await node.ready).toMatchObject({ inputSize: 96, latency: 0 });
  const sound = new Random(2).floats(128 * 30);
  const play = (from: number, to: number) => {
    for (let q = from; q < to; q++) {
      const input = sound.subarray(q * 128, (q + 1) * 128);
      processor.process([[input]], [[new Float32Array(128)]], unity);
    }
  };
  const events: FrameEvent[] = [];
  play(0, 3);
  node.onframe = (event) => events.push(event);
  await node.report(); // messages arrive in order
  play(3, 15);
  await node.report();
  expect(events).toHaveLength(8);
  for (const { channel, time, frame, numbers } of events) {
    expect([channel, time]).toEqual([0, 1.5]);
    const [expected] = detector.stream().step(frame);
    expect(numbers![0]).toBeCloseTo(expected!, 5);
  }
  expect(events[1]!.frame.subarray(0, 32)).toEqual(
    events[0]!.frame.subarray(64),
  );
  node.onframe = null;
  await node.report();
  play(15, 30);
  await node.report();
  expect(events).toHaveLength(8);
});

test("several models on spectra, and what does not fit", async () => {
  const frames = {
    sampleRate: 16_000,
    size: 64,
    hop: 16,
    window: "none",
    stages: [
      { takes: "magnitude", gives: "mask" },
      { takes: "frame", gives: "frame" },
    ],
  } as const;
  const mask = new Linear({ inputSize: 33, outputSize: 33, seed: 1 });
  const frame = new Linear({ inputSize: 64, outputSize: 64, seed: 2 });
  const model = [mask, frame].map((layer) => new Sequential([layer]));
  const node = new Node({} as BaseAudioContext, { model, frames });
  expect(await node.ready).toMatchObject({
    inputSize: 33,
    latency: (1000 * (45 + 96 + 3 * (48 + 32))) / 48_000,
  });
  await expect(node.load(model[0]!, { frames })).rejects.toThrow(
    new RangeError("model: expected 2 models, got 1"),
  );
  await expect(
    node.load(model, { frames: { ...frames, size: 63 } }),
  ).rejects.toThrow("size: expected a power of two");
  await expect(
    node.load(model, { frames: { ...frames, hop: 0 } }),
  ).rejects.toThrow("frames.hop: expected a positive integer, got 0");
});
