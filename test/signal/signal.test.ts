import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RealFft } from "../../src/signal/fft.js";
import { Frames } from "../../src/signal/frames.js";
import { Ring } from "../../src/signal/ring.js";
import { Stft } from "../../src/signal/stft.js";
import { Random } from "../support/random.js";

/** `samples` in blocks of random sizes, 0 too. */
export function* blocks(samples: Float32Array, random: Random, most = 400) {
  for (let at = 0; at < samples.length;) {
    const n = random.integer(0, most);
    yield samples.subarray(at, at + n);
    at += n;
  }
}

describe("Ring", () => {
  test("gives back what it got, in any blocks", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 70 }),
        (seed, capacity) => {
          const random = new Random(seed);
          const ring = new Ring(capacity);
          let given = 0;
          let taken = 0;
          for (let round = 0; round < 60; round++) {
            const n = random.integer(0, capacity - ring.length);
            if (random.next() < 0.2) {
              ring.pushSilence(0);
            }
            ring.push(Float32Array.from({ length: n }, () => given++));
            const out = new Float32Array(random.integer(0, ring.length));
            ring.shift(out);
            expect([...out]).toEqual(Array.from(out, () => taken++));
          }
          expect(ring.length).toBe(given - taken);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("silence counts as zeros", () => {
    const ring = new Ring(4);
    ring.push(Float32Array.of(1, 2, 3));
    ring.shift(new Float32Array(2));
    ring.pushSilence(3);
    const out = new Float32Array(4);
    ring.shift(out);
    expect([...out]).toEqual([3, 0, 0, 0]);
    expect(() => ring.pushSilence(5)).toThrow(RangeError);
  });

  test("refuses more than there is room for, or than there is", () => {
    const ring = new Ring(3);
    ring.push(new Float32Array(2));
    expect(() => ring.push(new Float32Array(2))).toThrow(
      new RangeError("samples: expected at most 1, got 2"),
    );
    expect(() => ring.shift(new Float32Array(3))).toThrow(
      new RangeError("out: expected at most 2, got 3"),
    );
    expect(ring.length).toBe(2);
  });
});

describe("Frames", () => {
  test.each([
    [7, 7],
    [8, 3],
    [512, 128],
    [576, 512],
    [1, 1],
  ])("of %i, hop %i: the last samples after every hop", (size, hop) => {
    const random = new Random(size);
    const samples = random.floats(5 * size + 3);
    const frames = new Frames({ size, hop });
    const whole = new Float32Array(size - hop + samples.length);
    whole.set(samples, size - hop);
    let count = 0;
    for (const block of blocks(samples, random, 2 * size))
      frames.push(block, (frame) => {
        const start = count++ * hop;
        expect([...frame]).toEqual([...whole.subarray(start, start + size)]);
      });
    expect(count).toBe(Math.floor(samples.length / hop));
    expect(frames.pending).toBe(samples.length % hop);
  });

  test("goes on after a frame whose use threw", () => {
    const frames = new Frames({ size: 2 });
    const seen: number[][] = [];
    expect(() =>
      frames.push(Float32Array.of(1, 2, 3), () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    frames.push(Float32Array.of(5, 6), (frame) => seen.push([...frame]));
    expect(seen).toEqual([[5, 6]]);
  });

  test("refuses a hop beyond the size", () => {
    expect(() => new Frames({ size: 4, hop: 5 })).toThrow(
      new RangeError("hop: expected at most size, 4, got 5"),
    );
  });
});

describe("RealFft", () => {
  test.each([4, 8, 64, 512, 1024])(
    "of %i is the sum that defines it",
    (size) => {
      const frame = new Random(size).floats(size);
      const fft = new RealFft(size);
      const spectrum = new Float32Array(2 * fft.bins);
      fft.forward(frame, spectrum);
      for (const k of new Set([0, 1, 2, size / 4, size / 2 - 1, size / 2])) {
        let re = 0;
        let im = 0;
        frame.forEach((x, n) => {
          re += x * Math.cos((-2 * Math.PI * k * n) / size);
          im += x * Math.sin((-2 * Math.PI * k * n) / size);
        });
        expect(Math.abs(spectrum[2 * k]! - re)).toBeLessThan(1e-6 * size);
        expect(Math.abs(spectrum[2 * k + 1]! - im)).toBeLessThan(1e-6 * size);
      }
      const back = new Float32Array(size);
      fft.inverse(spectrum, back);
      back.forEach((x, i) =>
        expect(Math.abs(x - frame[i]!)).toBeLessThan(1e-6),
      );
    },
  );

  test("refuses sizes that are no power of two", () => {
    expect(() => new RealFft(500)).toThrow(
      new RangeError("size: expected a power of two, 4 or more, got 500"),
    );
  });
});

describe("Stft", () => {
  test("gives the signal back, size - hop late, whatever the window, hop and blocks", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<[number, number]>(
          [512, 256],
          [512, 128],
          [64, 16],
          [64, 24],
          [32, 32],
        ),
        fc.constantFrom("sqrt-hann", "hann", "none" as const),
        fc.integer(),
        ([size, hop], name, seed) => {
          const window = size === hop ? "none" : (name as "hann");
          const random = new Random(seed);
          const samples = random.floats(6 * size + 5);
          const stft = new Stft({ size, hop, window });
          const frames = new Frames({ size, hop });
          const spectrum = new Float32Array(2 * stft.bins);
          const out: number[] = [];
          const piece = new Float32Array(hop);
          for (const block of blocks(samples, random))
            frames.push(block, (frame) => {
              stft.analyze(frame, spectrum);
              stft.synthesize(spectrum, piece);
              out.push(...piece);
            });
          const late = size - hop;
          expect(out.length).toBeGreaterThan(4 * size);
          const errors = out.map((x, i) =>
            Math.abs(x - (i < late ? 0 : samples[i - late]!)),
          );
          expect(Math.max(...errors)).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("refuses a window that loses samples", () => {
    expect(() => new Stft({ size: 8, hop: 8, window: "hann" })).toThrow(
      /^window: expected squares that sum to more than 0.001 at every sample/,
    );
    expect(
      () => new Stft({ size: 8, hop: 4, window: new Float32Array(3) }),
    ).toThrow(new RangeError("window: expected 8 values, got 3"));
  });
});

test("a long hop is no more for the stack", () => {
  const window = new Float32Array(2 ** 18).fill(1);
  const stft = new Stft({ size: 2 ** 18, hop: 2 ** 18, window });
  expect(stft.bins).toBe(2 ** 17 + 1);
});
