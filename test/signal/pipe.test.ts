import { describe, expect, test } from "vitest";
import type { FrameModel } from "../../src/signal/frame-model.js";
import { Delay } from "../../src/signal/delay.js";
import { FramePipe } from "../../src/signal/frame-pipe.js";
import {
  checkSettings,
  type FrameSettings,
  type Gives,
  type Takes,
} from "../../src/signal/frame-settings.js";
import { constant, unchanged } from "../support/frame-models.js";
import { Random } from "../support/random.js";

const ones = (n: number, value = 1) => new Float32Array(n).fill(value);

/** Models through which sound passes unchanged, by what they take and give. */
const UNCHANGED: [
  string,
  Partial<FrameSettings>,
  (size: number) => FrameModel[],
][] = [
  [
    "complex → complex",
    { stages: [{ takes: "complex", gives: "complex" }] },
    (size) => [unchanged(size + 2)],
  ],
  [
    "magnitude → mask",
    { stages: [{ takes: "magnitude", gives: "mask" }] },
    (size) => [constant(size / 2 + 1, ones(size / 2 + 1))],
  ],
  [
    // as DTLN: four frames lie over each sample
    "magnitude → mask → frame → frame, no window",
    {
      window: "none",
      stages: [
        { takes: "magnitude", gives: "mask" },
        { takes: "frame", gives: "frame" },
      ],
    },
    (size) => [
      constant(size / 2 + 1, ones(size / 2 + 1)),
      unchanged(size, 1 / 4),
    ],
  ],
  [
    "frame → frame → complex → complex",
    {
      window: "none",
      stages: [
        { takes: "frame", gives: "frame" },
        { takes: "complex", gives: "complex" },
      ],
    },
    (size) => [unchanged(size), unchanged(size + 2)],
  ],
];

function run(pipe: FramePipe, samples: Float32Array, sizes: () => number) {
  const wet = new Float32Array(samples.length);
  const dry = new Float32Array(samples.length);
  const delay = new Delay(pipe.latency);
  for (let at = 0; at < samples.length;) {
    const n = Math.min(sizes(), samples.length - at);
    const block = samples.subarray(at, at + n);
    pipe.process(block, wet.subarray(at, at + n));
    delay.process(block, dry.subarray(at, at + n));
    at += n;
  }
  return { wet, dry };
}

function largestError(
  got: Float32Array,
  samples: ArrayLike<number>,
  late: number,
  from = 0,
): number {
  let most = 0;
  for (let i = from; i < got.length; i++) {
    const expected = i < late ? 0 : samples[i - late]!;
    most = Math.max(most, Math.abs(got[i]! - expected));
  }
  return most;
}

describe.each(UNCHANGED)("%s", (_, given, models) => {
  test("a model that changes nothing: the sound comes out `latency` late, whatever the blocks", () => {
    const random = new Random(1);
    const settings = checkSettings({
      sampleRate: 16_000,
      size: 64,
      hop: 16,
      ...given,
    } as FrameSettings);
    const pipe = new FramePipe(models(64), settings, 16_000);
    expect(pipe.latency).toBe(15 + 48);
    const samples = random.floats(2000);
    for (let round = 0; round < 2; round++) {
      const { wet, dry } = run(pipe, samples, () => random.integer(1, 700));
      expect(largestError(wet, samples, pipe.latency)).toBeLessThan(3e-6);
      expect(largestError(dry, samples, pipe.latency)).toBe(0);
      pipe.reset();
    }
  });
});

