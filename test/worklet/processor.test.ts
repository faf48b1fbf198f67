import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FormatError, Linear, LSTM, Sequential } from "../../src/index.js";
import type { GatewiseNode } from "../../src/worklet/index.js";
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
    new LSTM({ inputSize, hiddenSize: 5, backend: "simd" }),
    new Linear({ inputSize: 5, outputSize: 1, backend: "simd" }),
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
    "model: expected a Sequential or the bytes of one, got 1",
  );
});
