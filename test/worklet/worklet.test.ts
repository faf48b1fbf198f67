import { describe, expect, test } from "vitest";
import { Linear, LSTM, RNN, Sequential } from "../../src/index.js";
import { Engine } from "../../src/worklet/engine.js";
import { BEAT, PAUSES, TICK, TIME } from "../../src/worklet/clock.js";
import { Stopwatch } from "../../src/worklet/stopwatch.js";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";
import { join } from "../support/tensors.js";

const RATE = 48_000;
const unity = { inputGain: 1, outputGain: 1, bypass: 0 };

const amp = (inputSize = 1, seed = 0) =>
  new Sequential([
    new LSTM({ inputSize, hiddenSize: 7, seed }),
    new Linear({ inputSize: 7, outputSize: 1, seed }),
  ]);

/** A model that gives one number, whatever comes. */
const constant = (value: number) => {
  const linear = new Linear({ inputSize: 1, outputSize: 1 });
  linear.loadStateDict({
    weight: { shape: [1, 1], data: Float32Array.of(0) },
    bias: { shape: [1], data: Float32Array.of(value) },
  });
  return new Sequential([linear]);
};

/** Runs whole signals through an engine, quantum by quantum; `before` is called in front of each. */
function play(
  engine: Engine,
  channels: readonly Float32Array[],
  controls = unity,
  before: (quantum: number) => void = () => undefined,
): Float32Array[] {
  const outputs = channels.map(() => [] as Float32Array[]);
  for (let q = 0; q < channels[0]!.length / 128; q++) {
    before(q);
    const out = channels.map(() => new Float32Array(128));
    const inputs = channels.map((x) => x.subarray(q * 128, (q + 1) * 128));
    engine.process(inputs, out, controls);
    out.forEach((quantum, c) => outputs[c]!.push(quantum));
  }
  return outputs.map(join);
}

const largestStep = (signal: Float32Array) =>
  signal.reduce(
    (most, x, i) => (i ? Math.max(most, Math.abs(x - signal[i - 1]!)) : 0),
    0,
  );

