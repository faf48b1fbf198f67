import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/*
 * What README and docs/speed.md say of speed beside what was measured: the worst of three occasions, by Node, in
 * bench/results, which `npm run bench:peers` writes.
 */
const root = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");

interface Case {
  kind: "RNN" | "LSTM" | "GRU";
  batch: number;
  steps: number;
  hiddenSize: number;
  /** How many times as long as ours a peer takes. */
  ratios: Record<string, number>;
}

const cases: Case[] = readdirSync(new URL("bench/results", root))
  .filter((file) => /^v\d/.test(file))
  .flatMap((file) => JSON.parse(read(`bench/results/${file}`)).cases);

const isStep = ({ batch, steps }: Case) => batch === 1 && steps === 1;
const isBatch = ({ batch }: Case) => batch > 1;
const isGated = ({ kind }: Case) => kind !== "RNN";

const range = (of: (one: Case) => boolean, peer: string) => {
  const ratios = cases.filter(of).flatMap(({ ratios }) => ratios[peer] ?? []);
  return [Math.min(...ratios), Math.max(...ratios)] as const;
};

/** The numbers of the one sentence that fits. */
function numbers(text: string, sentence: RegExp): number[] {
  const found = [...text.matchAll(sentence)];
  expect(found, String(sentence)).toHaveLength(1);
  return found[0]!.slice(1).map(Number);
}

const decimals = (claim: number) => (Number.isInteger(claim) ? 0 : 1);

/** As the range rounds to as many digits as it is told with; 54 may be told as 50. */
function expectRange(
  [least, most]: readonly number[],
  [low, high]: readonly [number, number],
): void {
  expect(Number(low.toFixed(decimals(least!)))).toBeGreaterThanOrEqual(least!);
  expect(Number(high.toFixed(decimals(most!)))).toBeCloseTo(most!, 0);
}

describe.each(["README.md", "docs/speed.md"])("%s tells", (file) => {
  const text = read(file);

  test("a step's lead at each size, not at one for all", () => {
    const [at20, at128, at512] = numbers(
      text,
      /(\d+) ×(?: as fast)? at 20 units, (\d+) × at 128, ([\d.]+) × at 512/g,
    );
    for (const [size, claim] of [
      [20, at20],
      [128, at128],
      [512, at512],
    ] as const) {
      const own = (one: Case) => isStep(one) && one.hiddenSize === size;
      const [least] = range(own, "onnxruntime-web");
      const told = Number(least.toFixed(decimals(claim!)));
      expect(told, `${size} units`).toBeGreaterThanOrEqual(claim!);
      expect(told / claim!, `${size} units`).toBeLessThan(1.2);
    }
  });

  test("by how much onnxruntime-node is ahead on batches", () => {
    const claims = numbers(
      text,
      /(?:by|batches) ([\d.]+) to ([\d.]+) (?:× on batches|times as fast as gatewise)/g,
    );
    const own = (one: Case) => isBatch(one) && isGated(one);
    const [low, high] = range(own, "onnxruntime-node");
    expectRange(claims, [1 / high, 1 / low]);
  });
});

test("README tells the range of sequences and batches", () => {
  const claims = numbers(
    read("README.md"),
    /sequences and batches run ([\d.]+) to (\d+) × as fast/g,
  );
  expectRange(
    claims,
    range((one) => !isStep(one), "onnxruntime-web"),
  );
});

describe("docs/speed.md tells", () => {
  const text = read("docs/speed.md");

  test.each([
    [
      "sequences, gated",
      /100 steps +\| LSTM and GRU ([\d.]+) to ([\d.]+) ×/g,
      (one: Case) => one.steps === 100 && isGated(one),
    ],
    [
      "sequences of RNN",
      /100 steps +\| .*RNN ([\d.]+) to ([\d.]+) ×/g,
      (one: Case) => one.steps === 100 && !isGated(one),
    ],
    [
      "batches, gated",
      /batch of sequences +\| LSTM and GRU ([\d.]+) to ([\d.]+) ×/g,
      (one: Case) => isBatch(one) && isGated(one),
    ],
    [
      "batches of RNN",
      /batch of sequences +\| .*RNN ([\d.]+) to ([\d.]+) ×/g,
      (one: Case) => isBatch(one) && !isGated(one),
    ],
  ])("%s", (_, sentence, of) =>
    expectRange(numbers(text, sentence), range(of, "onnxruntime-web")),
  );

  test("how far the other JavaScript is behind", () => {
    const [least] = range(() => true, "tfjs-wasm");
    const [claim] = numbers(text, /takes at least ([\d.]+) times as long/g);
    expect(least).toBeGreaterThanOrEqual(claim!);
    expectRange(
      numbers(text, /without a library (\d+) to (\d+) times/g),
      range(() => true, "plain JS"),
    );
  });

  test("how far native code is ahead on long sequences", () => {
    const own = (one: Case) => one.steps === 100 && isGated(one);
    const [low] = range(own, "onnxruntime-node");
    const [claim] = numbers(text, /long sequences up to ([\d.]+) times/g);
    expect(Number((1 / low).toFixed(decimals(claim!)))).toBe(claim);
  });
});

test("the chart says which direction is good, and has the step at 512", () => {
  const chart = read("docs/speed.svg");
  expect(chart).toMatch(/longer (is|bars are) slower/);
  expect(chart).toMatch(/512 → 512/);
});
