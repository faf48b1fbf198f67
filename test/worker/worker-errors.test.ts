import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  Embedding,
  FormatError,
  GRU,
  Linear,
  Sequential,
  type Tensor,
} from "../../src/index.js";
import { createPool } from "../../src/worker/index.js";
import { Random } from "../support/random.js";
import { large, openPools } from "./open-pools.js";

const { create, open } = openPools();

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
      "create: expected a function that returns a worker, got undefined",
    );
    expect(() => createPool({ create, workers: 0 })).toThrow(RangeError);
    expect(() => createPool({ create, backend: "gpu" as never })).toThrow(
      RangeError,
    );
  });

  test("workers that have started end when another cannot be created", () => {
    let ended = 0;
    const worker = { postMessage() {}, terminate: () => ended++, on() {} };
    const some: unknown[] = [worker, worker, undefined];
    expect(() =>
      createPool({ workers: 3, create: () => some.shift() as never }),
    ).toThrow(
      new TypeError(
        "create: expected a function that returns a worker, got undefined",
      ),
    );
    expect(ended).toBe(2);
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
    const pool = createPool({
      create: () => new Worker("/no/such/script.mjs"),
    });
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
    const pool = open({
      workers: 2,
      create: () => workers[workers.push(create()) - 1]!,
    });
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
