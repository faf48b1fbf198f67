import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/cli/data/npy.js";
import { readNpz, writeNpz } from "../../src/cli/data/npz.js";
import { readWav, writeWav } from "../../src/cli/data/wav.js";
import { load as loadOnnx } from "../../src/formats/onnx/index.js";
import { load } from "../../src/formats/rtneural/index.js";
import {
  Embedding,
  GRU,
  init,
  Linear,
  LSTM,
  Sequential,
  tensor,
  type Tensor,
} from "../../src/index.js";
import { serialize } from "../../src/safetensors.js";
import { bytesOf, namFile, rtneuralFile } from "../audio/files.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { modelBytes } from "../onnx/support/build.js";
import { recurrentModel } from "../onnx/support/small.js";
import { readFixture } from "../torch/files.js";
import { Program } from "./program.js";

// Most of it in this process; what ends with a code or is read by others, as a process too. `simd` has the same bits here and there, whatever the machine.
const backend = ["--backend", "simd"];
const options = { backend: "simd" } as const;

const chain = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 6, ...options }),
  new Linear({ inputSize: 6, outputSize: 3, activation: "tanh", ...options }),
]);
const both = new Sequential([
  new GRU({
    inputSize: 2,
    hiddenSize: 4,
    direction: "bidirectional",
    ...options,
  }),
]);
const speller = new Sequential([
  new Embedding({ vocabSize: 9, size: 3 }),
  new GRU({ inputSize: 3, hiddenSize: 4, ...options }),
]);
const ampFile = rtneuralFile(1, {
  metadata: { samplerate: "44100" },
  input_batch: [0.5, -0.5, 0.25],
});
const amp = load(bytesOf(ampFile), options).model;
const ampOutputs = amp.forward([[0.5], [-0.5], [0.25]]).output;

const random = new Random(5);
const steps = random.tensor([50, 2]);
const rows = random.tensor([40, 7, 2]);

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
    expect(stdout).toContain("Exit codes: 0 done, 1 failed, 2 arguments");
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

describe("arguments that make no sense end with 2", () => {
  test.each<[string[], string | RegExp]>([
    [[], "expected a command; gatewise --help tells them"],
    [["train"], /unknown command 'train'/],
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
      /a line a step: this model needs whole sequences/,
    ],
    [
      ["verify", "chain.safetensors", "c.npz", "--tolerance", "-1"],
      /expected a number above 0/,
    ],
  ])("%j", (args, message) => expectFailure(args, 2, message));
});

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
      'bad.json: layers[0].type: expected one of lstm, gru, dense, time-distributed-dense, activation, got "x"',
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

