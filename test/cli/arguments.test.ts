import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSession } from "./session.js";

const { run, start, expectFailure } = openSession();

test.each<[string[], number, string]>([
  [["run"], 2, "gatewise: missing required argument 'file'\n"],
  [["inspect", "x"], 1, "gatewise: x: no such file or folder\n"],
])("%j ends the process with %i", async (args, code, stderr) => {
  expect(await start(...args)).toEqual({ code, stdout: "", stderr });
});

describe("help", () => {
  test("tells the commands, examples and exit codes", async () => {
    const { code, stdout, stderr } = await run("--help");
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of ["inspect", "convert", "run", "verify"])
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    expect(stdout).toContain(
      "Exit codes: 0 done, 1 failed, 2 invalid arguments",
    );
  });

  test("of a command tells its options", async () => {
    const { code, stdout } = await run("run", "--help");
    expect(code).toBe(0);
    for (const option of ["--stream", "--whole", "--knobs", "--backend"])
      expect(stdout).toContain(option);
  });

  test("the version is the package's", async () => {
    const file = new URL("../../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8"));
    const { code, stdout } = await start("--version");
    expect([code, stdout]).toEqual([0, `${version}\n`]);
  });
});

describe("invalid arguments end with 2", () => {
  test.each<[string[], string | RegExp]>([
    [[], "expected a command; gatewise --help lists them"],
    [["learn"], /unknown command 'learn'/],
    [["inspect"], /missing required argument 'file'/],
    [["inspect", "--color", "x"], /unknown option '--color'/],
    [["run", "chain.safetensors", "-"], /missing required argument 'out'/],
    [
      ["run", "chain.safetensors", "steps.npy", "out.txt"],
      /out.txt: expected a name that ends with .npy, .npz, .csv, .*, or --to/,
    ],
    [
      ["run", "chain.safetensors", "steps.npy", "o.npy", "--backend", "gpu"],
      /'gpu' is invalid/,
    ],
    [
      ["run", "chain.safetensors", "steps.npy", "o.npy", "--stream"],
      /--stream: expected csv or jsonl on both sides/,
    ],
    [
      ["run", "chain.safetensors", "-", "-", "--stream", "--whole"],
      /--stream: expected csv or jsonl on both sides and no --whole/,
    ],
    [["run", "-", "-", "-"], /-: expected one of FILE and INPUT/],
    [
      ["run", "amp.json", "a.wav", "o.wav", "--knobs", "loud"],
      /expected numbers, separated by commas/,
    ],
    [
      ["run", "chain.safetensors", "a.csv", "o.csv", "--knobs", "0.5"],
      /--knobs: expected a WAV file as INPUT, got csv/,
    ],
    [
      ["convert", "chain.safetensors", "chain.pt"],
      /chain.pt: expected a name that ends with .safetensors.*, or --to/,
    ],
    [
      ["verify", "chain.safetensors"],
      /chain.safetensors: expected CASES, an .npz or .json file/,
    ],
    [
      ["run", "both.safetensors", "steps.jsonl", "x.jsonl", "--stream"],
      /a line with one step: this model needs whole sequences/,
    ],
    [
      ["verify", "chain.safetensors", "c.npz", "--tolerance", "-1"],
      /expected a number of at least 0/,
    ],
  ])("%j", (args, message) => expectFailure(args, 2, message));
});
