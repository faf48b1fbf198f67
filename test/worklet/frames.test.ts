import { describe, expect, test } from "vitest";
import { FramePipe } from "../../src/signal/frame-pipe.js";
import {
  checkSettings,
  type FrameSettings,
} from "../../src/signal/frame-settings.js";
import { Engine } from "../../src/worklet/engine.js";
import { expectSameBits } from "../support/compare.js";
import { constant, masker, unchanged } from "../support/frame-models.js";
import { Random } from "../support/random.js";

const RATE = 48_000;
const SIZE = 64;
const frames: FrameSettings = {
  sampleRate: 16_000,
  size: SIZE,
  hop: SIZE / 2,
  stages: [{ takes: "magnitude", gives: "mask" }],
};
const unity = { inputGain: 1, outputGain: 1, bypass: 0 };

function play(
  engine: Engine,
  channels: readonly Float32Array[],
  controls: (quantum: number) => typeof unity = () => unity,
): Float32Array[] {
  const out = channels.map((x) => new Float32Array(x.length));
  for (let at = 0; at < channels[0]!.length; at += 128) {
    const part = (list: readonly Float32Array[]) =>
      list.map((x) => x.subarray(at, at + 128));
    engine.process(part(channels), part(out), controls(at / 128));
  }
  return out;
}

const piped = (model: ReturnType<typeof masker>, samples: Float32Array) => {
  const pipe = new FramePipe([model], checkSettings(frames), RATE);
  const out = new Float32Array(samples.length);
  pipe.process(samples, out);
  return { out, latency: pipe.latency };
};

describe("models on frames in the AudioWorklet's engine", () => {
  const random = new Random(1);
  const sound = [random.floats(128 * 40), random.floats(128 * 40)];

  test("each channel is a stream of its own, the bits of a pipe", () => {
    const engine = new Engine(RATE, 2);
    const player = engine.load(masker(SIZE), { frames });
    const out = play(engine, sound);
    sound.forEach((samples, c) => {
      const expected = piped(masker(SIZE), samples);
      expect(player?.latency).toBe(expected.latency);
      expectSameBits(out[c]!, expected.out);
    });
  });

  test("bypassed, the sound is itself, as late as the model's", () => {
    const engine = new Engine(RATE, 1);
    engine.load(masker(SIZE), { frames });
    const [samples] = sound;
    const [out] = play(engine, [samples!], () => ({ ...unity, bypass: 1 }));
    const { latency } = piped(masker(SIZE), samples!);
    const late = new Float32Array(samples!.length);
    late.set(samples!.subarray(0, -latency), latency);
    expectSameBits(out!, late);
  });

  test("half bypassed, half of either", () => {
    const engine = new Engine(RATE, 1);
    engine.load(masker(SIZE), { frames });
    const [samples] = sound;
    const [out] = play(engine, [samples!], () => ({ ...unity, bypass: 0.5 }));
    const { out: wet, latency } = piped(masker(SIZE), samples!);
    const error = out!.map((x, i) => {
      const dry = i < latency ? 0 : samples![i - latency]!;
      return Math.abs(x - (wet[i]! + dry) / 2);
    });
    expect(Math.max(...error)).toBeLessThan(1e-6);
  });

  test("another model in its place fades in, with a latency of its own", () => {
    const engine = new Engine(RATE, 1);
    engine.load(unchanged(SIZE / 2 + 1, 0), {
      frames: { ...frames, stages: [{ takes: "magnitude", gives: "mask" }] },
    });
    const tone = Float32Array.from({ length: 128 * 90 }, (_, i) =>
      Math.sin((2 * Math.PI * 1000 * i) / RATE),
    );
    let latency = 0;
    const [out] = play(engine, [tone], (quantum) => {
      if (quantum === 20)
        latency =
          engine.load(unchanged(32), {
            frames: {
              sampleRate: 16_000,
              size: 32,
              window: "none",
              stages: [{ takes: "frame", gives: "frame" }],
            },
          })?.latency ?? 0;
      return unity;
    });
    expect(out!.subarray(0, 128 * 20).every((x) => x === 0)).toBe(true);
    const end = out!.subarray(128 * 60);
    const error = end.map((x, i) =>
      Math.abs(x - tone[128 * 60 + i - latency]!),
    );
    expect(Math.max(...error)).toBeLessThan(2e-3);
    // a tone of 1 kHz moves by 0.13 a sample
    const step = out!.reduce(
      (most, x, i) => (i ? Math.max(most, Math.abs(x - out![i - 1]!)) : 0),
      0,
    );
    expect(step).toBeLessThan(0.14);
  });

  test("numbers are told, and the sound passes unchanged", () => {
    const engine = new Engine(RATE, 1);
    const told: [number, number, number[]][] = [];
    const player = engine.load(
      constant(96, Float32Array.of(1, 2)),
      {
        frames: {
          sampleRate: 16_000,
          size: 96,
          hop: 80,
          stages: [{ takes: "frame", gives: "numbers" }],
        },
      },
      (channel, frame, numbers) =>
        told.push([channel, frame.length, [...numbers!]]),
    );
    told.length = 0; // the rehearsal's
    const [out] = play(engine, [sound[0]!]);
    expectSameBits(out!, sound[0]!);
    expect(player).toMatchObject({ latency: 0, inputSize: 96 });
    const count = Math.floor((sound[0]!.length / 3 + 1) / 80);
    expect(told).toEqual(Array(count).fill([0, 96, [1, 2]]));
  });

  test("what has no frames, and frames that no model fits", () => {
    const engine = new Engine(RATE, 1);
    engine.load(masker(SIZE), { frames });
    expect(() => engine.setConditions([1])).toThrow(
      new RangeError(
        "conditions: expected none, since the models take frames, got some",
      ),
    );
    expect(() => engine.load([masker(SIZE), masker(SIZE)])).toThrow(
      /^model: expected one model, or options\.frames/,
    );
    expect(() => engine.load(masker(32), { frames })).toThrow(RangeError);
    // the one that was there plays on
    const [out] = play(engine, [sound[0]!]);
    expectSameBits(out!, piped(masker(SIZE), sound[0]!).out);
  });
});
