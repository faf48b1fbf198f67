import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Embedding,
  FormatError,
  GRU,
  Linear,
  LSTM,
  Sequential,
  type Tensor,
} from "../../src/index.js";
import { GraphBuilder } from "../../src/graph/index.js";
import { createPool, type Pool, RemoteGraph } from "../../src/worker/index.js";
import { stepsAtOnce } from "../../src/worker/parts.js";
import { bundle } from "../../tools/bundle.mjs";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { anyModels, models } from "../support/models.js";
import { Random } from "../support/random.js";
import { at } from "../support/tensors.js";

// The real thing: the worker's script as the package ships it to Node, in real threads.
const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
const script = join(folder, "script.mjs");
const create = () => new Worker(script);
const pools: Pool[] = [];
const open = (options: Omit<Parameters<typeof createPool>[0], "create">) => {
  const pool = createPool({ create, ...options });
  pools.push(pool);
  return pool;
};

beforeAll(() => bundle("src/worker/script-node.ts", script));
afterAll(() => {
  for (const pool of pools) pool.close();
  rmSync(folder, { recursive: true });
});

/** Large enough to be worth sharing out. */
const large = () =>
  new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 64, numLayers: 2 }),
    new Linear({ inputSize: 64, outputSize: 2 }),
  ]);

function expectSameResult(
  actual: ReturnType<Sequential["forward"]>,
  expected: ReturnType<Sequential["forward"]>,
): void {
  expectSameTensor(actual.output, expected.output, "output");
  expect(actual.state).toEqual(expected.state);
}

describe.each(backends)("a pool of workers on %s", (backend) => {
  const random = new Random(1);
  let [one, two]: Pool[] = [];
  beforeAll(() => {
    one = open({ workers: 1, backend });
    two = open({ workers: 2, backend });
  });

  test.each(Object.entries(anyModels))(
    "%s: forward gives the bits of Sequential.forward",
    async (_, make) => {
      const model = new Sequential(make());
      const there = await two!.load(model);
      expect(there.backend).toBe(backend);
      const alone = await one!.load(model);
      const input = random.tensor([6, 12, 3]);
      const lengths = random.lengths(6, 12);
      for (const options of [{}, { lengths }]) {
        const result = await there.forward(input, options);
        expectSameResult(result, await alone.forward(input, options));
        const more = { ...options, state: result.state };
        expectSameResult(
          await there.forward(input, more),
          await alone.forward(input, more),
        );
      }
      const single = at(input, 0, 2);
      expectSameResult(
        await there.forward(single),
        await alone.forward(single),
      );
    },
  );

  test("a large batch is shared out, and long sequences run in pieces, to the same bits", async () => {
    const model = large();
    const shared = await two!.load(model);
    const alone = await one!.load(model);
    const input = random.tensor([37, 60, 3]);
    expectSameResult(await shared.forward(input), await alone.forward(input));
    const lengths = random.lengths(37, 60);
    const state = (await alone.forward(input)).state;
    expectSameResult(
      await shared.forward(input, { lengths, state }),
      await alone.forward(input, { lengths, state }),
    );
    const mask = {
      shape: [37, 60],
      data: random.floats(37 * 60).map((x) => (x > 0 ? 1 : 0)),
    };
    expectSameResult(
      await shared.forward(input, { mask, state }),
      await alone.forward(input, { mask, state }),
    );
    const long = random.tensor([2, 4_500, 3]);
    const facts = {
      inputSize: 3,
      outputSize: 2,
      backend,
      weights: 50_000,
      tokens: false,
      causal: true,
      lastOnly: false,
    };
    expect(stepsAtOnce(1, 4_500, facts)).toBeLessThan(4_500);
    const pieces = await shared.forward(long);
    const { output } = await alone.forward(at(long, 0, 1));
    expectSameTensor(at(pieces.output, 0, 1), output);
  });
});

