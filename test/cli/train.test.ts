import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Sequential } from "../../src/index.js";
import { Trainer } from "../../src/training/index.js";
import { parse } from "../../src/safetensors.js";
import { writeWav } from "../../src/cli/data/wav.js";
import { openSession } from "./session.js";
import { Program } from "./program.js";

const { run, put, read, expectFailure } = openSession();

const CONFIG = JSON.stringify({
  layers: [
    { type: "GRU", options: { inputSize: 1, hiddenSize: 4 } },
    { type: "Linear", options: { inputSize: 4, outputSize: 1 } },
  ],
});
const LINES = Array.from({ length: 12 }, (_, i) => {
  const input = Array.from({ length: 5 + (i % 3) }, (__, t) => [
    Math.sin(i + t),
  ]);
  return JSON.stringify({
    input,
    target: input.map(([x]) => [(x as number) / 2]),
  });
}).join("\n");
const FIT = ["--loss", "mse", "--learning-rate", "0.02", "--batch-size", "4"];

describe("train", () => {
  test("learns from lines, tells it as JSON, and writes a model", async () => {
    put("config.json", CONFIG);
    put("data.jsonl", LINES);
    const { code, stdout } = await run(
      "train",
      "config.json",
      "data.jsonl",
      ...FIT,
      "--epochs",
      "8",
      "--validation",
      "0.25",
      "--json",
    );
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const epochs = lines.filter(({ type }) => type === "epoch");
    expect(epochs).toHaveLength(8);
    expect(epochs[7].validation.loss).toBeLessThan(epochs[0].validation.loss);
    expect(lines.at(-1)).toMatchObject({
      type: "end",
      out: "config-trained.safetensors",
      reason: "epochs",
    });
    expect(
      Sequential.load(read("config-trained.safetensors")).layers,
    ).toHaveLength(2);
  });

  test("goes on from a checkpoint to the same bits", async () => {
    put("config.json", CONFIG);
    put("data.jsonl", LINES);
    const all = (out: string, ...more: string[]) =>
      run(
        "train",
        "config.json",
        "data.jsonl",
        ...FIT,
        "--out",
        out,
        "--quiet",
        ...more,
      );
    await all("whole.safetensors", "--epochs", "4");
    await all("half.safetensors", "--epochs", "2", "--checkpoint", "run.ckpt");
    const { code } = await all(
      "rest.safetensors",
      "--epochs",
      "2",
      "--checkpoint",
      "run.ckpt",
      "--resume",
    );
    expect(code).toBe(0);
    expect(read("rest.safetensors")).toEqual(read("whole.safetensors"));
  });

  test("takes columns of a table, and shows the loss as a chart", async () => {
    put("config.json", CONFIG);
    put(
      "table.csv",
      `t,x,y\n${Array.from({ length: 60 }, (_, t) => `${t},${Math.sin(t)},${Math.cos(t)}`).join("\n")}`,
    );
    const { code, stderr } = await run(
      "train",
      "config.json",
      "table.csv",
      ...FIT,
      "--columns",
      "x",
      "--targets",
      "y",
      "--segment",
      "15",
      "--epochs",
      "3",
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/0\.\d+ ┼|┤/);
    expect(stderr).toContain(
      "config-trained.safetensors: done after 3 epochs, 3 steps",
    );
  });

  test("says what is missing", async () => {
    put("config.json", CONFIG);
    put("data.jsonl", LINES);
    put("bad.json", '{"layers": [{"type": "LSTM", "options": {}}]}');
    await expectFailure(
      ["train", "config.json", "data.jsonl"],
      2,
      /^--loss: expected mse/,
    );
    await expectFailure(
      ["train", "bad.json", "data.jsonl", "--loss", "mse"],
      1,
      /^bad\.json: layers\[0\]: inputSize: expected a positive integer/,
    );
    await expectFailure(
      ["train", "config.json", "data.jsonl", "--loss", "mse", "--resume"],
      2,
      /^--resume: expected --checkpoint/,
    );
  });
});

