import { describe, expect, test } from "vitest";
import {
  FormatError,
  type FrameSettings,
  NoiseSuppression,
  type NoiseSuppressionOptions,
} from "../../src/audio/index.js";
import { FramePipe } from "../../src/signal/frame-pipe.js";
import { checkSettings } from "../../src/signal/frame-settings.js";
import { expectSameBits } from "../support/compare.js";
import { constant, masker, unchanged } from "../support/frame-models.js";
import { Random } from "../support/random.js";

const settings: FrameSettings = {
  sampleRate: 16_000,
  size: 64,
  hop: 32,
  stages: [{ takes: "magnitude", gives: "mask" }],
};
const make = (options: Partial<NoiseSuppressionOptions> = {}) =>
  new NoiseSuppression({ model: masker(64), settings, ...options });
const noise = (n: number, seed = 1) => new Random(seed).floats(n);
const largest = (a: Float32Array, b: ArrayLike<number>) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

/** `samples`, so many later. */
function later(samples: Float32Array, late: number): Float32Array {
  const out = new Float32Array(samples.length);
  out.set(samples.subarray(0, samples.length - late), late);
  return out;
}

describe("NoiseSuppression", () => {
  test("process is the model on the stream, whatever the blocks, in place too", () => {
    const samples = noise(3000);
    const expected = new Float32Array(3000);
    const pipe = new FramePipe([masker(64)], checkSettings(settings), 16_000);
    pipe.process(samples, expected);
    const random = new Random(2);
    const suppression = make();
    expect(suppression.latency).toBe(31 + 32);
    for (let round = 0; round < 2; round++) {
      const out = samples.slice();
      for (let at = 0; at < out.length;) {
        const n = random.integer(0, 1200);
        const block = out.subarray(at, at + n);
        if (round) suppression.process(block, block);
        else block.set(suppression.process(block));
        at += n;
      }
      expectSameBits(out, expected);
      suppression.reset();
    }
  });

  test("clean is not late, and leaves process where it is", () => {
    const samples = noise(2000);
    const suppression = make({ sampleRate: 48_000 });
    const first = suppression.process(samples.subarray(0, 700));
    const whole = suppression.clean(samples);
    const rest = suppression.process(samples.subarray(700));
    const { latency } = suppression;
    expect(whole).toHaveLength(2000);
    const streamed = Float32Array.from([...first, ...rest]);
    expectSameBits(
      whole.subarray(0, 2000 - latency),
      streamed.subarray(latency),
    );
  });

  test("level mixes with the sound as it came, as late; bypass leaves it as it is", () => {
    const samples = noise(2000);
    const { latency } = make();
    const dry = later(samples, latency);
    const wet = make().process(samples);
    const half = make({ level: 0.5 }).process(samples);
    expect(
      largest(
        half,
        wet.map((x, i) => (x + dry[i]!) / 2),
      ),
    ).toBeLessThan(1e-7);
    expectSameBits(make({ bypass: true }).process(samples), dry);
    expectSameBits(make({ level: 0 }).process(samples), dry);
    const cleaned = make({ level: 0 }).clean(samples);
    expectSameBits(cleaned, samples);
  });

  test("a change fades over 8 ms", () => {
    const silent = constant(33, new Float32Array(33));
    const suppression = make({ model: silent });
    const ones = new Float32Array(400).fill(1);
    expect(suppression.process(ones).every((x) => x === 0)).toBe(true);
    suppression.bypass = true;
    const up = suppression.process(ones);
    expect(
      largest(
        up.subarray(0, 128),
        up.map((_, i) => (i + 1) / 128),
      ),
    ).toBeLessThan(1e-6);
    expect(up.subarray(128).every((x) => x === 1)).toBe(true);
    suppression.bypass = false;
    suppression.level = 0.25;
    const down = suppression.process(ones);
    expect(down[399]).toBe(0.75);
    expect([suppression.level, suppression.bypass]).toEqual([0.25, false]);
  });

  test("known models are found by what they take", () => {
    const one = new NoiseSuppression({ model: unchanged(514) });
    expect(one.latency).toBe(255 + 256);
    const ones = new Float32Array(257).fill(1);
    const two = new NoiseSuppression({
      model: [constant(257, ones), unchanged(512, 0.25)],
    });
    expect(two.latency).toBe(127 + 384);
    const samples = noise(3000);
    for (const suppression of [one, two])
      expect(largest(suppression.clean(samples), samples)).toBeLessThan(2e-6);
  });

  test("report: how much sound, and what it took", () => {
    const suppression = make({ sampleRate: 48_000 });
    suppression.process(noise(48_000));
    const report = suppression.report();
    expect(report.seconds).toBe(1);
    expect(report.load).toBeGreaterThan(0);
    expect(report.worst).toBeCloseTo(1000 * report.load, 5);
    expect(report.latency).toBeCloseTo(
      (1000 * suppression.latency) / 48_000,
      9,
    );
    expect(suppression.report()).toMatchObject({
      seconds: 0,
      load: 0,
      worst: 0,
    });
  });

  test("a model that gives what is not finite: told, and never heard", () => {
    const broken = constant(33, new Float32Array(33).fill(NaN));
    const suppression = make({ model: broken });
    expect(suppression.process(noise(320)).every((x) => x === 0)).toBe(true);
    expect(suppression.report().resets).toBe(10);
    expect(suppression.report().resets).toBe(0);
  });

  test("no samples", () => {
    expect(make().process(new Float32Array(0))).toHaveLength(0);
    expect(make().clean(new Float32Array(0))).toHaveLength(0);
  });
});