describe("the engine of the AudioWorklet", () => {
  const [left, right] = [
    new Random(1).floats(128 * 20),
    new Random(2).floats(128 * 20),
  ];

  test("runs each channel as a stream of its own, to the bit", () => {
    const model = amp();
    const engine = new Engine(RATE, 2);
    engine.load(model);
    const [a, b] = play(engine, [left, right]);
    expectSameBits(a!, model.stream().run(left), "left");
    expectSameBits(b!, model.stream().run(right), "right");
  });

  test("passes sound through without a model, and on channels beyond its own", () => {
    const engine = new Engine(RATE, 1);
    expectSameBits(play(engine, [left])[0]!, left);
    engine.load(constant(0.5));
    const [, second] = play(engine, [left, right]);
    expectSameBits(second!, right);
  });

  test("feeds silence to a channel that has no input", () => {
    const engine = new Engine(RATE, 1);
    engine.load(constant(0.25));
    const out = new Float32Array(128);
    engine.process([], [out], unity);
    expect([...out]).toEqual(Array(128).fill(0.25));
    expect(() => engine.process([], [], unity)).not.toThrow();
  });

  test("adds the input for models trained on the difference", () => {
    const model = amp();
    const engine = new Engine(RATE, 1);
    engine.load(model, { residual: true });
    const expected = model.stream().run(left).slice();
    left.forEach((x, i) => (expected[i]! += x));
    expectSameBits(play(engine, [left])[0]!, expected);
  });

  test("puts a model in another's place without a step, after it has warmed up", () => {
    const engine = new Engine(RATE, 1);
    engine.load(constant(0.5));
    const silence = new Float32Array(128 * 60);
    const [out] = play(engine, [silence], unity, (q) => {
      if (q === 4) engine.load(constant(-0.5));
    });
    expect(out!.subarray(0, 128 * 19).every((x) => x === 0.5)).toBe(true);
    expect(out!.at(-1)).toBe(-0.5);
    expect(largestStep(out!)).toBeLessThan(1.01 / 384);
    const [gone] = play(engine, [silence], unity, (q) => {
      if (q === 0) engine.load(null);
    });
    expect(gone!.at(-1)).toBe(0);
    expect(largestStep(gone!)).toBeLessThan(1.01 / 384);
  });

  test("a model that comes during a fade waits for its end; of several the last is heard", () => {
    const engine = new Engine(RATE, 1);
    engine.load(constant(0.5));
    const silence = new Float32Array(128 * 100);
    const [out] = play(engine, [silence], unity, (q) => {
      if (q === 2) engine.load(constant(0.1));
      if (q === 3) engine.load(constant(-0.5)); // 0.1 is not heard yet
      if (q === 19) engine.load(constant(0.2)); // -0.5 is fading in
      if (q === 20) engine.load(constant(0.3));
    });
    expect(Math.min(...out!)).toBe(-0.5);
    expect(out!.at(-1)).toBeCloseTo(0.3, 6);
    expect(largestStep(out!)).toBeLessThan(1.01 / 384);
  });

  test("bypass, gains and conditions move without a step", () => {
    const engine = new Engine(RATE, 1);
    engine.load(constant(0.5));
    const silence = new Float32Array(128 * 10);
    const controls = { ...unity };
    const [out] = play(engine, [silence], controls, (q) => {
      if (q === 2) controls.outputGain = 2;
      if (q === 4) controls.bypass = 1;
    });
    expect(out![128 * 4 - 1]).toBe(1);
    expect(out!.at(-1)).toBe(0);
    expect(largestStep(out!)).toBeLessThan(0.51 / 128);

    const sum = new Linear({ inputSize: 3, outputSize: 1, bias: false });
    sum.loadStateDict({
      weight: { shape: [1, 3], data: Float32Array.of(1, 10, 100) },
    });
    const other = new Engine(RATE, 1);
    other.load(new Sequential([sum]), { conditions: [0, 0.01] });
    const [moved] = play(other, [silence], unity, (q) => {
      if (q === 3) other.setConditions([0.2, 0.01]);
    });
    expect(moved![0]).toBeCloseTo(1, 6);
    expect(moved!.at(-1)).toBeCloseTo(3, 6);
    expect(largestStep(moved!)).toBeLessThan(2.01 / 128);
    expect(() => other.setConditions([1])).toThrow(
      new RangeError("conditions: expected 2 numbers, got 1"),
    );
    expect(() => other.setConditions([1, NaN])).toThrow(RangeError);
    expect(() => new Engine(RATE, 1).setConditions([1])).toThrow(
      "conditions: expected a model, got none",
    );
  });

  test("plays on after NaN and infinity in the input, and after a model that overflows", () => {
    const model = amp();
    const engine = new Engine(RATE, 1);
    engine.load(model);
    const broken = left.slice();
    broken.set([NaN, Infinity, -Infinity, 1e30], 200);
    const [out] = play(engine, [broken]);
    expect(out!.every(Number.isFinite)).toBe(true);
    expect(engine.resets).toBe(0);

    const growing = new RNN({
      inputSize: 1,
      hiddenSize: 1,
      nonlinearity: "relu",
      bias: false,
    });
    growing.loadStateDict({
      weight_ih_l0: { shape: [1, 1], data: Float32Array.of(1) },
      weight_hh_l0: { shape: [1, 1], data: Float32Array.of(2) },
    });
    const unstable = new Engine(RATE, 1);
    unstable.load(new Sequential([growing]));
    const [grown] = play(unstable, [new Float32Array(128 * 8).fill(1)]);
    expect(grown!.every(Number.isFinite)).toBe(true);
    expect(unstable.resets).toBeGreaterThan(0);
  });

  test("does not sink into denormal numbers when there is silence", () => {
    const fading = new LSTM({ inputSize: 1, hiddenSize: 1 });
    fading.loadStateDict({
      weight_ih_l0: { shape: [4, 1], data: Float32Array.of(1, 0, 1, 1) },
      weight_hh_l0: { shape: [4, 1], data: new Float32Array(4) },
      bias_ih_l0: { shape: [4], data: Float32Array.of(0, 4, 0, 0) },
      bias_hh_l0: { shape: [4], data: new Float32Array(4) },
    });
    const model = new Sequential([fading]);
    const signal = new Float32Array(128 * 60);
    signal.fill(0.5, 0, 128);
    const denormal = (x: number) => x !== 0 && Math.abs(x) < 2 ** -126;
    expect(model.stream().run(signal).some(denormal)).toBe(true);
    const engine = new Engine(RATE, 1);
    engine.load(model);
    expect(play(engine, [signal])[0]!.some(denormal)).toBe(false);
  });

  test("refuses models that do not take a sample and give one", () => {
    const engine = new Engine(RATE, 1);
    const wide = new Sequential([new LSTM({ inputSize: 1, hiddenSize: 2 })]);
    expect(() => engine.load(wide)).toThrow(
      new RangeError("model: expected one output, the sample, got 2"),
    );
  });

  test("follows a quantum of another size", () => {
    const model = amp();
    const engine = new Engine(RATE, 1);
    engine.load(model);
    const stream = model.stream();
    for (const [start, end] of [
      [0, 128],
      [128, 384],
      [384, 448],
    ] as const) {
      const out = new Float32Array(end - start);
      const x = left.subarray(start, end);
      engine.process([x], [out], unity);
      expectSameBits(out, stream.run(x), `${start} to ${end}`);
    }
  });
});

