import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ctcAlign, ctcBeam, ctcGreedy } from "../../src/decode/index.js";
import { tensor } from "../../src/index.js";
import { Random } from "../support/random.js";
import { labellings, logSoftmaxed, reads } from "./brute-force.js";

/** Logits of up to 5 steps over 2 to 4 classes, and a blank. */
const problems = fc
  .record({
    steps: fc.integer({ min: 1, max: 5 }),
    classes: fc.integer({ min: 2, max: 4 }),
    seed: fc.nat(),
    spread: fc.constantFrom(0.5, 3, 30),
  })
  .map(({ steps, classes, seed, spread }) => {
    const random = new Random(seed);
    const logits = random.tensor([steps, classes], -spread, spread);
    const rows = Array.from({ length: steps }, (_, t) => [
      ...logits.data.subarray(t * classes, (t + 1) * classes),
    ]);
    return { logits, rows, blank: random.integer(0, classes - 1) };
  });
const settings = { seed: 4, numRuns: 60 };

describe("ctcGreedy", () => {
  test("takes the likeliest path, and says where its labels are", () => {
    fc.assert(
      fc.property(problems, ({ logits, rows, blank }) => {
        const path = rows.map((row) => row.indexOf(Math.max(...row)));
        const { labels, score, spans } = ctcGreedy(logits, { blank });
        expect(labels).toEqual(reads(path, blank));
        const sum = rows.reduce(
          (total, row, t) => total + logSoftmaxed(row)[path[t]!]!,
          0,
        );
        expect(score).toBeCloseTo(sum, 6);
        const drawn = rows.map(() => blank);
        spans.forEach(({ start, end }, i) =>
          drawn.fill(labels[i]!, start, end),
        );
        expect(drawn).toEqual(path);
      }),
      settings,
    );
  });

  test("merges repeats, but not across a blank; the blank is 0 unless it is said", () => {
    const rows = [1, 1, 0, 1, 2, 2, 0].map((best) =>
      [0, 1, 2].map((c) => (c === best ? 5 : 0)),
    );
    expect(ctcGreedy(rows).labels).toEqual([1, 1, 2]);
    expect(ctcGreedy(rows, { blank: 2 }).labels).toEqual([1, 0, 1, 0]);
  });

  test("log-probabilities and probabilities give what logits give", () => {
    const { data } = new Random(3).tensor([6, 4], -3, 3);
    const logits = tensor(data, [6, 4]);
    const logs = Float32Array.from(
      Array.from({ length: 6 }, (_, t) =>
        logSoftmaxed(data.subarray(4 * t, 4 * t + 4)),
      ).flat(),
    );
    const expected = ctcGreedy(logits);
    for (const other of [
      ctcGreedy(tensor(logs, [6, 4])),
      ctcGreedy(tensor(logs.map(Math.exp), [6, 4]), { probabilities: true }),
    ]) {
      expect(other.labels).toEqual(expected.labels);
      expect(other.score).toBeCloseTo(expected.score, 5);
    }
  });
});