describe("inspect", () => {
  test("prints the report for people", async () => {
    const { code, stdout } = await run("inspect", "amp.json");
    expect(code).toBe(0);
    expect(stdout).toContain("rtneural by AIDA-X\n");
    expect(stdout).toContain(
      "layers[0]: lstm, inputSize 1, hiddenSize 5; Keras",
    );
    expect(stdout).toContain("sample rate: 44100 Hz\n");
    expect(stdout).toContain("carries samples to verify it with\n");
  });

  test("prints a line of JSON a file", async () => {
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
    /^branches.safetensors: expected layers that make a model: .*no model was made/,
  );
});

describe("--option tells the reader", () => {
  const keras = new URL("../keras/fixtures/", import.meta.url);
  const option = (...given: string[]) =>
    given.flatMap((text) => ["--option", text]);

  beforeAll(() => {
    put("pair.pt", readFixture("pair.pt"));
    put("relu.pt", readFixture("rnn-relu.pt"));
    put("amp.nam", bytesOf(namFile()));
    put("gru.onnx", recurrentModel("GRU", {}, { producer: "pytorch" }));
    for (const name of ["keras2-only.h5", "keras2-only.json"])
      put(name, readFileSync(new URL(name, keras)));
  });

  test.each<[string, string[], object]>([
    [
      "gru.onnx",
      ["forceLinearBeforeReset=true"],
      { warnings: [], converted: [expect.any(String)] },
    ],
    ["pair.pt", ['chain=["right","left"]'], { warnings: [] }],
    ["pair.pt", ["prefix=nothing.", "prefix=left."], { warnings: [] }],
    ["keras2-only.h5", ["config=@keras2-only.json"], { format: "keras" }],
  ])("about %s: %j", async (file, given, report) => {
    const args = ["inspect", "--json", file, ...option(...given)];
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject(report);
  });

  test("in convert, run and verify too, as a process", async () => {
    put("one.csv", "0.5\n-0.25\n1\n");
    const fast = option("fastTanh=true");
    const args = ["amp.nam", "fast.safetensors", ...fast];
    expect((await start("convert", ...args)).code).toBe(0);
    for (const [out, more] of [
      ["exact.npy", []],
      ["fast.npy", fast],
    ] as const)
      await done("run", "amp.nam", "one.csv", out, ...more, ...backend);
    await done("run", "fast.safetensors", "one.csv", "saved.npy", ...backend);
    expect(read("fast.npy")).toEqual(read("saved.npy"));
    expect(read("fast.npy")).not.toEqual(read("exact.npy"));
    const { data } = readNpy(read("fast.npy"));
    const cases = {
      input: [[0.5], [-0.25], [1]],
      output: Array.from(data, (y) => [y]),
    };
    put("fast.json", JSON.stringify(cases));
    const verify = ["verify", "amp.nam", "fast.json", "--tolerance", "1e-9"];
    expect((await run(...verify, ...fast, ...backend)).code).toBe(0);
    expect((await run(...verify, ...backend)).code).toBe(1);
  });

  test.each<[string[], 1 | 2, string | RegExp]>([
    [
      ["relu.pt", ...option("nonlinarity=relu")],
      2,
      /^relu.pt: options: expected only prefix, chain, .*, got "nonlinarity"$/,
    ],
    [
      ["relu.pt", ...option("__proto__=1")],
      2,
      /^relu.pt: options: expected only .*, got "__proto__"$/,
    ],
    [
      ["relu.pt", ...option("nonlinearity=elu")],
      2,
      /^relu.pt: nonlinearity: expected .*"elu"$/,
    ],
    [["amp.nam", ...option("fastTanh=yes")], 2, /^amp.nam: fastTanh: expected/],
    [["relu.pt", ...option("prefix")], 2, /expected name=value/],
    [["relu.pt", ...option("=relu")], 2, /expected name=value/],
    [
      ["keras2-only.h5", ...option("config=@absent.json")],
      1,
      "absent.json: no such file or folder",
    ],
    [["keras2-only.h5", ...option("config=@amp.nam")], 1, /^keras2-only.h5: /],
  ])("%j is refused", (args, code, message) =>
    expectFailure(["inspect", ...args], code, message),
  );
});

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

test("convert writes a safetensors file with the same outputs", async () => {
  const { code, stdout } = await start(
    "convert",
    "amp.json",
    "amp.safetensors",
    "--json",
  );
  expect(code).toBe(0);
  const bytes = read("amp.safetensors");
  expect(JSON.parse(stdout)).toMatchObject({
    out: "amp.safetensors",
    format: "safetensors",
    bytes: bytes.length,
    report: { format: "rtneural" },
  });
  const input = [[0.5], [-0.5], [0.25]];
  await init({ backend: "simd" });
  expectSameTensor(Sequential.load(bytes).forward(input).output, ampOutputs);
});

test("convert writes ONNX, which gives the same", async () => {
  await done("convert", "chain.safetensors", "chain.onnx", ...backend);
  const graph = loadOnnx(read("chain.onnx"), options).model;
  const [name] = graph.outputs.map((output) => output.name);
  const input = { shape: [1, 50, 2], data: steps.data };
  const { data } = graph.run({ input })[name!]!;
  expectClose(data, chain.forward(steps).output.data, 1e-6);
});

describe("run, whole files", () => {
  const expected = chain.forward(steps).output;
  const wide = (name: string) => read(name).toString().trim().split("\n");

  test("npy to npy, npz, csv and jsonl", async () => {
    const args = ["run", "chain.safetensors", "steps.npy"];
    const { code, stderr } = await run(...args, "o.npy", ...backend);
    expect([code, stderr]).toEqual([0, "o.npy: output [50, 3]\n"]);
    expectSameTensor(readNpy(read("o.npy")), expected);
    const { stdout } = await start(...args, "o.npz", "--json", ...backend);
    expect(JSON.parse(stdout)).toEqual({
      file: "chain.safetensors",
      input: "steps.npy",
      out: "o.npz",
      shapes: { output: [50, 3] },
    });
    const { output } = Object.fromEntries(readNpz(read("o.npz")));
    expectSameTensor(output as Tensor, expected);
    for (const kind of ["csv", "jsonl"]) {
      await done(...args, `o.${kind}`, ...backend);
      const numbers = wide(`o.${kind}`).flatMap((line) =>
        kind === "csv" ? line.split(",").map(Number) : JSON.parse(line),
      );
      expect(Float32Array.from(numbers)).toEqual(expected.data);
    }
  });

  test("a batch, in several pieces, and backwards too", async () => {
    for (const [name, model] of [
      ["chain", chain],
      ["both", both],
    ] as const) {
      const args = ["run", `${name}.safetensors`, "rows.npy", "b.npy"];
      await done(...args, ...backend);
      expectSameTensor(readNpy(read("b.npy")), model.forward(rows).output);
    }
  });

  test("csv and jsonl, with --whole where the model needs all of it", async () => {
    for (const kind of ["csv", "jsonl"])
      for (const [name, model] of [
        ["chain", chain],
        ["both", both],
      ] as const) {
        const args = [
          "run",
          `${name}.safetensors`,
          `steps.${kind}`,
          "w.npy",
          "--whole",
        ];
        await done(...args, ...backend);
        expectSameTensor(readNpy(read("w.npy")), model.forward(steps).output);
      }
  });

  test("tokens, for a model that begins with an embedding", async () => {
    put("tokens.csv", "1\n2\n8\n");
    const args = ["run", "speller.safetensors", "tokens.csv", "t.npy"];
    await done(...args, ...backend);
    expectSameTensor(readNpy(read("t.npy")), speller.forward([1, 2, 8]).output);
    put("unknown.csv", "3\n9\n");
    await expectFailure(
      ["run", "speller.safetensors", "unknown.csv", "u.csv"],
      1,
      /unknown.csv: .*9/,
    );
  });

  test("wav: each channel by itself, the rate of the input, a word when it is another", async () => {
    const channels = [random.floats(30_000), random.floats(30_000)];
    put("in.wav", writeWav({ sampleRate: 48_000, channels }));
    const { code, stderr } = await run(
      "run",
      "amp.json",
      "in.wav",
      "out.wav",
      ...backend,
    );
    expect(code).toBe(0);
    expect(stderr).toContain(
      "in.wav: 48000 Hz, but the model was trained at 44100 Hz: it will sound different\n",
    );
    const result = readWav(read("out.wav"));
    expect(result.sampleRate).toBe(48_000);
    expect(result.channels).toEqual(
      channels.map(
        (data) => amp.forward({ shape: [30_000, 1], data }).output.data,
      ),
    );
  });

  test("wav: the knobs stand beside every sample", async () => {
    const file = rtneuralFile(3);
    put("knobs.json", bytesOf(file));
    const samples = random.floats(100);
    put("mono.wav", writeWav({ sampleRate: 48_000, channels: [samples] }));
    const args = ["run", "knobs.json", "mono.wav", "knobs.wav"];
    await expectFailure(args, 2, /--knobs: expected 2 numbers, .*, got 0/);
    await done(...args, "--knobs", "0.5, -1", ...backend);
    const input = Array.from(samples, (x) => [x, 0.5, -1]);
    const { output } = load(bytesOf(file), options).model.forward(input);
    expect(readWav(read("knobs.wav")).channels).toEqual([output.data]);
  });
});

describe("verify", () => {
  const outputs = chain.forward(steps).output;

  test("passes within the tolerance, and says the largest error", async () => {
    put(
      "case.npz",
      writeNpz(
        new Map([
          ["input", steps],
          ["output", outputs],
        ]),
      ),
    );
    const args = ["verify", "chain.safetensors", "case.npz", ...backend];
    const { code, stdout } = await run(...args);
    expect([code, stdout]).toEqual([
      0,
      "ok: output, 150 numbers, largest error 0.0 of 0.00001\n",
    ]);
  });

  test("fails beyond it", async () => {
    const data = outputs.data.map((y, i) => (i === 7 ? y + 0.25 : y));
    const cases = [
      { input: [[1, 2]], output: [[...chain.forward([[1, 2]]).output.data]] },
      {
        input: { shape: steps.shape, data: [...steps.data] },
        output: { shape: outputs.shape, data: [...data] },
      },
    ];
    put("cases.json", JSON.stringify(cases));
    const args = ["verify", "chain.safetensors", "cases.json", ...backend];
    const failed = await start(...args);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(
      /^FAILED: output, 153 numbers, largest error 0.25 of 0.00001, in case 1 at \[2, 1\]: expected /,
    );
    const json = await run(...args, "--json");
    expect(json.code).toBe(1);
    const result = JSON.parse(json.stdout);
    expect(result).toMatchObject({ cases: 2, passed: false, tolerance: 1e-5 });
    expect(result.outputs[0].error).toBeCloseTo(0.25);
    expect((await run(...args, "--tolerance", "0.3")).code).toBe(0);
  });

  test("takes what the file carries itself", async () => {
    const { code, stdout } = await run(
      "verify",
      "amp.json",
      "--json",
      ...backend,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      file: "amp.json",
      cases: 1,
      tolerance: 1e-5,
      passed: true,
      outputs: [{ name: "output", numbers: 3, error: 0 }],
    });
  });

  test("an output of another size is an error, not a small difference", async () => {
    put("size.json", JSON.stringify({ input: [[1, 2]], output: [1, 2] }));
    await expectFailure(
      ["verify", "chain.safetensors", "size.json"],
      1,
      'size.json: cases[0], "output": expected [2], got [1, 3]',
    );
  });
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
