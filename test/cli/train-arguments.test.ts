import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { openSession } from "./session.js";

const { program, run, put, read, expectFailure } = openSession();

const CONFIG = JSON.stringify({
  layers: [
    { type: "GRU", options: { inputSize: 1, hiddenSize: 4 } },
    { type: "Linear", options: { inputSize: 4, outputSize: 1 } },
  ],
});
const TABLE = `t,x,y\n${Array.from({ length: 90 }, (_, t) => `${t},${Math.sin(t)},${Math.cos(t)}`).join("\n")}\n`;
const COLUMNS = ["--columns", "x", "--targets", "y", "--segment", "15"];
const FIT = ["--loss", "mse", "--epochs", "2", "--seed", "3", "--quiet"];

beforeAll(() => {
  put("config.json", CONFIG);
  put("table.csv", TABLE);
  put("data.jsonl", '{"input": [[1], [2]], "target": [[1], [3]]}\n'.repeat(4));
  put("wide.jsonl", '{"input": [[1, 2]], "target": [[1]]}\n');
  mkdirSync(program.at("folder"));
});

describe("a table is read once", () => {
  const train = (data: string, out: string) =>
    program.run([
      "train",
      "config.json",
      data,
      ...FIT,
      ...COLUMNS,
      "--out",
      out,
    ]);

  test.skipIf(process.platform === "win32")(
    "through a FIFO, to the bits of the file",
    async () => {
      await train("table.csv", "whole.safetensors");
      execFileSync("mkfifo", [program.at("fifo.csv")]);
      const ended = train("fifo.csv", "fifo.safetensors");
      createWriteStream(program.at("fifo.csv")).end(TABLE);
      expect(await ended).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(read("fifo.safetensors")).toEqual(read("whole.safetensors"));
    },
  );

  test("targets that are no column are refused as such", async () => {
    const args = ["train", "config.json", "table.csv", ...FIT];
    await expectFailure(
      [...args, "--columns", "x", "--targets", "z"],
      1,
      'table.csv: targets: expected one of t, x, y, or a number from 1 to 3, got "z"',
    );
    await expectFailure(
      [...args, "--columns", "z", "--targets", "y"],
      1,
      'table.csv: columns: expected one of t, x, y, or a number from 1 to 3, got "z"',
    );
  });
});

describe("what would be ignored, or does not fit, ends with code 2 before anything is read", () => {
  test.each([
    [["--burn-in", "2"], "--burn-in: expected --truncate as well"],
    [["--patience", "2"], "--patience: expected --validation as well"],
    [["--metrics", "mae"], "--metrics: expected --validation as well"],
    [["--columns", "1"], "--columns: expected csv as DATA, got jsonl"],
    [["--targets", "1"], "--targets: expected csv as DATA, got jsonl"],
    [["--segment", "9"], "--segment: expected csv or wav as DATA, got jsonl"],
    [["--json", "--out", "-"], "--out: expected a file beside --json, got -"],
    [["--checkpoint", "-"], "--checkpoint: expected a file, got -"],
    [
      ["--option", "prefix=a"],
      "--option: expected a model file to read, got a list of layers",
    ],
    [
      ["--freeze", "9."],
      /^--freeze\[0\]: expected a beginning of 0\.weight_ih_l0, .*, got "9\."$/,
    ],
    [["--loss", '{"name":"x"}'], /^--loss\.name: expected "mse"/],
    [["--optimizer", "rmsprop"], /^--optimizer\.name: expected "sgd"/],
    [
      ["--validation", "0.5", "--metrics", "f1"],
      /^--metrics\[0\]: expected "accuracy"/,
    ],
    [
      ["--truncate", "1", "--burn-in", "5"],
      "--burn-in: expected less than the 2 steps of a sequence, got 5",
    ],
  ])("%j", async (args, message) => {
    const all = ["train", "config.json", "data.jsonl", ...FIT, ...args];
    await expectFailure(all, 2, message);
    expect(existsSync(program.at("config-trained.safetensors"))).toBe(false);
  });

  test("two things from standard input, or a model without a name", async () => {
    await expectFailure(
      ["train", "-", "-", ...FIT],
      2,
      "-: expected one of MODEL and DATA, got both",
    );
    await expectFailure(
      ["train", "-", "data.jsonl", ...FIT],
      2,
      "--out: expected a file, as MODEL has no name",
    );
  });
});

test("examples that do not fit the model are told with their file", async () => {
  await expectFailure(
    ["train", "config.json", "wide.jsonl", ...FIT],
    1,
    "wide.jsonl: data[0].input: expected [T, 1], got [1, 2]",
  );
});

test("where nothing can be written it says so before it trains", async () => {
  const long = ["--epochs", "1000000"];
  for (const option of ["--out", "--checkpoint"]) {
    const args = ["train", "config.json", "data.jsonl", ...FIT, ...long];
    await expectFailure(
      [...args, option, "absent/file"],
      1,
      "absent/file: no such file or folder",
    );
    await expectFailure(
      [...args, option, "folder"],
      1,
      "folder: a folder, expected a file",
    );
  }
  const { code } = await run("train", "config.json", "data.jsonl", ...FIT);
  expect(code).toBe(0);
  // what was tried out is gone
  expect(readdirSync(program.folder).filter((n) => n.endsWith(".tmp"))).toEqual(
    [],
  );
});