describe("Ctrl-C", () => {
  const program = new Program();
  beforeAll(() => program.build());
  afterAll(() => program.remove());

  test("saves a checkpoint after the running step, from which it goes on to the same bits", async () => {
    writeFileSync(program.at("config.json"), CONFIG);
    writeFileSync(program.at("data.jsonl"), LINES);
    // more than a machine does before the signal comes
    const args = (out: string, ...more: string[]) => [
      "train",
      "config.json",
      "data.jsonl",
      ...FIT,
      "--out",
      out,
      "--json",
      "--seed",
      "3",
      "--backend",
      "simd",
      ...more,
    ];
    const child = program.start(
      args("stopped.safetensors", "--epochs", "100000", "--checkpoint", "c"),
    );
    const ended = once(child, "close");
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const before = text.includes('"step":5,');
      text += chunk.toString();
      if (!before && text.includes('"step":5,')) child.kill("SIGINT");
    });
    expect((await ended)[0]).toBe(0);
    const end = JSON.parse(text.trim().split("\n").at(-1) as string);
    expect(end).toMatchObject({ type: "end", reason: "aborted" });
    expect(end.steps).toBeGreaterThanOrEqual(5);
    // in the middle of an epoch, more often than not; three steps make one
    const epochs = String(end.epochs + 2);
    const resume = ["--epochs", epochs, "--checkpoint", "c", "--resume"];
    await program.execute(args("resumed.safetensors", ...resume));
    await program.execute(args("whole.safetensors", "--epochs", epochs));
    const bytes = (name: string) => readFileSync(program.at(name));
    expect(bytes("resumed.safetensors")).toEqual(bytes("whole.safetensors"));
    expect(bytes("stopped.safetensors")).not.toEqual(
      bytes("whole.safetensors"),
    );
  });

  test("a reader of --json that leaves ends it likewise: checkpoint and model are written", async () => {
    writeFileSync(program.at("config.json"), CONFIG);
    writeFileSync(program.at("data.jsonl"), LINES);
    const files = ["--checkpoint", "left", "--out", "left.safetensors"];
    const args = ["train", "config.json", "data.jsonl", ...FIT, ...files];
    const child = program.start([...args, "--json", "--epochs", "100000"]);
    const ended = once(child, "close");
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    expect([(await ended)[0], errors]).toEqual([0, ""]);
    const saved = Sequential.load(readFileSync(program.at("left.safetensors")));
    const { model } = Trainer.resume(readFileSync(program.at("left")));
    expect(model.stateDict()).toEqual(saved.stateDict());
  });
});

test("learns from two recordings, in segments, and keeps their rate", async () => {
  const input = Float32Array.from({ length: 4000 }, (_, t) =>
    Math.sin(t * t * 1e-4),
  );
  const mono = (samples: Float32Array) =>
    writeWav({ sampleRate: 16_000, channels: [samples] });
  put("di.wav", mono(input));
  put("amp.wav", mono(input.map((x) => Math.tanh(2 * x) / 2)));
  put("config.json", CONFIG);
  const { code, stdout } = await run(
    "train",
    "config.json",
    "di.wav",
    "amp.wav",
    "--loss",
    "esr",
    "--segment",
    "500",
    "--truncate",
    "100",
    "--burn-in",
    "50",
    "--epochs",
    "6",
    "--learning-rate",
    "0.02",
    "--json",
  );
  expect(code).toBe(0);
  const epochs = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "epoch");
  expect(epochs.at(-1).loss).toBeLessThan(epochs[0].loss / 2);
  const bytes = read("config-trained.safetensors");
  expect(parse(bytes).metadata["sample_rate"]).toBe("16000");
});

test("warns that only the first channel of a recording is used", async () => {
  const samples = Float32Array.from({ length: 200 }, (_, t) => Math.sin(t));
  const stereo = { sampleRate: 16_000, channels: [samples, samples] };
  put("stereo.wav", writeWav(stereo));
  put("config.json", CONFIG);
  const { code, stderr } = await run(
    "train",
    "config.json",
    "stereo.wav",
    "stereo.wav",
    "--loss",
    "esr",
    "--segment",
    "50",
    "--epochs",
    "1",
    "--quiet",
  );
  expect(code).toBe(0);
  expect(stderr).toContain(
    "stereo.wav: warning: 2 channels, of which only the first is used\n",
  );
});

test("a config may have any layer", async () => {
  const layers = [
    {
      type: "Conv1d",
      options: {
        inputSize: 1,
        outputSize: 2,
        kernelSize: 3,
        padding: "causal",
      },
    },
    { type: "LayerNorm", options: { size: 2 } },
    { type: "Linear", options: { inputSize: 2, outputSize: 1 } },
  ];
  put("config.json", JSON.stringify({ layers }));
  put("data.jsonl", '{"input": [[1], [2]], "target": [[1], [3]]}\n');
  const { code } = await run(
    "train",
    "config.json",
    "data.jsonl",
    "--loss",
    "mse",
    "--epochs",
    "1",
    "--quiet",
  );
  expect(code).toBe(0);
});