describe.each([48_000, 44_100, 8_000, 16_001])("sound at %i Hz", (rate) => {
  test("comes back at its own rate, `latency` late", () => {
    const settings = checkSettings({
      sampleRate: 16_000,
      size: 64,
      hop: 32,
      stages: [{ takes: "complex", gives: "complex" }],
    });
    const pipe = new FramePipe([unchanged(66)], settings, rate);
    const tone = Float32Array.from({ length: (3 * rate) / 10 }, (_, i) =>
      Math.sin((2 * Math.PI * 440 * i) / rate),
    );
    for (const block of [128, 1, 997]) {
      const { wet, dry } = run(pipe, tone, () => block);
      // latency is rounded to a sample
      const slope = (2 * Math.PI * 440) / rate / 2;
      const settled = Math.ceil(3 * pipe.latency);
      expect(largestError(wet, tone, pipe.latency, settled)).toBeLessThan(
        slope + 1e-3,
      );
      expect(largestError(dry, tone, pipe.latency)).toBe(0);
      pipe.reset();
    }
  });

  test("blocks of any size give the bits of one block", () => {
    const random = new Random(rate);
    const settings = checkSettings({
      sampleRate: 16_000,
      size: 32,
      hop: 8,
      stages: [{ takes: "magnitude", gives: "mask" }],
    });
    const samples = random.floats(5000);
    const make = () =>
      new FramePipe([constant(17, random.floats(17))], settings, rate);
    const pipe = make();
    const whole = run(pipe, samples, () => samples.length);
    pipe.reset();
    const pieces = run(pipe, samples, () => random.integer(1, 300));
    expect([...pieces.wet]).toEqual([...whole.wet]);
  });
});

test("numbers: the sound stays as it is, and every frame is told", () => {
  const settings = checkSettings({
    sampleRate: 16_000,
    size: 576,
    hop: 512,
    stages: [{ takes: "frame", gives: "numbers" }],
  });
  const pipe = new FramePipe(
    [constant(576, Float32Array.of(0.25, 0.5))],
    settings,
    48_000,
  );
  const told: [number, number[]][] = [];
  pipe.onFrame = (frame, numbers) => told.push([frame.length, [...numbers!]]);
  const samples = new Random(2).floats(48_00);
  const { wet } = run(pipe, samples, () => 128);
  expect([...wet]).toEqual([...samples]);
  expect(told).toEqual(Array(3).fill([576, [0.25, 0.5]]));
});

test("a model that gives what is not finite begins anew, and no sound is lost for good", () => {
  const broken = constant(66, ones(66, NaN));
  const settings = checkSettings({
    sampleRate: 16_000,
    size: 64,
    hop: 32,
    stages: [{ takes: "complex", gives: "complex" }],
  });
  const pipe = new FramePipe([broken], settings, 16_000);
  const { wet } = run(pipe, new Random(3).floats(320), () => 64);
  expect(wet.every((x) => x === 0)).toBe(true);
  expect(pipe.resets).toBe(10);
  const whole = new FramePipe([unchanged(66)], settings, 48_000);
  const samples = new Random(4).floats(4000);
  samples.fill(Infinity, 100, 120);
  expect(run(whole, samples, () => 128).wet.every(Number.isFinite)).toBe(true);
});

describe("what is refused", () => {
  const stages = [{ takes: "complex" as Takes, gives: "complex" as Gives }];
  const good: FrameSettings = { sampleRate: 16_000, size: 64, hop: 32, stages };
  test.each<[object, string]>([
    [{ size: 60 }, "size: expected a power of two, 4 or more, got 60"],
    [{ hop: 65 }, "settings.hop: expected at most size, 64, got 65"],
    [
      { hop: 64 },
      "window: expected squares that sum to more than 0.001 at every sample",
    ],
    [
      { stages: [] },
      "settings.stages: expected one entry per model, got an array of length 0",
    ],
    [
      { stages: [{ takes: "phase", gives: "mask" }] },
      'settings.stages[0].takes: expected "frame", "magnitude" or "complex", got "phase"',
    ],
    [
      { stages: [{ takes: "frame", gives: "mask" }] },
      "settings.stages[0].gives: expected a frame or numbers",
    ],
    [
      { window: "hamming" },
      'settings.window: expected "hann", "sqrt-hann" or "none"',
    ],
    [
      { sampleRate: -1 },
      "settings.sampleRate: expected a positive integer, got -1",
    ],
    [{ fft: 512 }, "settings: expected only sampleRate"],
    [{ stages: [stages[0], stages[0]] }, "model: expected 2 models, got 1"],
    [{ size: 128 }, "frame: expected"],
    [
      { stages: [{ takes: "complex", gives: "mask" }] },
      "model 1: expected 33 numbers for a frame, got 66",
    ],
  ])("%j", (given, text) => {
    const make = () =>
      new FramePipe(
        [unchanged(66)],
        checkSettings({ ...good, ...given } as FrameSettings),
        16_000,
      );
    expect(make).toThrow(RangeError);
    expect(make).toThrow(text);
  });
});
