import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  beamSearch,
  greedy,
  sample,
  type TokenStream,
} from "../../src/decode/index.js";
import { type Sequential } from "../../src/index.js";
import { constantModel, languageModel } from "../support/language-models.js";
import { Random } from "../support/random.js";
import { logSoftmaxed } from "./brute-force.js";

const START = 0;
const STOP = 1;

/** A model without a pattern: the logits of a token depend on all tokens before it. */
class Table implements TokenStream {
  static open = 0;
  #open = true;

  constructor(
    readonly size: number,
    readonly seed: number,
    private history: number[] = [],
  ) {
    Table.open++;
  }

  logits(history: readonly number[]): number[] {
    const seed = history.reduce(
      (sum, token) => sum * 31 + token + 1,
      this.seed,
    );
    return [...new Random(seed).floats(this.size, -2, 2)];
  }

  step([token]: ArrayLike<number> & [number]): number[] {
    expect(this.#open, "a stream in use").toBe(true);
    this.history.push(token);
    return this.logits(this.history);
  }

  fork(): Table {
    return new Table(this.size, this.seed, [...this.history]);
  }

  dispose(): void {
    expect(this.#open, "disposed of once").toBe(true);
    this.#open = false;
    Table.open--;
  }
}

/** Every sequence of at most so many steps, with its score. */
function everySequence(
  logitsOf: (history: readonly number[]) => readonly number[],
  steps: number,
  alpha: number,
) {
  const all: { tokens: number[]; score: number; finished: boolean }[] = [];
  const visit = (tokens: number[], sum: number): void => {
    if (tokens.length === steps) {
      all.push({ tokens, score: sum / steps ** alpha, finished: false });
      return;
    }
    logSoftmaxed(logitsOf([START, ...tokens])).forEach((score, token) => {
      if (token === STOP)
        all.push({
          tokens,
          score: (sum + score) / (tokens.length + 1) ** alpha,
          finished: true,
        });
      else visit([...tokens, token], sum + score);
    });
  };
  visit([], 0);
  return all.sort((a, b) => b.score - a.score);
}

const logitsOf = (model: Sequential) => (history: readonly number[]) => {
  const { output } = model.forward(history);
  return [...output.data.subarray(-12)];
};

describe("beamSearch", () => {
  test("with enough beams finds every sequence, best first, whatever the length penalty", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 0.6, 1, 2, -1),
        (seed, size, steps, lengthPenalty) => {
          const table = new Table(size, seed);
          const expected = everySequence(
            (history) => table.logits(history),
            steps,
            lengthPenalty,
          );
          const options = { start: START, stop: STOP, steps, lengthPenalty };
          const found = beamSearch(table, { ...options, beams: 2000 });
          expect(found.length).toBe(expected.length);
          found.forEach(({ tokens, score, finished }, i) => {
            expect(score).toBeCloseTo(expected[i]!.score, 9);
            const same = expected.find(
              (other) =>
                other.finished === finished &&
                other.tokens.join() === tokens.join(),
            );
            expect(score).toBeCloseTo(same!.score, 9);
          });
          table.dispose();
        },
      ),
      { seed: 1, numRuns: 40 },
    );
    expect(Table.open, "streams not disposed of").toBe(0);
  });

  test("ends early only where nothing better can come", () => {
    for (let seed = 0; seed < 5; seed++)
      for (const lengthPenalty of [0, 1, 2, -1]) {
        const table = new Table(3, seed);
        const [best] = everySequence((h) => table.logits(h), 7, lengthPenalty);
        // as many beams as can be open at once, fewer than there are sequences
        const options = { start: START, stop: STOP, lengthPenalty };
        const found = beamSearch(table, { ...options, steps: 7, beams: 192 });
        expect(found[0]!.score).toBeCloseTo(best!.score, 9);
        table.dispose();
      }
    expect(Table.open).toBe(0);
  });

  test.each([false, true])(
    "over a model's forked streams finds what forward says, one-hot %s",
    (oneHot) => {
      const model = languageModel({ oneHot });
      const tokens = languageModel();
      // the one-hot model has no Embedding: its weights are others
      const of = oneHot
        ? (history: readonly number[]) => {
            const stream = model.stream();
            const frames = history.map((token) =>
              Array.from({ length: 12 }, (_, i) => Number(i === token)),
            );
            return [...stream.run(frames.flat())].slice(-12);
          }
        : logitsOf(tokens);
      const stream = model.stream();
      const expected = everySequence(of, 3, 0);
      const options = { start: START, stop: STOP, steps: 3 };
      const found = beamSearch(stream, { ...options, beams: 2000 });
      expect(found.length).toBe(expected.length);
      found.forEach(({ score }, i) =>
        expect(score).toBeCloseTo(expected[i]!.score, 4),
      );
      expect(stream.state, "the stream is left as it was").toEqual(
        model.stream().state,
      );
    },
  );

  test("a softmax at the end is seen: probabilities give what logits give", () => {
    const options = { start: START, stop: STOP, steps: 6, beams: 5 };
    const logits = beamSearch(languageModel().stream(), options);
    const softmax = beamSearch(
      languageModel({ activation: "softmax" }).stream(),
      options,
    );
    expect(softmax.map(({ tokens }) => tokens)).toEqual(
      logits.map(({ tokens }) => tokens),
    );
    softmax.forEach(({ score }, i) =>
      expect(score).toBeCloseTo(logits[i]!.score, 4),
    );
  });

  test("goes on from where the stream stands", () => {
    const model = languageModel();
    const stream = model.stream();
    stream.run([3, 7]);
    const { tokens } = beamSearch(stream, {
      start: 2,
      stop: STOP,
      beams: 1,
      steps: 5,
    })[0]!;
    const expected = [
      ...model.generate({
        prompt: [3, 7, 2],
        steps: 5,
        temperature: 0,
        stop: STOP,
      }),
    ];
    expect(tokens).toEqual(expected);
  });

  test("one beam takes the likeliest token each time", () => {
    for (let seed = 0; seed < 20; seed++) {
      const table = new Table(5, seed);
      const options = { start: START, stop: STOP, steps: 12 };
      const [only, ...more] = beamSearch(table, { ...options, beams: 1 });
      expect(more).toEqual([]);
      const tokens = greedy(table, options);
      let next = tokens.next();
      while (!next.done) next = tokens.next();
      expect(only).toEqual(next.value);
      table.dispose();
    }
    expect(Table.open).toBe(0);
  });

  test("more length penalty gives no shorter sequences", () => {
    const lengths = [-1, 0, 1, 3].map((lengthPenalty) => {
      const stream = constantModel([-9, 0.5, 1, 0]).stream();
      const options = { start: START, stop: STOP, steps: 6, beams: 2000 };
      return beamSearch(stream, { ...options, lengthPenalty })[0]!.tokens
        .length;
    });
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(lengths[0]).toBe(0);
    expect(lengths.at(-1)).toBe(6);
  });
});