describe("a model in a worker", () => {
  const backend = "simd" as const;
  const input = new Random(2).tensor([4, 10, 3]);

  test("computes the bits of a model here", async () => {
    const layers = [
      new LSTM({ inputSize: 3, hiddenSize: 6, backend }),
      new Linear({ inputSize: 6, outputSize: 2 }),
    ];
    const model = new Sequential(layers);
    const remote = await open({ workers: 2, backend }).load(model.save());
    expectSameResult(await remote.forward(input), model.forward(input));
  });

  test("streams: step, run, states, reset and fork", async () => {
    const make = models["LSTM, Linear"]!;
    const model = new Sequential(make());
    const remote = await open({ workers: 2 }).load(model);
    const here = model.stream();
    const stream = await remote.stream();
    const frames = at(input, 0, 0).data;
    const frame = frames.subarray(0, 3);
    expect(await stream.step(frame)).toEqual(here.step(frame));
    expect(frames.length, "not taken away").toBe(30);
    expect(await stream.step([1, 2, 3])).toEqual(here.step([1, 2, 3]));
    expect(await stream.run(frames)).toEqual(here.run(frames));
    expect(await stream.getState()).toEqual(here.state);
    const fork = await stream.fork();
    await stream.reset();
    expect(await stream.step(frame)).toEqual(model.stream().step(frame));
    expect(await fork.step(frame)).toEqual(here.step(frame));
    await stream.setState(here.state);
    const again = await remote.stream({ state: here.state });
    const next = here.step(frame);
    expect(await stream.step(frame)).toEqual(next);
    expect(await again.step(frame)).toEqual(next);
    await expect(stream.step([1, 2])).rejects.toEqual(
      new RangeError("frame: expected 3 numbers, got 2"),
    );
    stream.dispose();
    await expect(stream.step(frame)).rejects.toThrow("disposed of");
  });

  test("forecasts, and generates tokens one by one", async () => {
    const model = new Sequential([
      new Embedding({ vocabSize: 9, size: 4 }),
      new GRU({ inputSize: 4, hiddenSize: 8 }),
      new Linear({ inputSize: 8, outputSize: 9 }),
    ]);
    const pool = open({ workers: 2 });
    const remote = await pool.load(model);
    const options = { prompt: [1, 2], steps: 150, seed: 3 };
    const tokens: number[] = [];
    for await (const token of remote.generate(options)) tokens.push(token);
    expect(tokens).toEqual([...model.generate(options)]);
    for await (const token of remote.generate({ prompt: [1] }))
      if (tokens.push(token) > 300) break;
    const batch = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expectSameResult(await remote.forward(batch), model.forward(batch));
    const bad = remote.generate({ prompt: [99] });
    await expect(bad.next()).rejects.toThrow(RangeError);

    const series = new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: 4 }),
      new Linear({ inputSize: 4, outputSize: 1 }),
    ]);
    const there = await pool.load(series);
    const history = [[0.1], [0.2], [0.3]];
    const forecast = await there.forecast(history, 5);
    expectSameTensor(forecast, series.forecast(history, 5));
  });

  test("takes the input's buffer only when it may", async () => {
    const remote = await open({}).load(large());
    const data = new Float32Array(30);
    await remote.forward({ shape: [10, 3], data });
    expect(data.length).toBe(30);
    await remote.forward({ shape: [10, 3], data }, { transfer: true });
    expect(data.length).toBe(0);
  });
});

describe("errors of a worker", () => {
  test("cross with their type and message", async () => {
    const pool = open({ workers: 2 });
    await expect(pool.load(new Uint8Array(3))).rejects.toBeInstanceOf(
      FormatError,
    );
    await expect(pool.load(new Uint8Array(3))).rejects.toThrow(
      /^byte 0: expected 8 bytes, got 3$/,
    );
    await expect(pool.load("abc" as never)).rejects.toEqual(
      new TypeError(
        'model: expected a Sequential, a Graph or the bytes that one saved, got "abc"',
      ),
    );
    const model = await pool.load(large());
    await expect(model.forward([[1, 2]])).rejects.toEqual(
      new RangeError("input: expected [B, T, 3] or [T, 3], got [1, 2]"),
    );
    const state = [null, { hidden: 3 }] as never;
    const error = await model
      .forward([[1, 2, 3]], { state })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^state\[1\]: expected/);
    for (const none of [null, 0, NaN, ""]) {
      const given = { state: none as never };
      const refusal = /^state: expected an array of 2 states/;
      await expect(model.forward([[1, 2, 3]], given)).rejects.toThrow(refusal);
      await expect(model.stream(given)).rejects.toThrow(refusal);
    }
    model.dispose();
    await expect(model.forward([[1, 2, 3]])).rejects.toThrow("disposed of");
  });

  test("of what cannot cross name it: a promise that nobody awaited", async () => {
    const model = await open({ workers: 1 }).load(large());
    const stream = await model.stream();
    const late = stream.getState() as never;
    const refused = (name: string) =>
      new TypeError(`${name}: expected plain data, got a Promise`);
    const input = [[1, 2, 3]];
    await expect(model.forward(input, { state: late })).rejects.toEqual(
      refused("state"),
    );
    await expect(model.stream({ state: late })).rejects.toEqual(
      refused("state"),
    );
    await expect(stream.setState(late)).rejects.toEqual(refused("state"));
    await expect(stream.step(late)).rejects.toEqual(refused("frame"));
    await expect(stream.run(late)).rejects.toEqual(refused("frames"));
    await expect(model.forecast(input, late)).rejects.toThrow(
      /^steps: expected a positive integer, got a Promise$/,
    );
    expect((await stream.step([1, 2, 3])).length).toBe(model.outputSize);
  });

  test("of options are thrown here", () => {
    expect(() => createPool({} as never)).toThrow(
      "create: expected a function that makes a worker, got undefined",
    );
    expect(() => createPool({ create, workers: 0 })).toThrow(RangeError);
    expect(() => createPool({ create, backend: "gpu" as never })).toThrow(
      RangeError,
    );
  });

  test("the end of a worker or of the pool rejects what is under way", async () => {
    const workers: Worker[] = [];
    const pool = createPool({
      workers: 2,
      create: () => workers[workers.push(create()) - 1]!,
    });
    const model = await pool.load(large());
    const stream = await model.stream();
    const long = new Random(3).tensor([64, 2_000, 3]);
    await workers[0]!.terminate();
    await expect(stream.step([1, 2, 3])).rejects.toThrow(
      "worker: expected it to run, got its end with code 1",
    );
    const result = model.forward(long); // the other one does it all
    const { output } = await result;
    expect(output.shape).toEqual([64, 2_000, 2]);
    const late = model.forward(long);
    pool.close();
    await expect(late).rejects.toThrow("pool: expected it to be open");
    await expect(model.forward(long)).rejects.toThrow("pool: expected");
    await expect(pool.load(large())).rejects.toThrow("pool: expected");
  });

  test("a script that does not run is an error", async () => {
    const pool = createPool({ create: () => new Worker(`${script}.no`) });
    await expect(pool.load(large())).rejects.toThrow(/Cannot find module/);
  });
});

