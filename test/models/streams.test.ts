import { beforeAll, describe, expect, test } from "vitest";
import { Embedding, init, Linear, LSTM, Sequential } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { models } from "../support/models.js";
import { Random } from "../support/random.js";
import { at, slice } from "../support/tensors.js";

const input = new Random(1).tensor([2, 250, 3], -2, 2);

describe.each(backends)("streams of a Sequential on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each(Object.entries(models))(
    "%s: its stream equals forward, by step and by run, and forks",
    (_, make) => {
      const model = new Sequential(make());
      const frames = at(input, 0, 0);
      const whole = model.forward(frames);
      const width = whole.output.shape[1]!;
      const stream = model.stream();
      for (let t = 0; t < 9; t++)
        expectSameBits(
          stream.step(at(frames, 0, t).data),
          at(whole.output, 0, t).data,
          `step ${t}`,
        );
      const fork = stream.fork();
      expectSameBits(
        stream.run(frames.data.subarray(27)),
        whole.output.data.subarray(9 * width),
        "run",
      );
      expect(stream.state).toEqual(whole.state);
      expectSameBits(
        fork.run(frames.data.subarray(27)),
        whole.output.data.subarray(9 * width),
        "a fork",
      );
      fork.reset();
      expectSameBits(fork.run(frames.data), whole.output.data, "after reset");
      fork.state = model.forward(slice(frames, 0, 0, 9)).state;
      expectSameBits(
        fork.run(frames.data.subarray(27)),
        whole.output.data.subarray(9 * width),
        "from a state",
      );
    },
  );

  test("a many-to-one model streams an output for every frame", () => {
    const layers = [
      new LSTM({ inputSize: 3, hiddenSize: 6, returnSequences: false }),
      new Linear({ inputSize: 6, outputSize: 2 }),
    ];
    const model = new Sequential(layers);
    const frames = at(input, 0, 1);
    const stream = model.stream();
    for (let t = 1; t <= 5; t++)
      expectSameBits(
        stream.step(at(frames, 0, t - 1).data),
        model.forward(slice(frames, 0, 0, t)).output.data,
        `${t} steps`,
      );
  });

  test("behind an Embedding a frame is one token", () => {
    const model = new Sequential([
      new Embedding({ vocabSize: 11, size: 3, seed: 4 }),
      ...models["LSTM, Linear"]!(),
    ]);
    const tokens = [3, 0, 10, 10, 7, 1];
    const { output } = model.forward(tokens);
    const stream = model.stream();
    tokens.forEach((token, t) =>
      expectSameBits(stream.step([token]), at(output, 0, t).data, `token ${t}`),
    );
    stream.reset();
    expectSameBits(stream.run(tokens), output.data, "run");
    expect(stream.state[0]).toBeNull();
  });

  test("hundreds of streams over one model, taking turns, each as if alone", () => {
    const model = new Sequential(
      models["LSTM with a projection, two-layer GRU, Linear, Linear"]!(),
    );
    const frames = new Random(2).tensor([300, 5, 3]);
    const { output } = model.forward(frames);
    const streams = Array.from({ length: 300 }, () => model.stream());
    for (let t = 0; t < 5; t++)
      streams.forEach((stream, b) => {
        const result = stream.step(at(at(frames, 0, b), 0, t).data);
        expectSameBits(
          result,
          at(at(output, 0, b), 0, t).data,
          `stream ${b}, step ${t}`,
        );
      });
  });
});
