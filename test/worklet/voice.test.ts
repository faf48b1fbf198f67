import { describe, expect, test } from "vitest";
import { Linear, Sequential } from "../../src/index.js";
import { Voice } from "../../src/worklet/voice.js";

/** A model that gives back the sample. */
const identity = () => {
  const linear = new Linear({ inputSize: 1, outputSize: 1, bias: false });
  linear.loadStateDict({
    weight: { shape: [1, 1], data: Float32Array.of(1) },
  });
  return new Sequential([linear]);
};

function played(input: Float32Array, from: number, to: number): number[] {
  const voice = new Voice(identity(), 1);
  voice.prepare(input.length);
  const gains = [from, to].map((gain) => Float64Array.of(gain));
  return [...voice.run(0, input, gains[0]!, gains[1]!)];
}

describe("a quantum of a voice", () => {
  test("its gain goes in even steps and has arrived with the last sample", () => {
    const ones = new Float32Array(8).fill(1);
    const steps = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(played(ones, 0, 1)).toEqual(steps.map((i) => i / 8));
    expect(played(ones, 1, 0.5)).toEqual(steps.map((i) => 1 - i / 16));
    expect(played(ones, 0.5, 0.5)).toEqual(steps.map(() => 0.5));
  });

  test("what is not sound reaches no state", () => {
    const floor = Math.fround(1e-15);
    const given = [1e6, -1e6, 2e6, Infinity, -Infinity, NaN, 0, 999_999, -0.5];
    const expected = [...given.slice(0, 7).map(() => floor), 999_999, -0.5];
    expect(played(Float32Array.from(given), 1, 1)).toEqual(expected);
  });
});
