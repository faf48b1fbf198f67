import { execFileSync } from "node:child_process";
import {
  chmodSync,
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/formats/numpy/npy.js";
import { filesOf } from "../tfjs/files.js";
import { modelBytes } from "../onnx/support/build.js";
import { steps } from "./models.js";
import { openSession } from "./session.js";

const { program, read, put, done, expectFailure } = openSession();

test("a model.json does not make the program read files elsewhere", async () => {
  const weightsManifest = [{ paths: ["../secret.bin"], weights: [] }];
  put("model.json", JSON.stringify({ modelTopology: {}, weightsManifest }));
  await expectFailure(
    ["inspect", "model.json"],
    1,
    'model.json: weightsManifest: expected files beside the model, got "../secret.bin"',
  );
});

test.each([
  "..\\secret.bin",
  "\\secret.bin",
  "a\\..\\..\\secret.bin",
  "\\\\server\\secret.bin",
  "C:secret.bin",
  "/secret.bin",
  "a/../../secret.bin",
  "a/..",
])("nor by the path %j, whatever the system", async (path) => {
  const weightsManifest = [{ paths: [path], weights: [] }];
  put("model.json", JSON.stringify({ modelTopology: {}, weightsManifest }));
  await expectFailure(
    ["inspect", "model.json"],
    1,
    `model.json: weightsManifest: expected files beside the model, got ${JSON.stringify(path)}`,
  );
});

const tfjs = filesOf("lstm");
const manifestPath = "group1-shard1of1.bin";

test("a link beside a model.json is followed within the folder alone", async () => {
  const folder = (name: string, link: string) => {
    mkdirSync(program.at(`${name}/more`), { recursive: true });
    put(`${name}/model.json`, tfjs["model.json"]!);
    put(`${name}/more/real.bin`, tfjs[manifestPath]!);
    symlinkSync(link, program.at(`${name}/${manifestPath}`));
  };
  put("secret.bin", tfjs[manifestPath]!);
  folder("good", "more/real.bin");
  folder("bad", "../secret.bin");
  await done("convert", "good/model.json", "good.safetensors");
  await expectFailure(
    ["convert", "bad/model.json", "bad.safetensors"],
    1,
    `bad/model.json: weightsManifest: expected files beside the model, got "${manifestPath}"`,
  );
  // a cache of downloads: both names are links into one folder
  mkdirSync(program.at("cache/blobs"), { recursive: true });
  mkdirSync(program.at("cache/snapshot"));
  put("cache/blobs/1", tfjs["model.json"]!);
  put("cache/blobs/2", tfjs[manifestPath]!);
  symlinkSync("../blobs/1", program.at("cache/snapshot/model.json"));
  symlinkSync("../blobs/2", program.at(`cache/snapshot/${manifestPath}`));
  await done("convert", "cache/snapshot/model.json", "cached.safetensors");
  expect(read("cached.safetensors")).toEqual(read("good.safetensors"));
});

test("a weight file called - is that file, not standard input", async () => {
  const text = new TextDecoder().decode(tfjs["model.json"]);
  put("model.json", text.replace(manifestPath, "-"));
  put("-", tfjs[manifestPath]!);
  const result = await program.run(["inspect", "model.json"], "stdin");
  expect(result).toMatchObject({ code: 0, stderr: "" });
});

test("an ONNX model's external data are read from beside it, and from nowhere else", async () => {
  const graph = (external: string) =>
    modelBytes({
      nodes: [{ type: "Mul", inputs: ["x", "w"], outputs: ["y"] }],
      inputs: [{ name: "x", shape: ["n", 2] }],
      outputs: [{ name: "y" }],
      initializers: [{ name: "w", shape: [2], data: [], external }],
    });
  put("apart.onnx", graph("apart.onnx.data"));
  put("apart.onnx.data", new Uint8Array(Float32Array.of(2, 3).buffer));
  const { data } = steps;
  await done("run", "apart.onnx", "steps.npy", "y.npy");
  expect([...readNpy(read("y.npy")).data.subarray(0, 2)]).toEqual(
    [data[0]! * 2, data[1]! * 3].map(Math.fround),
  );
  await done("convert", "apart.onnx", "whole.safetensors");
  await done("run", "whole.safetensors", "steps.npy", "again.npy");
  expect(read("again.npy")).toEqual(read("y.npy"));
  put("far.onnx", graph("../secret.bin"));
  await expectFailure(
    ["inspect", "far.onnx"],
    1,
    'far.onnx: external data: expected files beside the model, got "../secret.bin"',
  );
  put("lost.onnx", graph("lost.data"));
  await expectFailure(["inspect", "lost.onnx"], 1, /lost.data: no such file/);
});

describe("files are written whole or not at all", () => {
  test("a failure leaves what was there, and nothing beside it", async () => {
    put("kept.csv", "as it was\n");
    const lines = "1,2\n".repeat(1000);
    put("late.csv", `${lines}3,x\n`);
    await expectFailure(
      ["run", "chain.safetensors", "late.csv", "kept.csv"],
      1,
      /late.csv: line 1001, column 2/,
    );
    expect(read("kept.csv").toString()).toBe("as it was\n");
    expect(
      readdirSync(program.folder).filter((f) => f.endsWith(".tmp")),
    ).toEqual([]);
  });

  test("what is replaced keeps its permissions, and a link stays a link", async () => {
    put("private.npy", "");
    chmodSync(program.at("private.npy"), 0o600);
    symlinkSync("private.npy", program.at("link.npy"));
    const args = ["run", "chain.safetensors", "steps.npy", "link.npy"];
    await done(...args);
    expect(statSync(program.at("private.npy")).mode & 0o777).toBe(0o600);
    expect(readNpy(read("private.npy")).shape).toEqual([50, 3]);
  });

  test("a link to a file that is not there yet stays a link", async () => {
    mkdirSync(program.at("elsewhere"));
    symlinkSync("elsewhere/late.npy", program.at("dangling.npy"));
    await done("run", "chain.safetensors", "steps.npy", "dangling.npy");
    expect(lstatSync(program.at("dangling.npy")).isSymbolicLink()).toBe(true);
    expect(readNpy(read("elsewhere/late.npy")).shape).toEqual([50, 3]);
    symlinkSync("loop.npy", program.at("loop.npy"));
    const args = ["run", "chain.safetensors", "steps.npy", "loop.npy"];
    await expectFailure(args, 1, /loop.npy: .*link/);
  });

  test("a file that nobody may write is left as it is", async () => {
    writeFileSync(program.at("locked.npy"), "kept", { mode: 0o444 });
    await expectFailure(
      ["run", "chain.safetensors", "steps.npy", "locked.npy"],
      1,
      "locked.npy: read-only, expected a file that may be written",
    );
    expect(read("locked.npy").toString()).toBe("kept");
  });

  test("what is written is on the disk before it has its name, and the name before the end", () => {
    put(
      "watch.cjs",
      `const fs = require("node:fs");
      const { openSync, fsyncSync, renameSync } = fs;
      const names = new Map();
      const log = (line) => process.stdout.write(line + "\\n");
      fs.openSync = (path, ...rest) => {
        const file = openSync(path, ...rest);
        names.set(file, path);
        return file;
      };
      fs.fsyncSync = (file) => { log("sync " + names.get(file)); fsyncSync(file); };
      fs.renameSync = (from, to) => { log("rename " + from + " " + to); renameSync(from, to); };
      require("node:module").syncBuiltinESMExports();`,
    );
    const stdout = execFileSync(
      process.execPath,
      ["--require", program.at("watch.cjs"), program.file].concat(
        "run chain.safetensors steps.npy synced.npy --quiet".split(" "),
      ),
      { cwd: program.folder, encoding: "utf8" },
    );
    const temporary = /^sync (\S+\.tmp)\n/.exec(stdout)?.[1];
    expect(stdout).toBe(
      `sync ${temporary}\nrename ${temporary} synced.npy\nsync .\n`,
    );
  });

  test("a device is written to, not replaced", async () => {
    const args = ["run", "chain.safetensors", "steps.npy", "/dev/null"];
    await done(...args);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("an end by a signal leaves nothing", async () => {
    const child = program.start([
      "run",
      "chain.safetensors",
      "-",
      "signal.jsonl",
    ]);
    child.stdin.write("[1,2]\n");
    const temporary = () =>
      readdirSync(program.folder).filter((f) => f.endsWith(".tmp"));
    while (!temporary().length) await new Promise((go) => setTimeout(go, 20));
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("close", resolve));
    expect(child.signalCode).toBe("SIGTERM");
    expect(temporary()).toEqual([]);
    expect(existsSync(program.at("signal.jsonl"))).toBe(false);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "a FIFO that nobody writes into does not hold the program: %s",
    async (signal) => {
      const fifo = program.at(`fifo-${signal}`);
      execFileSync("mkfifo", [fifo]);
      const child = program.start(["inspect", "chain.safetensors", fifo]);
      const ended = new Promise((resolve) => child.on("close", resolve));
      // the first file has been told: the next is being opened
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(late);
      expect(child.signalCode).toBe(signal);
    },
  );

  test.each(["SIGINT", "SIGTERM"] as const)(
    "nor does one that nobody reads, as the output: %s",
    async (signal) => {
      const fifo = program.at(`out-${signal}.csv`);
      execFileSync("mkfifo", [fifo]);
      const args = ["run", "chain.safetensors", "-", fifo, "--from", "csv"];
      const child = program.start(args);
      const ended = new Promise((resolve) => child.on("close", resolve));
      // long enough to be opening it; sooner, the signal would find it elsewhere, and end it as well
      child.stdin.write("1,2\n");
      await new Promise((go) => setTimeout(go, 700));
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(late);
      expect(child.signalCode).toBe(signal);
    },
  );

  test("a FIFO as the output is written as it is read", async () => {
    const fifo = program.at("read.csv");
    execFileSync("mkfifo", [fifo]);
    const given = "1,2\n3,4\n".repeat(20_000); // more than a pipe holds
    const args = ["run", "chain.safetensors", "-", "--from", "csv", "--quiet"];
    const ended = program.run(
      [...args.slice(0, 3), fifo, ...args.slice(3)],
      given,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(fifo))
      chunks.push(chunk as Buffer);
    expect(await ended).toEqual({ code: 0, stdout: "", stderr: "" });
    const plain = await program.run(
      [...args.slice(0, 3), "-", ...args.slice(3)],
      given,
    );
    expect(Buffer.concat(chunks).toString()).toBe(plain.stdout);
  });
});