describe("greedy and sample", () => {
  test("give what Sequential.generate gives, with scores that add up", () => {
    const model = languageModel();
    const stream = model.stream();
    for (const sampling of [
      { temperature: 0 },
      { seed: 4 },
      { seed: 4, temperature: 0.7, topK: 5 },
      { seed: 9, topP: 0.8 },
    ]) {
      const options = { steps: 40, stop: STOP, ...sampling };
      const expected = [...model.generate({ prompt: [5], ...options })];
      const found = [...sample(stream, { start: 5, ...options })];
      expect(found.map(({ token }) => token)).toEqual(expected);
      const of = logitsOf(model);
      found.forEach(({ token, score }, i) => {
        const before = of([5, ...expected.slice(0, i)]);
        expect(score).toBeCloseTo(logSoftmaxed(before)[token]!, 4);
      });
    }
    expect(
      [...greedy(stream, { start: 5, steps: 9 })].map(({ token }) => token),
    ).toEqual([...model.generate({ prompt: [5], steps: 9, temperature: 0 })]);
    expect(stream.state).toEqual(model.stream().state);
  });

  test("a generator that is left gives its stream back", () => {
    const table = new Table(5, 1);
    for (const { token } of sample(table, { start: START }))
      if (token >= 0) break;
    table.dispose();
    expect(Table.open).toBe(0);
  });
});