describe("what is refused", () => {
  const model = masker(64);
  test.each<[string, object, new (text: string) => Error, string]>([
    [
      "no model",
      { settings },
      TypeError,
      "model: expected a model, or the bytes of one, got undefined",
    ],
    [
      "a list without models",
      { model: [] },
      RangeError,
      "settings: expected the settings of a model that is not known, got none, and models of no numbers per frame",
    ],
    [
      "a model that nobody knows",
      { model },
      RangeError,
      "got none, and a model of 33 numbers per frame",
    ],
    [
      "bytes that are no model",
      { model: [new Uint8Array(90)] },
      FormatError,
      "",
    ],
    [
      "a name that nobody knows",
      { model, settings: "rnnoise" },
      RangeError,
      'settings: expected "gtcrn" or "dtln", got "rnnoise"',
    ],
    [
      "settings that are none",
      { model, settings: 3 },
      TypeError,
      "settings: expected an object",
    ],
    [
      "settings of another model",
      { model, settings: "gtcrn" },
      RangeError,
      "expected",
    ],
    [
      "one model of two",
      { model, settings: "dtln" },
      RangeError,
      "model: expected 2 models, got 1",
    ],
    [
      "a level",
      { model, settings, level: 2 },
      RangeError,
      "level: expected a number from 0 to 1, got 2",
    ],
    [
      "a bypass",
      { model, settings, bypass: 1 },
      TypeError,
      "bypass: expected true or false, got 1",
    ],
    [
      "a rate",
      { model, settings, sampleRate: 44_100.5 },
      RangeError,
      "sampleRate: expected a positive integer",
    ],
    [
      "a misspelt option",
      { model, setting: 1 },
      RangeError,
      "options: expected only model, sampleRate",
    ],
  ])("%s", (_, options, Kind, text) => {
    let thrown: unknown;
    try {
      new NoiseSuppression(options as NoiseSuppressionOptions);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Kind);
    expect((thrown as Error).message).toContain(text);
  });

  test("samples that are none; nothing has been taken then", () => {
    const suppression = make();
    const samples = noise(500);
    expect(() => suppression.process([1] as never)).toThrow(TypeError);
    expect(() => suppression.process(samples, new Float32Array(3))).toThrow(
      new RangeError(
        "out: expected a Float32Array of length 500, got a Float32Array of length 3",
      ),
    );
    expect(() => suppression.clean("a" as never)).toThrow(TypeError);
    expect(() => (suppression.level = NaN)).toThrow(RangeError);
    expectSameBits(suppression.process(samples), make().process(samples));
  });

  test("a node where there is none", async () => {
    await expect(
      make().createNode({} as BaseAudioContext, {} as never),
    ).rejects.toThrow(
      new TypeError(
        "processor: expected the address of worklet-processor.js, got undefined",
      ),
    );
    await expect(
      make().createNode({} as BaseAudioContext, { processor: "x.js" }),
    ).rejects.toThrow(/^context: expected an AudioWorklet, got none/);
  });
});
