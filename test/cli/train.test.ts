import { describe, expect, test } from "vitest";
import { Sequential } from "../../src/index.js";
import { openSession } from "./session.js";

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
