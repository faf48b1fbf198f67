import {
  chmodSync,
  existsSync,
  readdirSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/cli/data/npy.js";
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
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(143);
    expect(temporary()).toEqual([]);
    expect(existsSync(program.at("signal.jsonl"))).toBe(false);
  });
});
