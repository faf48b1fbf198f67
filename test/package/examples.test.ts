/** What the examples claim: PyTorch's own outputs, on every backend, and the programs themselves. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type Backend,
  Embedding,
  GRU,
  Linear,
  LSTM,
  Sequential,
} from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { backends } from "../support/layers.js";

/** Outputs are of order 1; PyTorch's own differ by a few 1e-7 from float64, and more as a forecast feeds on itself. */
const TOLERANCE = 1e-5;

const open = (file: string) =>
  parse(readFileSync(new URL(`../../examples/${file}`, import.meta.url)));

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++)
    most = Math.max(most, Math.abs(actual[i]! - expected[i]!));
  expect(most).toBeLessThan(TOLERANCE);
}

describe.each(backends)("sunspots on %s", (backend) => {
  const { tensors, metadata } = open("sunspots/sunspots.safetensors");
  const torch = open("sunspots/predictions.safetensors").tensors;
  const model = new Sequential([
    LSTM.fromStateDict(tensors, { prefix: "0.", backend }),
    Linear.fromStateDict(tensors, { prefix: "1.", backend }),
  ]);
  const scale = Number(metadata["scale"]);
  const csv = new URL("../../examples/sunspots/sunspots.csv", import.meta.url);
  const rows = readFileSync(csv, "utf8").trim().split("\n").slice(1);
  const months = rows.map((row) => row.split(",")[0]);
  const series = rows.map((row) => [Number(row.split(",")[1]) / scale]);
  const predictions = model.forward(series).output;

  test("predictions are PyTorch's", () => {
    expect(predictions.shape).toEqual(torch["predictions"]!.shape);
    expectClose(predictions.data, torch["predictions"]!.data);
  });

  test("the forecast is PyTorch's", () => {
    const { shape, data } = torch["forecast"]!;
    const forecast = model.forecast(series, shape[0]!);
    expect(forecast.shape).toEqual(shape);
    expectClose(forecast.data, data);
  });

  test("it beats persistence on the months that it never saw", () => {
    const first = months.indexOf(metadata["unseen"]!.slice(0, 7));
    const rmse = (predict: (t: number) => number) => {
      const errors = series
        .slice(first)
        .map(([value], i) => (predict(first + i) - value!) ** 2);
      const mean = errors.reduce((a, b) => a + b) / errors.length;
      return (scale * Math.sqrt(mean)).toFixed(2);
    };
    const own = rmse((t) => predictions.data[t - 1]!);
    const persistence = rmse((t) => series[t - 1]![0]!);
    expect(own).toBe(metadata["unseen_rmse"]);
    expect(persistence).toBe(metadata["unseen_rmse_persistence"]);
    expect(Number(own)).toBeLessThan(0.9 * Number(persistence));
  });
});

function wordModel(backend: Backend) {
  const { tensors, metadata } = open("words/words.safetensors");
  const model = new Sequential([
    Embedding.fromStateDict(tensors, { prefix: "0." }),
    GRU.fromStateDict(tensors, { prefix: "1.", backend }),
    Linear.fromStateDict(tensors, { prefix: "2.", backend }),
  ]);
  return { model, vocabulary: metadata["vocabulary"]! };
}

function invent(backend: Backend, count: number) {
  const { model, vocabulary } = wordModel(backend);
  return Array.from({ length: count }, (_, seed) => {
    const word = { prompt: [0], stop: 0, steps: 20, temperature: 0.8, seed };
    return [...model.generate(word)].map((token) => vocabulary[token]).join("");
  });
}

describe.each(backends)("words on %s", (backend) => {
  test("scores are PyTorch's, and brindle is likelier than xkqzj", () => {
    const { model, vocabulary } = wordModel(backend);
    const torch = open("words/scores.safetensors");
    const strings = JSON.parse(torch.metadata["strings"]!) as string[];
    const scores = strings.map((string) => {
      const tokens = [...string].map((letter) => vocabulary.indexOf(letter));
      const { output } = model.forward([0, ...tokens]);
      const sum = [...tokens, 0].reduce((sum, target, t) => {
        const logits = output.data.subarray(t * 27, (t + 1) * 27);
        const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
        return sum + logits[target]! - Math.log(total);
      }, 0);
      return sum / (tokens.length + 1);
    });
    expectClose(scores, torch.tensors["scores"]!.data);
    const scoreOf = (string: string) => scores[strings.indexOf(string)]!;
    expect(scoreOf("brindle")).toBeGreaterThan(scoreOf("xkqzj") + 4);
  });

  test("the same seeds invent the same words", () => {
    expect(invent(backend, 20)).toEqual(invent(backend, 20));
  });
});

test("backends of equal bits invent the same words", () => {
  const words = invent("simd", 20);
  expect(invent("js", 20)).toEqual(words);
  expect(words.slice(0, 3)).toEqual(["drifty", "denerating", "saftering"]);
});

describe("the programs", () => {
  afterEach(() => void vi.restoreAllMocks());

  /** What `node examples/<file> …` prints, run here from the sources. */
  async function run(file: string, ...args: string[]) {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation(
      (line) => void lines.push(line),
    );
    const { argv } = process;
    process.argv = [argv[0]!, file, ...args];
    try {
      await import(/* @vite-ignore */ `../../examples/${file}?${args.join()}`);
    } finally {
      process.argv = argv;
    }
    return lines.join("\n");
  }

  test("sunspots", async () => {
    const printed = await run("sunspots/sunspots.mjs");
    expect(printed).toContain(
      "the model 16.77, repeating the last month 19.14",
    );
  });

  test("words", async () => {
    expect(await run("words/words.mjs")).toMatch(/drifty[^]*brindle[^]*xkqzj/);
    const given = await run("words/words.mjs", "gatewise", "zzyzx");
    expect(given).toMatch(/^.*likeliest first:\n.*gatewise\n.*zzyzx$/);
  });

  test("gates", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
    try {
      const file = join(folder, "gates.svg");
      await run("gates/gates.mjs", file);
      expect(existsSync(file)).toBe(true);
      const svg = readFileSync(file, "utf8");
      for (const name of ["input", "forget", "candidate", "cell", "1986"])
        expect(svg).toContain(name);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
