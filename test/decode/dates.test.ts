/** The encoder-decoder with attention of examples/dates: PyTorch's logits, and what beam search makes of them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  beamSearch,
  greedy,
  type TokenStream,
} from "../../src/decode/index.js";
import { parse } from "../../src/safetensors.js";

const folder = new URL("../../examples/dates/", import.meta.url);
const { tensors } = parse(readFileSync(new URL("dates.safetensors", folder)));
/** By an address that tsc does not follow: examples are not held to strict types. */
const program = new URL("dates.mjs", folder).pathname;
const example = (await import(/* @vite-ignore */ program)) as {
  answerTo(letters: readonly number[]): {
    step(token: ArrayLike<number>): Float32Array;
    fork(): TokenStream;
  };
  dates(text: string): { date: string; probability: number }[];
};

const rowsOf = (name: string) => {
  const { shape, data } = tensors[`test.${name}`]!;
  const size = shape.slice(1).reduce((product, n) => product * n, 1);
  return Array.from({ length: shape[0]! }, (_, i) => [
    ...data.subarray(i * size, (i + 1) * size),
  ]);
};
const letters = rowsOf("letters").map((row) => row.filter((token) => token));
const tokens = rowsOf("tokens");
const logits = rowsOf("logits");

describe("examples/dates", () => {
  test("gives PyTorch's logits at every step", () => {
    letters.forEach((given, i) => {
      const answer = example.answerTo(given);
      const found = tokens[i]!.flatMap((token) => [...answer.step([token])]);
      expect(found.length).toBe(logits[i]!.length);
      found.forEach((value, k) => {
        expect(Math.abs(value - logits[i]![k]!)).toBeLessThan(2e-4);
      });
    });
  });

  test("finds the dates that were meant", () => {
    const targets = rowsOf("targets").map((row) => row.slice(0, -1));
    const options = { start: 0, stop: 1, steps: 12 };
    const found = letters.map((given) => {
      const answer = example.answerTo(given);
      const [best] = beamSearch(answer, { ...options, beams: 4 });
      const taken = [...greedy(answer, options)].map(({ token }) => token);
      expect(best!.finished).toBe(true);
      return { best: best!.tokens, taken };
    });
    const right = (list: readonly number[][]) =>
      list.filter((each, i) => each.join() === targets[i]!.join()).length;
    expect(right(found.map(({ best }) => best))).toBeGreaterThanOrEqual(19);
    expect(right(found.map(({ taken }) => taken))).toBeGreaterThanOrEqual(19);
  });

  test("is sure of what is clear, and says so of what is not", () => {
    const [clear] = example.dates("March 14, 2024");
    expect(clear!.date).toBe("2024-03-14");
    expect(clear!.probability).toBeGreaterThan(0.9);
    expect(() => example.dates("März")).toThrow(RangeError);
  });
});