const sharedClock = () => new Int32Array(new SharedArrayBuffer(16));

/** The clock goes on. */
function pass(clock: Int32Array, microseconds: number): void {
  clock[TIME]! += microseconds;
  clock[BEAT]! += 1;
}

describe("the stopwatch of the AudioWorklet", () => {
  test("reports the mean and the worst of the quanta since the last report", () => {
    const clock = sharedClock();
    clock[TIME] = 2 ** 31 - 300; // goes round within the second quantum
    const stopwatch = new Stopwatch(RATE, clock);
    clock[TICK] = 40;
    for (const microseconds of [100, 500, 300]) {
      stopwatch.start();
      pass(clock, microseconds);
      stopwatch.stop(128);
      pass(clock, 2000);
    }
    const report = stopwatch.report(2);
    expect(report).toMatchObject({
      quanta: 3,
      clock: "shared",
      missed: 0,
      resolution: 0.04, // the longest time between two ticks
      resets: 2,
    });
    expect(report.budget).toBeCloseTo(128 / 48, 10);
    expect(report.mean).toBeCloseTo(0.3, 10);
    expect(report.worst).toBeCloseTo(0.5, 10);
    expect(report.worstLoad).toBeCloseTo((0.5 * 48) / 128, 10);
    expect(stopwatch.report(2)).toMatchObject({
      quanta: 0,
      worst: 0,
      resolution: 0,
      resets: 0,
    });
  });

  test("leaves out quanta during which the clock stood still", () => {
    const clock = sharedClock();
    const stopwatch = new Stopwatch(RATE, clock);
    const quantum = (during: () => void, afterwards: () => void) => {
      stopwatch.start();
      during();
      stopwatch.stop(128);
      afterwards();
    };
    const going = (microseconds: number) => () => pass(clock, microseconds);
    const paused = () => {
      clock[PAUSES]! += 1;
      pass(clock, 5000);
    };
    const standing = () => {};
    quantum(going(200), going(100));
    quantum(paused, going(100)); // seems to take 5 ms
    quantum(standing, paused); // to take no time
    quantum(standing, standing); // of this pause nobody knows yet
    quantum(going(400), going(100));
    const report = stopwatch.report(0);
    expect(report).toMatchObject({ quanta: 5, missed: 3 });
    expect(report.mean).toBeCloseTo(0.3, 10);
    expect(report.worst).toBeCloseTo(0.4, 10);
    quantum(going(100), going(100));
    expect(stopwatch.report(0)).toMatchObject({ quanta: 1, missed: 0 });
    quantum(going(100), standing);
    expect(stopwatch.report(0)).toMatchObject({
      missed: 1,
      mean: NaN,
      worst: NaN,
      load: NaN,
      worstLoad: NaN,
    });
    expect(stopwatch.report(0)).toMatchObject({ quanta: 0, mean: 0, load: 0 });
  });

  test("uses Date.now and says so where there is no performance", () => {
    const { performance } = globalThis;
    Reflect.deleteProperty(globalThis, "performance");
    try {
      expect(new Stopwatch(RATE).report(0)).toMatchObject({
        clock: "Date.now",
        resolution: 1,
      });
    } finally {
      globalThis.performance = performance;
    }
    const { clock, resolution } = new Stopwatch(RATE).report(0);
    expect(clock).toBe("performance.now");
    expect(resolution).toBeLessThan(1);
  });
});