describe("an AbortSignal", () => {
  test("rejects at once and leaves the workers free", async () => {
    const model = await open({ workers: 2 }).load(large());
    const long = new Random(4).tensor([64, 4_000, 3]);
    const reason = new Error("enough");
    await expect(
      model.forward(long, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const started = performance.now();
    const full = await model.forward(long);
    const whole = performance.now() - started;
    const given = model.forward(long, { signal: controller.signal });
    setTimeout(() => controller.abort(), whole / 20);
    const abortedAt = performance.now();
    await expect(given).rejects.toHaveProperty("name", "AbortError");
    expect(performance.now() - abortedAt).toBeLessThan(whole / 2);
    await model.forward([[1, 2, 3]]);
    expect(performance.now() - abortedAt).toBeLessThan(whole * 0.8);
    expect(full.output.shape).toEqual([64, 4_000, 2]);
  });

  test("leaves to each worker the part that it is at, and no other", async () => {
    const workers: Worker[] = [];
    const pool = createPool({
      workers: 2,
      create: () => workers[workers.push(create()) - 1]!,
    });
    pools.push(pool);
    const model = await pool.load(large());
    // answers with numbers in them are parts that were computed
    let computed = 0;
    for (const worker of workers)
      worker.on("message", ({ r }: { r?: { output?: Tensor } }) => {
        if (r?.output) computed++;
      });
    const controller = new AbortController();
    const { signal } = controller;
    const given = model.forward(new Random(5).tensor([64, 4_000, 3]), {
      signal,
    });
    while (computed < 4) await new Promise((resolve) => setTimeout(resolve, 1));
    computed = 0;
    controller.abort();
    await expect(given).rejects.toHaveProperty("name", "AbortError");
    await model.forward([[1, 2, 3]]);
    await model.forward([[1, 2, 3]]);
    expect(computed).toBeLessThanOrEqual(2 + workers.length);
  });

  test("stops generating", async () => {
    const model = new Sequential([
      new Embedding({ vocabSize: 9, size: 4 }),
      new GRU({ inputSize: 4, hiddenSize: 8 }),
      new Linear({ inputSize: 8, outputSize: 9 }),
    ]);
    const remote = await open({}).load(model);
    const controller = new AbortController();
    const run = async () => {
      let count = 0;
      const { signal } = controller;
      for await (const _ of remote.generate({ prompt: [1], signal }))
        if (++count === 5) controller.abort();
    };
    await expect(run()).rejects.toHaveProperty("name", "AbortError");
  });
});

describe("a graph in a pool", () => {
  /** y = relu(x + h), h' = y */
  const graph = () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", ["T", 2]);
    const h = builder.input("h", ["T", 2]);
    const sum = builder.add("Relu", [builder.add("Add", [x, h])]);
    builder.output(sum, { name: "y", shape: ["T", 2] });
    builder.output(sum, { name: "hn", shape: ["T", 2] });
    return builder.build();
  };
  const input = new Random(9).tensor([1, 2]);

  test("from the graph itself: run, forward, stream, and errors of their class", async () => {
    const here = graph();
    const there = await open({ workers: 2 }).load(graph());
    expect(there).toBeInstanceOf(RemoteGraph);
    expect(there.inputs).toEqual(here.inputs);
    expect(there.outputs).toEqual(here.outputs);
    const h = { shape: [1, 2], data: Float32Array.of(1, -3) };
    expect(await there.run({ x: input, h })).toEqual(here.run({ x: input, h }));
    const first = await there.forward(input, { state: { h } });
    expect(first).toEqual(here.forward(input, { state: { h } }));
    const stream = await there.stream({ state: { h } });
    const own = here.stream({ state: { h } });
    for (let t = 0; t < 3; t++)
      expect(await stream.step(input.data)).toEqual(own.step(input.data));
    expect(await stream.getState()).toEqual(own.state);
    await stream.setState({ h });
    expect(await (await stream.fork()).getState()).toEqual({ h });
    await expect(there.run({ x: input })).rejects.toThrow(RangeError);
    there.dispose();
    await expect(there.forward(input)).rejects.toThrow(/disposed/);
  });

  test("from the bytes that save wrote", async () => {
    const bytes = graph().save();
    const there = await open({ workers: 1 }).load<RemoteGraph>(bytes);
    const { output } = await there.forward(input);
    expect(output).toEqual(graph().forward(input).output);
  });
});
