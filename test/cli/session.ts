import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { writeNpy } from "../../src/formats/numpy/npy.js";
import { bytesOf } from "../audio/files.js";
import {
  ampFile,
  ampOutputs,
  both,
  chain,
  rows,
  speller,
  steps,
} from "./models.js";
import { Program } from "./program.js";

/**
 * The program in a folder that holds the models and numbers of models.ts, for the tests of one file. Most of them `run`
 * it in this process; what ends with a code or is read by others, they `start`.
 */
export function openSession() {
  const program = new Program();
  const run = (...args: string[]) => program.execute(args);
  const start = (...args: string[]) => program.run(args);
  const read = (name: string) => readFileSync(program.at(name));
  const put = (name: string, data: string | Uint8Array) =>
    writeFileSync(program.at(name), data);

  beforeAll(async () => {
    await program.build();
    put("chain.safetensors", chain.save());
    put("both.safetensors", both.save());
    put("speller.safetensors", speller.save());
    const carried = { ...ampFile, output_batch: [...ampOutputs.data] };
    put("amp.json", bytesOf(carried));
    put("steps.npy", writeNpy(steps));
    put("rows.npy", writeNpy(rows));
    put(
      "steps.csv",
      `x,y\n${[...Array(50).keys()].map((t) => `${steps.data[2 * t]},${steps.data[2 * t + 1]}`).join("\n")}\n`,
    );
    put(
      "steps.jsonl",
      [...Array(50).keys()]
        .map((t) => JSON.stringify([...steps.data.subarray(2 * t, 2 * t + 2)]))
        .join("\n"),
    );
  });
  afterAll(() => program.remove());

  /** Runs a command that ends well and prints nothing; its outputs are in the folder. */
  async function done(...args: string[]): Promise<void> {
    expect(await run(...args, "--quiet")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  }

  /** What the command ended with: one line. */
  async function expectFailure(
    args: string[],
    expected: 1 | 2,
    message: string | RegExp,
  ): Promise<void> {
    const { code, stderr } = await run(...args);
    expect(stderr).toMatch(/^gatewise: .*\n$/);
    const error = stderr.slice("gatewise: ".length, -1);
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
    expect(code).toBe(expected);
  }

  return { program, run, start, read, put, done, expectFailure };
}
