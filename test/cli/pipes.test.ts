import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeNpy, readNpy } from "../../src/formats/numpy/npy.js";
import { readNpz, writeNpz } from "../../src/formats/numpy/npz.js";
import { load as loadOnnx, toOnnx } from "../../src/formats/onnx/index.js";
import { GRU, Linear, LSTM, Sequential, tensor } from "../../src/index.js";
import {
  expectClose,
  expectSameBits,
  expectSameTensor,
} from "../support/compare.js";
import { Random } from "../support/random.js";
import { Program } from "./program.js";

// The program between others. `simd` has the same bits here and there.
const options = { backend: "simd" } as const;
const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 6, ...options }),
  new Linear({ inputSize: 6, outputSize: 3, ...options }),
]);
const last = new Sequential([
  new GRU({
    inputSize: 2,
    hiddenSize: 4,
    direction: "bidirectional",
    returnSequences: false,
    ...options,
  }),
]);

const program = new Program();
const pipe = (...more: string[]) => [
  "run",
  "model.safetensors",
  "-",
  "-",
  "--backend",
  "simd",
  ...more,
];
const parsed = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const numbers = (value: unknown) =>
  Float32Array.from([value].flat(3) as number[]);
const frames = (count: number, seed = 1) => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => [...random.floats(2)]);
};
const jsonl = (values: unknown[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("");

beforeAll(async () => {
  await program.build();
  writeFileSync(program.at("model.safetensors"), model.save());
  writeFileSync(program.at("last.safetensors"), last.save());
});
afterAll(() => program.remove());

describe("a line in, a line out", () => {
  test("an answer waits for no later input", async () => {
    const child = program.start(pipe());
    const answers = createInterface({ input: child.stdout });
    const stream = model.stream();
    for (const frame of frames(5)) {
      child.stdin.write(`${JSON.stringify(frame)}\n`);
      const [line] = (await once(answers, "line")) as [string];
      expect(numbers(JSON.parse(line))).toEqual(stream.step(frame));
    }
    child.stdin.end();
    expect((await once(child, "close"))[0]).toBe(0);
  });

  test("a long stream is that of the whole sequence, to the bit", async () => {
    const given = frames(5000); // more than a pipe holds
    const { code, stdout } = await program.run(pipe(), jsonl(given));
    expect(code).toBe(0);
    const expected = model.forward(given).output;
    expectSameBits(numbers(parsed(stdout)), expected.data);
  });

  test("a line may be a sequence, and stands by itself", async () => {
    const sequences = [frames(3, 1), frames(7, 2), frames(3, 1)];
    const { stdout } = await program.run(pipe(), jsonl(sequences));
    const answers = parsed(stdout);
    sequences.forEach((sequence, i) =>
      expect(numbers(answers[i])).toEqual(model.forward(sequence).output.data),
    );
    expect(answers[2]).toEqual(answers[0]);
    const args = ["run", "last.safetensors", "-", "-", "--backend", "simd"];
    const whole = await program.run(args, jsonl(sequences));
    expect(numbers(parsed(whole.stdout)[1])).toEqual(
      last.forward(sequences[1]!).output.data,
    );
  });

  test("an output that a line brings gives way to the answer, and no name stands there twice", async () => {
    const [input = []] = frames(1, 1);
    const { stdout } = await program.run(
      pipe(),
      jsonl([{ input, output: [7], id: 1 }]),
    );
    expect(stdout.match(/"output"/g)).toHaveLength(1);
    const [answer] = parsed(stdout) as { output: unknown }[];
    const expected = model.stream().step(input);
    expect(numbers(answer?.output)).toEqual(expected);
  });

  test("an object keeps what stands beside its input; `stream` names what it goes on", async () => {
    const [a, b] = [frames(4, 1), frames(4, 2)];
    const lines = a.flatMap((frame, t) => [
      { id: t, stream: "a", input: frame },
      { stream: "b", input: b[t], note: { deep: [1, "ä"] } },
    ]);
    const { stdout } = await program.run(pipe(), jsonl(lines));
    const answers = parsed(stdout) as Record<string, unknown>[];
    const both = [model.stream(), model.stream()];
    answers.forEach(({ output, ...rest }, i) => {
      const { input, ...expected } = lines[i]!;
      expect(rest).toEqual(expected);
      expect(numbers(output)).toEqual(both[i % 2]!.step(input!));
    });
  });

  test("csv answers jsonl, where NaN is null, and jsonl csv", async () => {
    const toJson = await program.run(
      pipe("--from", "csv", "--to", "jsonl"),
      "1,2\nnan,1\n",
    );
    const toCsv = await program.run(pipe("--to", "csv"), "[1,2]\n");
    const { data } = model.forward([[1, 2]]).output;
    const [numbersOnly, none] = parsed(toJson.stdout);
    expect(numbers(numbersOnly)).toEqual(data);
    expect(none).toEqual([null, null, null]);
    expect(numbers(toCsv.stdout.split(",").map(Number))).toEqual(data);
  });

  test("a bad line ends it with 1, after the answers to those before", async () => {
    const child = program.start(pipe());
    const ended = once(child, "close");
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.write("[1,2]\n");
    await once(child.stdout, "data");
    // standard input stays open: who writes must not wait for ever
    child.stdin.write("[1,2,3]\n");
    expect((await ended)[0]).toBe(1);
    expect(parsed(stdout)).toHaveLength(1);
    expect(stderr).toBe(
      "gatewise: standard input: line 2: input: expected 2 numbers, a step, or a list of steps, got [3]\n",
    );
  });
});

describe("an ONNX graph", () => {
  const args = (...more: string[]) => [
    "run",
    "graph.onnx",
    "-",
    "-",
    "--backend",
    "simd",
    ...more,
  ];
  const { model: graph } = loadOnnx(toOnnx(model, { states: true }), options);
  const state = { shape: [1, 1, 6], data: new Float32Array(6) };
  const first = { hidden_0: state, cell_0: state };

  beforeAll(() =>
    writeFileSync(program.at("graph.onnx"), toOnnx(model, { states: true })),
  );

  test("a line has inputs by their names, and is answered by the outputs by theirs", async () => {
    const input = frames(3);
    const zeros = [[[0, 0, 0, 0, 0, 0]]];
    const line = { id: 5, input: [input], hidden_0: zeros, cell_0: zeros };
    const { code, stdout } = await program.run(args(), jsonl([line]));
    expect(code).toBe(0);
    const [{ id, ...outputs }] = parsed(stdout) as [Record<string, unknown>];
    expect(id).toBe(5);
    const results = graph.run({ input: tensor([input]), ...first });
    expect(Object.keys(outputs)).toEqual(Object.keys(results));
    for (const [name, { data }] of Object.entries(results))
      expect(numbers(outputs[name])).toEqual(data);
  });

  test("with --states the lines go on one from another", async () => {
    const states = "hidden_0=next_hidden_0,cell_0=next_cell_0";
    const given = frames(4);
    const lines = given.flatMap((frame) => [
      [[frame]],
      { stream: "b", input: [[frame]] },
    ]);
    const { code, stdout } = await program.run(
      args("--states", states),
      jsonl(lines),
    );
    expect(code).toBe(0);
    const expected = model.forward(given).output.data;
    parsed(stdout).forEach((answer, i) => {
      const t = i >> 1;
      const output = i % 2 ? (answer as { output: unknown }).output : answer;
      const step = expected.subarray(3 * t, 3 * t + 3);
      expectClose(numbers(output), step, 1e-6);
    });
  });

  test("arrays by name, in an npz and out of one", async () => {
    const input = new Random(4).tensor([1, 5, 2]);
    const arrays = new Map(Object.entries({ input, ...first }));
    writeFileSync(program.at("in.npz"), writeNpz(arrays));
    const { code, stderr } = await program.execute([
      "run",
      "graph.onnx",
      "in.npz",
      "out.npz",
      "--quiet",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    const results = readNpz(readFileSync(program.at("out.npz")));
    expect([...results.keys()]).toEqual(
      graph.outputs.map((output) => output.name),
    );
    expectClose(
      results.get("output")!.data,
      model.forward(input).output.data,
      1e-6,
    );
  });

  test("states that the graph does not have are refused", async () => {
    const ended = await program.run(args("--states", "x=y"), "[[[1,2]]]\n");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/standard input: line 1: states\["x"\]/);
    for (const [more, message] of [
      [["--states", "x"], "expected input=output, separated by commas"],
      [
        ["--whole", "--states", "a=b"],
        "--states: expected jsonl on both sides",
      ],
    ] as const) {
      const { code, stderr } = await program.execute(args(...more));
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});

describe("the ends of a pipe", () => {
  test("a reader that has read enough ends it quietly", async () => {
    const child = program.start(pipe());
    const ended = once(child, "close");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on("error", () => undefined);
    const more = () => {
      if (child.stdin.writable) child.stdin.write("[1,2]\n".repeat(1000), more);
    };
    more();
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect((await ended)[0]).toBe(0);
    expect(stderr).toBe("");
  });

  test("no standard input is an input without lines", async () => {
    const child = spawn(process.execPath, [program.file, ...pipe()], {
      cwd: program.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    expect((await once(child, "close"))[0]).toBe(0);
    expect(output).toBe("");
  });

  test("arrays go through standard input and output as well, models too", async () => {
    const steps = new Random(3).tensor([9, 2]);
    const child = program.start(pipe("--from", "npy", "--to", "npy"));
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end(writeNpy(steps));
    await once(child, "close");
    expectSameTensor(
      readNpy(Buffer.concat(chunks)),
      model.forward(steps).output,
    );
    const inspect = program.start(["inspect", "--json", "-"]);
    inspect.stdin.end(readFileSync(program.at("model.safetensors")));
    const [line] = (await once(inspect.stdout, "data")) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({
      file: "-",
      format: "safetensors",
    });
  });
});