describe("ctcBeam", () => {
  test("with enough beams finds every labelling with the sum over all its paths", () => {
    fc.assert(
      fc.property(problems, ({ logits, rows, blank }) => {
        const expected = labellings(rows, blank);
        const found = ctcBeam(logits, { blank, beams: 2000 });
        expect(found.length).toBe(expected.size);
        found.forEach(({ labels, score }, i) => {
          const { sum } = expected.get(labels.join(" "))!;
          expect(score, labels.join(" ")).toBeCloseTo(sum, 5);
          if (i) expect(score).toBeLessThanOrEqual(found[i - 1]!.score);
        });
      }),
      settings,
    );
  });

  test("with a scorer adds what it says of each label behind its prefix, bonuses too", () => {
    const scorer = (prefix: readonly number[], label: number) =>
      2 * Math.sin(prefix.length * 7 + label * 3 + (prefix.at(-1) ?? 9));
    fc.assert(
      fc.property(problems, ({ logits, rows, blank }) => {
        const expected = [...labellings(rows, blank)].map(([key, { sum }]) => {
          const labels = key === "" ? [] : key.split(" ").map(Number);
          return labels.reduce(
            (total, label, i) => total + scorer(labels.slice(0, i), label),
            sum,
          );
        });
        const found = ctcBeam(logits, { blank, beams: 2000, scorer });
        expect(found.length).toBe(expected.length);
        const sorted = expected.sort((a, b) => b - a);
        found.forEach(({ score }, i) =>
          expect(score).toBeCloseTo(sorted[i]!, 5),
        );
      }),
      settings,
    );
  });

  test("a scorer is asked once for a prefix and label, and forbids with -Infinity", () => {
    const asked = new Set<string>();
    const scorer = (prefix: readonly number[], label: number) => {
      const key = `${prefix.join(" ")}|${label}`;
      expect(asked.has(key), key).toBe(false);
      asked.add(key);
      return label === 2 ? -Infinity : 0;
    };
    const logits = new Random(8).tensor([12, 4], -2, 2);
    const found = ctcBeam(logits, { beams: 8, scorer });
    expect(found.length).toBe(8);
    expect(found.some(({ labels }) => labels.includes(2))).toBe(false);
    expect(asked.size).toBeGreaterThan(20);
  });

  test("more beams never find worse, and one is no worse than the best path's labelling on a clear line", () => {
    const logits = new Random(5).tensor([30, 6], -4, 4);
    const scores = [1, 4, 16, 64].map(
      (beams) => ctcBeam(logits, { beams })[0]!.score,
    );
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(ctcBeam(logits, { beams: 64 })[0]!.score).toBeGreaterThanOrEqual(
      ctcGreedy(logits).score,
    );
  });

  test("finds the labelling that many paths make likelier than the best path's", () => {
    // Graves 2006: the blank is the likeliest at each step, yet label 1 is likelier than nothing
    const row = [0.6, 0.4].map(Math.log);
    expect(ctcGreedy([row, row]).labels).toEqual([]);
    const [best, second] = ctcBeam([row, row]);
    expect(best!.labels).toEqual([1]);
    expect(Math.exp(best!.score)).toBeCloseTo(0.64, 6);
    expect(second!.labels).toEqual([]);
    expect(Math.exp(second!.score)).toBeCloseTo(0.36, 6);
  });

  test("words: only those of the list, one or, with a separator, several", () => {
    const words = [[1], [1, 2], [2, 1, 1]];
    const separator = 3;
    const allowed = /^( ?(1|12|211)( (1|12|211))* ?| ?)$/;
    const read = (labels: readonly number[]) =>
      labels.map((label) => (label === separator ? " " : label)).join("");
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const logits = new Random(seed).tensor([5, 4], -3, 3);
        const rows = Array.from({ length: 5 }, (_, t) => [
          ...logits.data.subarray(4 * t, 4 * t + 4),
        ]);
        const all = [...labellings(rows, 0)].map(([key, { sum }]) => ({
          labels: key === "" ? [] : key.split(" ").map(Number),
          sum,
        }));
        const several = all.filter(({ labels }) => allowed.test(read(labels)));
        const found = ctcBeam(logits, { beams: 2000, words, separator });
        expect(found.map(({ labels }) => read(labels)).sort()).toEqual(
          several.map(({ labels }) => read(labels)).sort(),
        );
        for (const { labels, score } of found)
          expect(score).toBeCloseTo(
            several.find((other) => read(other.labels) === read(labels))!.sum,
            5,
          );
        const one = ctcBeam(logits, { beams: 2000, words });
        expect(one.map(({ labels }) => read(labels)).sort()).toEqual([
          "1",
          "12",
          "211",
        ]);
      }),
      { ...settings, numRuns: 20 },
    );
  });

  test("classes of probability 0 make labellings that are not there", () => {
    const rows = [
      [-Infinity, 0, -Infinity],
      [1, -Infinity, 0],
    ];
    expect(ctcBeam(rows).map(({ labels }) => labels.join(" "))).toEqual([
      "1",
      "1 2",
    ]);
  });
});

describe("ctcAlign", () => {
  test("finds the likeliest path of each labelling", () => {
    fc.assert(
      fc.property(problems, ({ logits, rows, blank }) => {
        for (const [key, { best, path }] of labellings(rows, blank)) {
          const labels = key === "" ? [] : key.split(" ").map(Number);
          const { spans, score } = ctcAlign(logits, labels, { blank });
          expect(score, key).toBeCloseTo(best, 5);
          const drawn = rows.map(() => blank);
          spans.forEach(({ start, end }, i) =>
            drawn.fill(labels[i]!, start, end),
          );
          expect(drawn, key).toEqual(path);
        }
      }),
      { ...settings, numRuns: 25 },
    );
  });
});

test("labels to align may be a typed array", () => {
  const logits = [
    [0, 5, 0],
    [0, 0, 5],
  ];
  expect(ctcAlign(logits, Int32Array.of(1, 2) as never)).toEqual(
    ctcAlign(logits, [1, 2]),
  );
});
