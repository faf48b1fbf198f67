import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/formats/numpy/npy.js";
import { readNpz } from "../../src/formats/numpy/npz.js";
import { readWav, writeWav } from "../../src/cli/data/wav.js";
import { load as loadAny } from "../../src/formats/load/index.js";
import { load } from "../../src/formats/rtneural/index.js";
import type { Sequential, Tensor } from "../../src/index.js";
import { bytesOf, rtneuralFile } from "../audio/files.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import {
  amp,
  backend,
  both,
  chain,
  options,
  rows,
  speller,
  steps,
} from "./models.js";
import { openSession } from "./session.js";

const { run, start, read, put, done, expectFailure } = openSession();
const random = new Random(6);

describe("run, whole files", () => {
  const expected = chain.forward(steps).output;
  const wide = (name: string) => read(name).toString().trim().split("\n");

  test("npy to npy, npz, csv and jsonl", async () => {
    const args = ["run", "chain.safetensors", "steps.npy"];
    const { code, stderr } = await run(...args, "o.npy", ...backend);
    expect([code, stderr]).toEqual([0, "o.npy: output [50, 3]\n"]);
    expectSameTensor(readNpy(read("o.npy")), expected);
    const { stdout } = await start(...args, "o.npz", "--json", ...backend);
    expect(JSON.parse(stdout)).toEqual({
      file: "chain.safetensors",
      input: "steps.npy",
      out: "o.npz",
      shapes: { output: [50, 3] },
    });
    const { output } = Object.fromEntries(readNpz(read("o.npz")));
    expectSameTensor(output as Tensor, expected);
    for (const kind of ["csv", "jsonl"]) {
      await done(...args, `o.${kind}`, ...backend);
      const numbers = wide(`o.${kind}`).flatMap((line) =>
        kind === "csv" ? line.split(",").map(Number) : JSON.parse(line),
      );
      expect(Float32Array.from(numbers)).toEqual(expected.data);
    }
  });

  test("a batch, in several pieces, and backwards too", async () => {
    for (const [name, model] of [
      ["chain", chain],
      ["both", both],
    ] as const) {
      const args = ["run", `${name}.safetensors`, "rows.npy", "b.npy"];
      await done(...args, ...backend);
      expectSameTensor(readNpy(read("b.npy")), model.forward(rows).output);
    }
  });

  test("csv with dates: the project's own sunspots through its own model", async () => {
    const example = new URL("../../examples/sunspots/", import.meta.url);
    const csv = readFileSync(new URL("sunspots.csv", example));
    const bytes = readFileSync(new URL("sunspots.safetensors", example));
    put("sunspots.csv", csv);
    put("sunspots.safetensors", bytes);
    const months = csv.toString().trim().split("\n").slice(1);
    const numbers = months.map((line) => [Number(line.split(",")[1])]);
    const chain = ["--option", 'chain=["0", "1"]']; // what forward does
    const files = ["sunspots.safetensors", "sunspots.csv"];
    const args = ["run", ...files, ...chain, "spots.npy"];
    const { code, stderr } = await run(...args, ...backend);
    expect([code, stderr]).toEqual([
      0,
      `sunspots.csv: columns of dates left out: month\nspots.npy: output [${months.length}, 1]\n`,
    ]);
    const { model } = loadAny(bytes, options);
    const expected = (model as Sequential).forward(numbers).output;
    expectSameTensor(readNpy(read("spots.npy")), expected);
    await done(
      ...args.slice(0, -1),
      "named.npy",
      ...backend,
      "--columns",
      "sunspots",
    );
    expect(read("named.npy")).toEqual(read("spots.npy"));
    await done(...args.slice(0, -1), "lines.csv", ...backend, "--columns", "2");
    expect(wide("lines.csv").map(Number).map(Math.fround)).toEqual([
      ...expected.data,
    ]);
    await expectFailure(
      [...args, "--columns", "spots"],
      1,
      'sunspots.csv: columns: expected one of month, sunspots, or a number from 1 to 2, got "spots"',
    );
    await expectFailure(
      ["run", "chain.safetensors", "steps.npy", "o.npy", "--columns", "x"],
      2,
      "--columns: expected a CSV file as INPUT, got npy",
    );
  });

  test("csv and jsonl, with --whole where the model needs all of it", async () => {
    for (const kind of ["csv", "jsonl"])
      for (const [name, model] of [
        ["chain", chain],
        ["both", both],
      ] as const) {
        const args = [
          "run",
          `${name}.safetensors`,
          `steps.${kind}`,
          "w.npy",
          "--whole",
        ];
        await done(...args, ...backend);
        expectSameTensor(readNpy(read("w.npy")), model.forward(steps).output);
      }
  });

  test("tokens, for a model that begins with an embedding", async () => {
    put("tokens.csv", "1\n2\n8\n");
    const args = ["run", "speller.safetensors", "tokens.csv", "t.npy"];
    await done(...args, ...backend);
    expectSameTensor(readNpy(read("t.npy")), speller.forward([1, 2, 8]).output);
    put("unknown.csv", "3\n9\n");
    await expectFailure(
      ["run", "speller.safetensors", "unknown.csv", "u.csv"],
      1,
      /unknown.csv: .*9/,
    );
  });

  test("wav: each channel by itself, the rate of the input, a word when it is another", async () => {
    const channels = [random.floats(30_000), random.floats(30_000)];
    put("in.wav", writeWav({ sampleRate: 48_000, channels }));
    const { code, stderr } = await run(
      "run",
      "amp.json",
      "in.wav",
      "out.wav",
      ...backend,
    );
    expect(code).toBe(0);
    expect(stderr).toContain(
      "in.wav: 48000 Hz, but the model was trained at 44100 Hz: it will sound different\n",
    );
    const result = readWav(read("out.wav"));
    expect(result.sampleRate).toBe(48_000);
    expect(result.channels).toHaveLength(2);
    channels.forEach((data, i) => {
      const { output } = amp.forward({ shape: [30_000, 1], data });
      expectSameBits(result.channels[i]!, output.data);
    });
  });

  test("wav: the knobs stand beside every sample", async () => {
    const file = rtneuralFile(3);
    put("knobs.json", bytesOf(file));
    const samples = random.floats(100);
    put("mono.wav", writeWav({ sampleRate: 48_000, channels: [samples] }));
    const args = ["run", "knobs.json", "mono.wav", "knobs.wav"];
    await expectFailure(args, 2, /--knobs: expected 2 numbers, .*, got 0/);
    await done(...args, "--knobs", "0.5, -1", ...backend);
    const input = Array.from(samples, (x) => [x, 0.5, -1]);
    const { output } = load(bytesOf(file), options).model.forward(input);
    expect(readWav(read("knobs.wav")).channels).toEqual([output.data]);
  });
});
