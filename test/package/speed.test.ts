import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  gains,
  type Measured,
  placed,
  type Results,
  SORTS,
  speedTables,
} from "../../bench/lib/speed-tables.mjs";
import { times } from "../../bench/lib/text.mjs";
import { THREADS, WIDE } from "../../bench/lib/variants.mjs";

/*
 * What README, docs/speed.md and docs/threads.md say of speed beside what was measured: the worst of three occasions, by
 * Node, in bench/results, which `npm run bench:peers` writes.
 */
const root = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");

interface Case extends Measured {
  kind: "RNN" | "LSTM" | "GRU";
  /** How many times as long as ours a peer takes, both in float32 on one thread. */
  ratios: Record<string, number>;
  /** The same of each engine at its best, of float32 and int8, one thread and two. */
  best: Record<string, { name: string; ratio: number }>;
}

type ByNode = Omit<Results, "cases"> & { cases: Case[] };

/** By Node, the oldest first. */
const results: ByNode[] = readdirSync(new URL("bench/results", root))
  .filter((file) => /^v\d/.test(file))
  .map((file) => JSON.parse(read(`bench/results/${file}`)))
  .sort((one, other) => parseInt(one.host.v8) - parseInt(other.host.v8));
const newest = results.at(-1)!;
const cases = results.flatMap((one) => one.cases);

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

test("the tables of docs/speed.md are those of bench/results", () => {
  const page = read("docs/speed.md");
  expect(placed(page, speedTables(results))).toBe(page);
});

/** Least and most that a way gains over float32 on one thread, on the newest Node or all, in layers of some sorts. */
function gained(
  way: string,
  sorts: RegExp,
  of: readonly ByNode[] = [newest],
): readonly [number, number] {
  const all = of.flatMap((one) =>
    SORTS.filter(([sort]) => sorts.test(sort)).map(([, own]) =>
      gains(one.cases, own, way),
    ),
  );
  const [least, most] = [all.map(([low]) => low), all.map(([, high]) => high)];
  return [Math.min(...least), Math.max(...most)];
}

describe.each(["README.md", "docs/speed.md"])("%s tells", (file) => {
  const text = read(file);

  test("what int8 gains on sequences", () => {
    const [low, high, fastLow, fastHigh] = numbers(
      text,
      /`int8` weights run sequences ([\d.]+) to ([\d.]+) × as fast as float32, `int8-fast` on Node 24 ([\d.]+) to ([\d.]+) ×/g,
    );
    const sorts = /sequences/;
    expectRange([low!, high!], gained("gatewise, int8", sorts, results));
    expectRange([fastLow!, fastHigh!], gained("gatewise, int8-fast", sorts));
  });

  test("what two threads gain", () => {
    const claims = numbers(
      text,
      /[Tt]wo threads run sequences of 512 and 1024 units ([\d.]+) to ([\d.]+) × as fast as one/g,
    );
    const way = `gatewise, ${THREADS} threads`;
    expectRange(claims, gained(way, /512/, results));
  });
});

test("docs/speed.md tells what V8 gains by wider vectors", () => {
  const claims = numbers(
    read("docs/speed.md"),
    /makes float32 ([\d.]+) to ([\d.]+) × as fast/g,
  );
  expectRange(claims, gained(`gatewise, ${WIDE}`, /./));
});

test("docs/speed.md tells how far native code is ahead, each at its best", () => {
  const claims = numbers(
    read("docs/speed.md"),
    /at its best `onnxruntime-node` takes ([\d.]+) to ([\d.]+) of the time/gi,
  );
  const own = newest.cases.filter((one) => !isStep(one) && one.kind === "LSTM");
  const ratios = own.map(({ best }) => best["onnxruntime-node"]!.ratio);
  expectRange(claims, [Math.min(...ratios), Math.max(...ratios)]);
});

test("the chart says which direction is good, and has the step at 512", () => {
  const chart = read("docs/speed.svg");
  expect(chart).toMatch(/longer (is|bars are) slower/);
  expect(chart).toMatch(/512 → 512/);
});

test("the chart has the cases that are lost", () => {
  const chart = read("docs/speed.svg");
  const lost = newest.cases.filter(({ best }) =>
    Object.values(best).some(({ ratio }) => ratio < 0.99),
  );
  expect(lost.length).toBeGreaterThan(0);
  const shown = lost.filter(({ layer }) => chart.includes(layer));
  expect(shown.length / lost.length).toBeGreaterThan(0.5);
  for (const { best } of shown)
    for (const [engine, { ratio }] of Object.entries(best))
      if (ratio < 0.99) expect(chart, engine).toContain(`${times(ratio)}`);
});
