import { beforeAll, describe, expect, test } from "vitest";
import { Embedding, GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { type Pool } from "../../src/worker/index.js";
import { stepsAtOnce } from "../../src/worker/parts.js";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { anyModels, models } from "../support/models.js";
import { Random } from "../support/random.js";
import { at } from "../support/tensors.js";
import { large, openPools } from "./open-pools.js";

const { open } = openPools();

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
