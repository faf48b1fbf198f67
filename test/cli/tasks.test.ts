/** generate, forecast, plot, and --scale of run. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "../../src/safetensors.js";
import { GRU, Linear, Sequential } from "../../src/index.js";
import { load } from "../../src/formats/safetensors/index.js";
import { openSession } from "./session.js";

const { program, run, read, put, done, expectFailure } = openSession();
const backend = ["--backend", "simd"];
const example = (name: string) =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url));

const words = load(example("words/words.safetensors")).model;
const sunspots = load(example("sunspots/sunspots.safetensors")).model;
const { vocabulary = "" } = parse(example("words/words.safetensors")).metadata;
// saved by gatewise: a bare state dict would be warned of
put("words.safetensors", words.save({ vocabulary }));
put("sunspots.safetensors", sunspots.save());
put("sunspots.csv", example("sunspots/sunspots.csv"));
const numbers = (text: string) => text.trim().split("\n").map(Number);

describe("generate", () => {
  const options = { prompt: [0], stop: 0, steps: 12, temperature: 0.8 };

  test("writes the characters that the model's metadata names", async () => {
    const args = ["generate", "words.safetensors", "--stop", "0"];
    const more = ["--steps", "12", "--temperature", "0.8", "--seed", "3"];
    const { stdout } = await run(...args, ...more, "--count", "2", ...backend);
    const expected = [3, 4].map((seed) =>
      Array.from(
        words.generate({ ...options, seed }),
        (token) => vocabulary[token],
      ).join(""),
    );
    expect(stdout).toBe(`${expected.join("\n")}\n`);
  });

  test("goes on after a prompt, and prints tokens as JSON", async () => {
    const { stdout } = await run(
      "generate",
      "words.safetensors",
      "--prompt",
      "th",
      "--steps",
      "3",
      "--temperature",
      "0",
      "--json",
      ...backend,
    );
    const tokens = [
      ...words.generate({ prompt: [20, 8], steps: 3, temperature: 0 }),
    ];
    expect(JSON.parse(stdout)).toMatchObject({ tokens });
  });

  test("knows the characters of a model on standard input, too", async () => {
    const args = ["--prompt", "th", "--steps", "3", "--temperature", "0"];
    const file = words.save({ vocabulary });
    const piped = await program.run(["generate", "-", ...args], file);
    const named = await run("generate", "words.safetensors", ...args);
    expect(piped).toEqual({ ...named, stderr: "", code: 0 });
    expect(named.stdout).toMatch(/^[a-z' -]{3}\n$/);
  });

  test("refuses letters that the vocabulary has not", async () => {
    await expectFailure(
      ["generate", "words.safetensors", "--prompt", "A"],
      2,
      /--prompt: expected characters of .*, got A/,
    );
  });
});

describe("forecast and --scale", () => {
  const args = ["--columns", "sunspots", "--scale", "200", ...backend];
  const series = read("sunspots.csv")
    .toString()
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => [Number(line.split(",")[1])]);

  test("goes on after the history, scaled there and back", async () => {
    const files = ["sunspots.safetensors", "sunspots.csv", "next.csv"];
    await done("forecast", ...files, "--steps", "5", ...args);
    const history = series.map(([x]) => [Math.fround(x as number) / 200]);
    const expected = sunspots.forecast(history, 5).data;
    numbers(read("next.csv").toString()).forEach((value, i) =>
      expect(value).toBeCloseTo(200 * (expected[i] as number), 3),
    );
  });

  test("run scales lines as it scales arrays", async () => {
    const files = ["sunspots.safetensors", "sunspots.csv"];
    await done("run", ...files, "lines.csv", ...args);
    await done("run", ...files, "whole.csv", "--whole", ...args);
    const lines = read("lines.csv").toString();
    expect(read("whole.csv").toString()).toBe(lines);
    const first = sunspots.forward([[(series[0]?.[0] as number) / 200]]);
    const [got] = numbers(lines);
    expect(got).toBeCloseTo(200 * (first.output.data[0] as number), 3);
  });

  test("a model of other outputs than inputs has no forecast", async () => {
    const gru = new GRU({ inputSize: 1, hiddenSize: 2, seed: 1 });
    const model = new Sequential([
      gru,
      new Linear({ inputSize: 2, outputSize: 3, seed: 1 }),
    ]);
    put("other.safetensors", model.save());
    put("few.csv", "1\n2\n");
    await expectFailure(
      ["forecast", "other.safetensors", "few.csv", "-", "--steps", "1"],
      1,
      /forecast: expected as many outputs as inputs/,
    );
  });
});

describe("plot", () => {
  put("few.csv", "0.1\n0.2\n0.3\n");

  test.each([
    [["sunspots.safetensors", "few.csv", "gates.svg"], /forget/],
    [
      ["sunspots.safetensors", "few.csv", "out.svg", "--what", "outputs"],
      /<svg/,
    ],
    [["sunspots.safetensors", "w.svg", "--what", "weights"], /weight_hh_l1/],
    [["l.svg", "--loss", "run.jsonl"], /loss/],
  ])("%j", async (given, shows) => {
    put(
      "run.jsonl",
      '{"type":"step","step":1,"loss":2}\n{"type":"step","step":2,"loss":1}\n',
    );
    await done("plot", ...given);
    const file = given.find((name) => name.endsWith(".svg")) as string;
    expect(read(file).toString()).toMatch(shows);
  });

  test("says which files it needs", async () => {
    await expectFailure(
      ["plot", "sunspots.safetensors"],
      2,
      /arguments: expected MODEL INPUT \[OUT\]/,
    );
  });
});
