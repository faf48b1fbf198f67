import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/graph/index.js";
import { GRU, Linear, Sequential, tensor } from "../../src/index.js";
import { serialize } from "../../src/safetensors.js";
import { openSession } from "./session.js";

const { run, start, put, expectFailure } = openSession();

const chain = () =>
  new Sequential([
    new GRU({ inputSize: 2, hiddenSize: 3 }),
    new Linear({ inputSize: 3, outputSize: 1 }),
  ]);

function graph() {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["T", 2]);
  builder.output(builder.add("Relu", [x]), { name: "y", shape: ["T", 2] });
  return builder.build();
}

describe("inspect", () => {
  test("prints the report for people", async () => {
    const { code, stdout } = await run("inspect", "amp.json");
    expect(code).toBe(0);
    expect(stdout).toContain("rtneural by AIDA-X\n");
    expect(stdout).toContain(
      "layers[0]: lstm, inputSize 1, hiddenSize 5; Keras",
    );
    expect(stdout).toContain("sample rate: 44100 Hz\n");
    expect(stdout).toContain("has samples to verify it with\n");
  });

  test.each([
    ["a chain", () => chain(), "Sequential: [B, T, 2] → [B, T, 1], "],
    ["a graph", () => graph(), "  input x: float32 [T, 2]\n"],
  ])("prints %s as its text, and its ports as JSON", async (_, make, line) => {
    const model = make();
    put("model.safetensors", model.save());
    const { stdout } = await run("inspect", "model.safetensors");
    expect(stdout.startsWith(`${model}\nsafetensors by gatewise`)).toBe(true);
    expect(stdout).toContain(line);
    const json = await run("inspect", "--json", "model.safetensors");
    const { inputs, outputs } = model;
    expect(JSON.parse(json.stdout)).toMatchObject({ inputs, outputs });
  });

  test("prints one line of JSON per file", async () => {
    const { code, stdout } = await start(
      "inspect",
      "--json",
      "amp.json",
      "amp.json",
    );
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      file: "amp.json",
      format: "rtneural",
      sampleRate: 44100,
      cases: 1,
      layers: [{ type: "lstm" }, { type: "dense" }],
    });
  });

  test("a file that cannot be read keeps none of the others from being told", async () => {
    put("bad.json", "{}");
    const { code, stdout, stderr } = await start(
      "inspect",
      "absent.json",
      "amp.json",
      "bad.json",
      "chain.safetensors",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^amp\.json:\n[^]*\n\nchain\.safetensors:\n/);
    expect(stderr).toMatch(
      /^gatewise: absent\.json: no such file or folder\ngatewise: bad\.json: .*\n$/,
    );
  });
});

test("layers that make no model are inspected, but not run", async () => {
  const branches = {
    "a.weight": tensor([[1, 2]]),
    "a.bias": tensor([1]),
    "b.weight": tensor([[1, 2]]),
    "b.bias": tensor([1]),
  };
  put("branches.safetensors", serialize(branches));
  const { code, stdout } = await run("inspect", "branches.safetensors");
  expect(code).toBe(0);
  expect(stdout).toContain("no model was made");
  await expectFailure(
    ["run", "branches.safetensors", "steps.npy", "o.npy"],
    1,
    /^branches.safetensors: state dict: expected layers that form one chain by their names/,
  );
});
