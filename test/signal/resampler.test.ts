import { describe, expect, test } from "vitest";
import { Resampler } from "../../src/signal/resampler.js";
import { Random } from "../support/random.js";

const RATES = [
  [48_000, 16_000],
  [16_000, 48_000],
  [44_100, 16_000],
  [16_000, 44_100],
  [8_000, 16_000],
  [96_000, 16_000],
  [48_000, 44_100],
  [11_025, 16_000],
  [47_999, 16_001], // more phases than the table has
] as const;

const tone = (hertz: number, rate: number, n: number) =>
  Float32Array.from({ length: n }, (_, i) =>
    Math.sin((2 * Math.PI * hertz * i) / rate),
  );

function resample(from: number, to: number, samples: Float32Array) {
  const resampler = new Resampler({ from, to });
  const out = new Float32Array(resampler.outputLength(samples.length));
  expect(resampler.process(samples, out)).toBe(out.length);
  return { out, delay: resampler.delay };
}

describe.each(RATES)("from %i to %i Hz", (from, to) => {
  const nyquist = Math.min(from, to) / 2;

  test.each([0.003, 0.2, 0.5, 0.8])(
    "a tone of %f of half the slower rate is itself, `delay` late",
    (share) => {
      const hertz = share * nyquist;
      const { out, delay } = resample(from, to, tone(hertz, from, 6000));
      const start = Math.ceil((2 * delay * to) / from) + 1;
      let error = 0;
      for (let k = start; k < out.length; k++) {
        const time = (k * from) / to - delay; // in input samples
        const expected = Math.sin((2 * Math.PI * hertz * time) / from);
        error = Math.max(error, Math.abs(out[k]! - expected));
      }
      expect(out.length).toBeGreaterThan(start + 500);
      expect(error).toBeLessThan(3e-4); // -70 dB, float32 is not what limits it
    },
  );

  test("blocks of any size give the bits of one block, and as many samples as told", () => {
    const random = new Random(from);
    const samples = random.floats(3000);
    const { out } = resample(from, to, samples);
    const resampler = new Resampler({ from, to });
    const pieces: number[] = [];
    for (let round = 0; round < 2; round++) {
      pieces.length = 0;
      for (let at = 0; at < samples.length;) {
        const n = random.integer(0, 600);
        const block = samples.subarray(at, at + n);
        at += n;
        const piece = new Float32Array(resampler.outputLength(block.length));
        expect(resampler.process(block, piece)).toBe(piece.length);
        pieces.push(...piece);
      }
      expect(pieces).toEqual([...out]);
      resampler.reset();
    }
  });
});

test.each(RATES.filter(([from, to]) => to < from))(
  "from %i to %i Hz, what lies above half the output's rate is gone",
  (from, to) => {
    const hertz = (1.02 * to) / 2;
    const { out, delay } = resample(from, to, tone(hertz, from, 6000));
    const start = Math.ceil((2 * delay * to) / from) + 1;
    const worst = out
      .subarray(start)
      .reduce((a, x) => Math.max(a, Math.abs(x)), 0);
    expect(20 * Math.log10(worst)).toBeLessThan(-75);
  },
);

test("equal rates change nothing and are not late", () => {
  const samples = new Random(1).floats(700);
  const { out, delay } = resample(48_000, 48_000, samples);
  expect(delay).toBe(0);
  expect([...out]).toEqual([...samples]);
});

test("a constant stays itself", () => {
  const { out } = resample(44_100, 16_000, new Float32Array(2000).fill(0.5));
  expect([...new Set(out.subarray(100))]).toEqual([0.5]);
});

test("no room: nothing is taken", () => {
  const resampler = new Resampler({ from: 16_000, to: 48_000 });
  const samples = new Random(2).floats(100);
  expect(() => resampler.process(samples, new Float32Array(299))).toThrow(
    new RangeError("out: expected at least 300 samples, got 299"),
  );
  const out = new Float32Array(300);
  resampler.process(samples, out);
  expect([...out]).toEqual([...resample(16_000, 48_000, samples).out]);
});

test.each([0, -1, 44_100.5, NaN, Infinity])("refuses a rate of %d", (rate) => {
  expect(() => new Resampler({ from: rate, to: 16_000 })).toThrow(RangeError);
});
