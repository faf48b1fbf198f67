import { mkdirSync, readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { writeNpy } from "../../src/formats/numpy/npy.js";
import { Random } from "../support/random.js";
import { steps } from "./models.js";
import { openSession } from "./session.js";

const { program, put, expectFailure } = openSession();
const random = new Random(6);

describe("files that cannot be read end with 1, on one line with the file and the place", () => {
  beforeAll(() => {
    mkdirSync(program.at("folder"));
    put("bad.json", '{"layers": [\n\n{"type": "x"}], "in_shape": [1]}');
    put("broken.json", '{"layers":\n\n [');
    put("empty.json", "");
    put("empty.csv", "");
    put("bad.csv", "1,2\n3,x\n");
    put("bad.jsonl", "[1,2]\n[3\n");
    put("narrow.jsonl", "[1,2]\n[3]\n");
    put("short.npy", writeNpy(steps).subarray(0, 200));
    put("wide.npy", writeNpy(random.tensor([4, 5])));
  });

  test.each<[string[], string | RegExp]>([
    [["inspect", "absent.json"], "absent.json: no such file or folder"],
    [["inspect", "folder"], "folder: a folder, expected a file"],
    [
      ["inspect", "bad.json"],
      'bad.json: layers[0].type: expected one of lstm, gru, dense, time-distributed-dense, conv1d, activation, batchnorm, prelu, got "x"',
    ],
    [["inspect", "broken.json"], /broken.json: file: expected JSON in UTF-8/],
    [["inspect", "empty.json"], /empty.json: /],
    [
      ["run", "chain.safetensors", "empty.csv", "o.npy"],
      "empty.csv: expected lines of numbers, got none",
    ],
    [
      ["run", "chain.safetensors", "bad.csv", "out.csv"],
      'bad.csv: line 2, column 2: expected a number, got "x"',
    ],
    [
      ["run", "chain.safetensors", "bad.jsonl", "out.jsonl"],
      /bad.jsonl: line 2: expected JSON, got /,
    ],
    [
      ["run", "chain.safetensors", "narrow.jsonl", "out.jsonl"],
      "narrow.jsonl: line 2: input: expected 2 numbers, a step, or a list of steps, got [1]",
    ],
    [
      ["run", "chain.safetensors", "short.npy", "out.npy"],
      /short.npy: data: expected 400 bytes of numbers for shape \[50, 2\], got/,
    ],
    [
      ["run", "chain.safetensors", "wide.npy", "out.npy"],
      "wide.npy: input: expected [B, T, 2] or [T, 2], got [4, 5]",
    ],
    [
      ["run", "chain.safetensors", "steps.npy", "nowhere/out.npy"],
      "nowhere/out.npy: no such file or folder",
    ],
  ])("%j", async (args, message) => {
    await expectFailure(args, 1, message);
    expect(
      readdirSync(program.folder).filter((f) => /out|tmp/.test(f)),
    ).toEqual([]);
  });
});
