import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { metrics as api } from "@opentelemetry/api";
import { Queue } from "bullmq";
import { readNpy, writeNpy } from "../../src/formats/numpy/npy.js";
import { readNpz, writeNpz } from "../../src/formats/numpy/npz.js";
import { load as loadOnnx, toOnnx } from "../../src/formats/onnx/index.js";
import { init, type Tensor } from "../../src/index.js";
import { score, type ScoreOptions } from "../../src/queue/index.js";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { absent, RedisServer } from "./redis.js";
import {
  closeWorkers,
  last,
  model,
  sequences,
  startHere,
  Workers,
} from "./session.js";

const suite = absent ? `scoring [skipped: ${absent}]` : "scoring";

describe.skipIf(absent)(suite, () => {
  const workers = new Workers();
  const { program } = workers;
  let server: RedisServer;
  const queue = () => ({ url: server.url, patience: 3000 });

  beforeAll(async () => {
    server = await RedisServer.start();
    await workers.build();
  });
  afterEach(closeWorkers);
  afterAll(async () => {
    workers.remove();
    await server.remove();
  });

  const outputsOf = async (
    input: Parameters<typeof score>[0],
    more: Partial<ScoreOptions> = {},
  ): Promise<Tensor[]> => {
    const outputs: Tensor[] = [];
    const options = { queue: queue(), model, rows: 7, ...more };
    for await (const output of score(input, options)) outputs.push(output);
    return outputs;
  };
  const expectOutputs = (actual: Tensor[], rows: Tensor[], by = model) => {
    expect(actual.length).toBe(rows.length);
    rows.forEach((row, i) =>
      expectSameTensor(actual[i] as Tensor, by.forward(row).output, `${i}`),
    );
  };
  const keysLeft = async () => {
    const redis = server.client();
    const keys = await redis.keys("*");
    redis.disconnect();
    return keys.filter((key) => /:(answer|rows):|:\w{8}-/.test(key));
  };

  test("each row's output is that of its own run, to the bit and in order, and nothing stays behind", async () => {
    await Promise.all([startHere(server), startHere(server)]);
    const rows = sequences(100);
    expectOutputs(await outputsOf(rows), rows);
    async function* one() {
      yield* rows;
    }
    expectOutputs(await outputsOf(one(), { rows: 1000 }), rows);
    expectOutputs(await outputsOf(rows, { model: last }), rows, last);
    expectOutputs(await outputsOf(rows, { model: model.save() }), rows);
    expect(await keysLeft()).toEqual([]);
  });

  test("rows that nobody works on are told once, and answered when a worker comes", async () => {
    const rows = sequences(3);
    let told = 0;
    const onIdle = () => {
      told++;
      void startHere(server);
    };
    expectOutputs(await outputsOf(rows, { onIdle }), rows);
    expect(told).toBe(1);
    // a worker that is there is busy, not missing
    expectOutputs(await outputsOf(rows, { onIdle }), rows);
    expect(told).toBe(1);
    await expect(outputsOf(rows, { onIdle: 1 as never })).rejects.toThrow(
      "onIdle: expected a function, got 1",
    );
  });

  test("rows that are no longer small go beside the job", async () => {
    await startHere(server);
    const steps = 200_000;
    const data = new Random(5).floats(2 * steps);
    const rows = [{ shape: [steps, 2], data }, ...sequences(3)];
    expectOutputs(await outputsOf(rows, { rows: 1 }), rows);
    expect(await keysLeft()).toEqual([]);
  });

  test("an input that waits for its answers gets them", async () => {
    await startHere(server);
    const rows = sequences(3);
    let answered = 0;
    let wake: () => void = () => undefined;
    async function* patient() {
      for (const [i, row] of rows.entries()) {
        while (answered < i)
          await new Promise<void>((resolve) => (wake = resolve));
        yield row;
      }
    }
    const options = { queue: queue(), model, rows: 1 };
    for await (const output of score(patient(), options)) {
      const expected = model.forward(rows[answered++] as Tensor).output;
      expectSameTensor(output, expected, "output");
      wake();
    }
    expect(answered).toBe(3);
  });

  test("a file of lines is answered as `run` answers it, byte for byte; arrays as arrays", async () => {
    await startHere(server);
    const rows = sequences(50);
    const lines = rows.map(({ shape, data }, id) => {
      const input = Array.from({ length: shape[0] as number }, (_, t) => [
        ...data.subarray(2 * t, 2 * t + 2),
      ]);
      return id % 4 ? JSON.stringify({ id, input }) : JSON.stringify(input);
    });
    // blank lines are none, and a last line needs no end
    const text = lines.join("\n").replace("\n", "\n\n");
    writeFileSync(program.at("rows.jsonl"), text);
    const redis = ["--redis", server.url, "--rows", "9", "--quiet"];
    const scored = await program.execute([
      "score",
      "model.safetensors",
      "rows.jsonl",
      "scores.jsonl",
      ...redis,
    ]);
    expect(scored).toEqual({ code: 0, stdout: "", stderr: "" });
    await program.execute([
      "run",
      "model.safetensors",
      "rows.jsonl",
      "run.jsonl",
      "--backend",
      "simd",
      "--quiet",
    ]);
    const read = (name: string) => readFileSync(program.at(name));
    expect(read("scores.jsonl")).toEqual(read("run.jsonl"));
    const piped = await program.run(
      ["score", "model.safetensors", "-", "-", ...redis],
      text,
    );
    expect(piped.stdout).toBe(read("run.jsonl").toString());

    const array = { shape: [40, 6, 2], data: new Random(2).floats(480) };
    writeFileSync(program.at("rows.npy"), writeNpy(array));
    const named = new Map([["input", array]]);
    writeFileSync(program.at("rows.npz"), writeNpz(named));
    const { output } = model.forward(array);
    for (const [from, to] of [
      ["rows.npy", "out.npz"],
      ["rows.npz", "out.npy"],
      ["rows.npz", "out.jsonl"],
    ] as const) {
      const args = ["score", "model.safetensors", from, to, ...redis];
      expect((await program.execute(args)).code).toBe(0);
    }
    const npz = readNpz(read("out.npz")).get("output") as Tensor;
    expectSameTensor(npz, output, "npz");
    expectSameTensor(readNpy(read("out.npy")), output, "npy");
    expect(
      JSON.parse(
        `[${read("out.jsonl").toString().trim().replaceAll("\n", ",")}]`,
      ),
    ).toHaveLength(40);
    expect(await keysLeft()).toEqual([]);
  });

  test("a graph has rows and lines as well", async () => {
    await startHere(server);
    await init({ backend: "simd" });
    // with its states as inputs, it is no chain of layers
    const bytes = toOnnx(model, { states: true });
    const rows = sequences(5).map(({ shape, data }) => ({
      shape: [1, ...shape],
      data,
    }));
    const graph = loadOnnx(bytes).model;
    const outputs = await outputsOf(rows, { model: bytes });
    rows.forEach((row, i) =>
      expectSameTensor(outputs[i] as Tensor, graph.forward(row).output, `${i}`),
    );
  });

  test("a row that does not suit the model is told by its line, and the file stays as it was", async () => {
    await startHere(server);
    const good = "[[1,2],[3,4]]\n".repeat(30);
    const cases: [string, RegExp][] = [
      [`${good}[[1,2,3]]\n`, /line 31: input: expected .*2\], got \[1, 3\]/],
      [`${good}{"input": "x"}\n`, /line 31: input: expected .*numbers/],
      [`${good}nonsense\n`, /line 31: expected JSON/],
      [`${good}[1,2]\n`, /line 31: input: expected \[T, 2\], got \[2\]/],
      [
        `${good}{"stream":"a","input":[[1,2]]}\n`,
        /line 31: expected a whole sequence/,
      ],
    ];
    for (const [text, message] of cases) {
      writeFileSync(program.at("bad.jsonl"), text);
      writeFileSync(program.at("kept.jsonl"), "before\n");
      const files = readdirSync(program.folder);
      const { code, stderr } = await program.execute([
        "score",
        "model.safetensors",
        "bad.jsonl",
        "kept.jsonl",
        "--redis",
        server.url,
        "--rows",
        "4",
        "--quiet",
      ]);
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
      expect(readFileSync(program.at("kept.jsonl"), "utf8")).toBe("before\n");
      expect(readdirSync(program.folder)).toEqual(files);
    }
    expect(await keysLeft()).toEqual([]);
  });

  test("a row of tokens that are none is told among others of its shape", async () => {
    await startHere(server);
    const rows = [[[1, 2]], [[3, 4]], [["x"]]] as unknown as number[][][];
    await expect(outputsOf(rows)).rejects.toThrow(/input\[2\]/);
    const flat = [[1, 2, 3]];
    await expect(outputsOf(flat)).rejects.toThrow(
      /rows 1 to 1: row 1: input: expected \[T, 2\], got \[3\]/,
    );
  });

  test("an aborted call rejects with the reason, and leaves no work behind", async () => {
    const abort = new AbortController();
    const outputs = outputsOf(sequences(50), { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 300);
    await expect(outputs).rejects.toThrow("enough");
    expect(await keysLeft()).toEqual([]);
  });

  test("jobs that are none, and models that are not what their hash says, are refused", async () => {
    const errors: string[] = [];
    await startHere(server, { onError: ({ message }) => errors.push(message) });
    const redis = server.client();
    const jobs = new Queue("gatewise", { connection: redis });
    await jobs.add("chunk", { any: "thing" }, { removeOnFail: true });
    const hash = "0".repeat(64);
    await redis.set(`gatewise:{gatewise}:model:${hash}`, "no model");
    const data = {
      model: hash,
      backend: "simd",
      kind: "lines",
      first: 1,
      count: 1,
      rows: { inline: "[[1,2]]" },
      answer: { key: "a", seconds: 9 },
    };
    await jobs.add("chunk", data, { removeOnFail: true });
    await expect.poll(() => errors.length, { timeout: 5000 }).toBe(2);
    expect(errors.join()).toMatch(/job: expected rows and a model/);
    expect(errors.join()).toMatch(
      /model 0{12}…: expected bytes of this hash in Redis, got 8 bytes of another hash/,
    );
    await jobs.close();
    redis.disconnect();
  });

  test("rows and times are counted for OpenTelemetry", async () => {
    const counted = new Map<string, number>();
    const instrument = (name: string) => {
      const add = (value: number) =>
        counted.set(name, (counted.get(name) ?? 0) + value);
      return { add, record: add, addCallback() {}, removeCallback() {} };
    };
    const meter = new Proxy({} as never, {
      get: () => instrument,
    });
    api.setGlobalMeterProvider({ getMeter: () => meter });
    try {
      await startHere(server);
      await outputsOf(sequences(20));
    } finally {
      api.disable();
    }
    expect(counted.get("gatewise.rows")).toBe(20);
    expect(counted.get("gatewise.chunk")).toBeGreaterThan(0);
  });
});
