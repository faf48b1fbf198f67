import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeNpy, readNpy } from "../../src/formats/numpy/npy.js";
import type { Tensor } from "../../src/index.js";
import { Program } from "../cli/program.js";
import { expectSameTensor } from "../support/compare.js";
import { blocksOf } from "../support/programs.js";
import { Random } from "../support/random.js";
import { model, sequences } from "./session.js";

// The programs of docs/engines.md, word for word, where the engines are.

const program = new Program();
const read = (name: string) => readFileSync(program.at(name), "utf8");
const found = (command: string, ...args: string[]) =>
  spawnSync(command, args).status === 0;
const noParallel = !found("parallel", "--version");
const noDask = !found("/usr/bin/python3", "-c", "import distributed");

const lines = sequences(90).map(({ shape, data }, id) => {
  const input = Array.from({ length: shape[0] as number }, (_, t) => [
    ...data.subarray(2 * t, 2 * t + 2),
  ]);
  return JSON.stringify({ id, input });
});

/** In the folder, with `gatewise` on the path. */
const shell = (script: string, env: Record<string, string> = {}) => {
  const path = `${program.at("bin")}:${process.env["PATH"]}`;
  return promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
    cwd: program.folder,
    env: { ...process.env, ...env, PATH: path },
  });
};
const block = (language: string, word: string): string => {
  const blocks = blocksOf("docs/engines.md", language);
  const code = blocks.find((each) => each.code.includes(word))?.code;
  if (!code) throw new Error(`docs/engines.md: no ${language} with ${word}`);
  return code;
};

beforeAll(async () => {
  await program.build();
  writeFileSync(program.at("model.safetensors"), model.save());
  writeFileSync(program.at("rows.jsonl"), `${lines.join("\n")}\n`);
  mkdirSync(program.at("bin"));
  const start = `#!/bin/sh\nexec ${process.execPath} ${program.file} "$@"\n`;
  writeFileSync(program.at("bin/gatewise"), start);
  chmodSync(program.at("bin/gatewise"), 0o755);
  const args = ["rows.jsonl", "whole.jsonl", "--backend", "simd", "--quiet"];
  await program.execute(["run", "model.safetensors", ...args]);
});
afterAll(() => program.remove());

const parallel = noParallel
  ? "GNU parallel [skipped: it is not here]"
  : "GNU parallel";
test.skipIf(noParallel)(parallel, { timeout: 120_000 }, async () => {
  await shell(block("sh", "--pipe").replace("--block 1M", "--block 3k"));
  expect(read("parallel.jsonl")).toBe(read("whole.jsonl"));
  await shell(block("sh", "--retries"));
  expect(read("parts.jsonl")).toBe(read("whole.jsonl"));
  writeFileSync(program.at("rows2.jsonl"), `${lines.join("\n")}\nnonsense\n`);
  const bad = block("sh", "--pipe").replace("rows.jsonl", "rows2.jsonl");
  await expect(shell(bad)).rejects.toThrow(/expected JSON/);
});

test("Slurm's arrays", { timeout: 120_000 }, async () => {
  const script = block("bash", "#SBATCH");
  const count = 3;
  let all = "";
  for (let i = 1; i <= count; i++) {
    const [id, of] = [`${i}`, `${count}`];
    await shell(script, {
      SLURM_ARRAY_TASK_ID: id,
      SLURM_ARRAY_TASK_COUNT: of,
    });
    all += read(`slurm-${i}.jsonl`);
  }
  expect(all).toBe(read("whole.jsonl"));
});

const dask = noDask
  ? "Dask [skipped: python3-distributed is not here]"
  : "Dask";
test.skipIf(noDask)(dask, { timeout: 120_000 }, async () => {
  writeFileSync(program.at("dask-score.py"), block("python", "distributed"));
  await shell("/usr/bin/python3 dask-score.py");
  expect(read("dask.jsonl")).toBe(read("whole.jsonl"));
});

test("Spark's and Hadoop's pipes: partitions, empty ones, ends or none, codes", async () => {
  const command = /"(gatewise run [^"]*)"/.exec(block("scala", "pipe"))?.[1];
  const [, ...args] = (command as string).split(" ");
  const partitions = [lines.slice(0, 40), [], lines.slice(40)];
  let answers = "";
  for (const [i, each] of partitions.entries()) {
    const end = i === 2 || !each.length ? "" : "\n";
    const { code, stdout } = await program.run(args, each.join("\n") + end);
    expect(code).toBe(0);
    answers += stdout;
  }
  expect(answers).toBe(read("whole.jsonl"));
  expect(answers).not.toContain("\t");
  const bad = await program.run(args, `${lines[0]}\n{"input":1}\n`);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toMatch(/line 2: .*expected/);
  expect(block("sh", "hadoop jar")).toContain(command);
});

describe("--shard", () => {
  const run = (...args: string[]) =>
    program.execute(["run", "model.safetensors", ...args, "--quiet"]);

  test("any number of parts are the whole, wherever lines end", async () => {
    const texts = [
      `${lines.join("\n")}\n`,
      lines.join("\n"),
      `\n\n${lines.slice(0, 5).join("\n\n")}\n\n`,
      `${lines[0]}\n`,
    ];
    for (const [at, text] of texts.entries()) {
      writeFileSync(program.at("cut.jsonl"), text);
      await run("cut.jsonl", "all.jsonl");
      for (const count of [1, 2, 3, 7, 150].slice(0, at ? 5 : 4)) {
        let all = "";
        for (let i = 1; i <= count; i++) {
          const shard = ["--shard", `${i}/${count}`];
          const ended = await run("cut.jsonl", "part.jsonl", ...shard);
          expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
          all += read("part.jsonl");
        }
        expect(all).toBe(read("all.jsonl"));
      }
    }
  });

  test("rows of an array", async () => {
    const rows = { shape: [7, 4, 2], data: new Random(9).floats(56) };
    writeFileSync(program.at("rows.npy"), writeNpy(rows));
    const parts: number[] = [];
    for (const i of [1, 2, 3]) {
      await run(
        "rows.npy",
        `${i}.npy`,
        "--shard",
        `${i}/3`,
        "--backend",
        "simd",
      );
      parts.push(...readNpy(readFileSync(program.at(`${i}.npy`))).data);
    }
    const { output } = model.forward(rows);
    const all: Tensor = { shape: output.shape, data: Float32Array.from(parts) };
    expectSameTensor(all, output, "shards");
  });

  test("what does not stand by itself, and parts that are none, are refused", async () => {
    writeFileSync(program.at("steps.jsonl"), "[1,2]\n[3,4]\n");
    const cases: [string[], 1 | 2, RegExp][] = [
      [
        ["steps.jsonl", "o.jsonl", "--shard", "1/1"],
        2,
        /--shard: expected one sequence per line, got a step/,
      ],
      [
        ["-", "o.jsonl", "--shard", "1/2"],
        2,
        /--shard: expected a file, got -/,
      ],
      [
        ["rows.jsonl", "o.jsonl", "--shard", "0/2"],
        2,
        /expected i\/n, i from 1 to n/,
      ],
      [["rows.jsonl", "o.jsonl", "--shard", "3/2"], 2, /expected i\/n/],
      [
        ["rows.npy", "o.npy", "--shard", "1/9"],
        2,
        /expected at least 9 rows, got 7/,
      ],
      [["rows.jsonl", "o.npy", "--shard", "1/2"], 2, /--shard: expected/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await run(...args);
      expect(ended.stderr).toMatch(message);
      expect(ended.code).toBe(code);
    }
  });
});
