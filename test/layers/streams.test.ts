import { describe, expect, test } from "vitest";
import { expectSameBits, expectSameState } from "../support/compare.js";
import { backends, cells, create, randomState } from "../support/layers.js";
import { Random } from "../support/random.js";
import type { State } from "../../src/index.js";
import { at, cloneState } from "../support/tensors.js";

const sizes = { inputSize: 3, hiddenSize: 6 };

describe.each(backends)("streams on %s", (backend) => {
  test.each(cells)(
    "$name: 500 streams over one layer, interleaved at random, each as if alone",
    ({ kind, options }) => {
      const [streams, steps] = [500, 6];
      const layer = create(kind, {
        ...sizes,
        ...options,
        numLayers: 2,
        backend,
      });
      const random = new Random(1);
      const input = random.tensor([streams, steps, 3]);
      const { output } = layer.forward(input);
      const all = Array.from({ length: streams }, () => ({
        stream: layer.stream(),
        time: 0,
      }));
      for (let open = [...all.keys()]; open.length > 0;) {
        const b = open[random.integer(0, open.length - 1)]!;
        const one = all[b]!;
        const at = (b * steps + one.time++) * 3;
        const y = one.stream.step(input.data.subarray(at, at + 3));
        expectSameBits(
          y,
          output.data.subarray((at / 3) * 6, (at / 3) * 6 + 6),
          `stream ${b}`,
        );
        if (one.time === steps) open = open.filter((other) => other !== b);
      }
    },
  );

  test.each(cells)(
    "$name: forwards of one step between a stream's steps are the whole, and so are those",
    ({ kind, options }) => {
      const given = { ...sizes, ...options, numLayers: 2, backend };
      const layer = create(kind, given);
      const input = new Random(9).tensor([8, 3]);
      const whole = layer.forward(input);
      const stream = layer.stream();
      const many = create(kind, { ...given, returnSequences: false });
      many.loadStateDict(layer.stateDict());
      let state: State | undefined;
      for (let t = 0; t < 8; t++) {
        const expected = at(whole.output, 0, t).data;
        const { data } = at(input, 0, t);
        const frame = { shape: [1, 3], data };
        const start = state && { state: cloneState(state) };
        const last = many.forward(frame, start).output;
        const step = layer.forward(frame, start);
        expectSameBits(step.output.data, expected, `forward ${t}`);
        expectSameBits(last.data, expected, `forward ${t}, last output`);
        expectSameBits(stream.step(data), expected, `step ${t}`);
        if (start) expectSameState(start.state, state!);
        ({ state } = step);
      }
      expectSameState(state!, whole.state);
    },
  );

  test("streams that come and go between the others' steps change nothing", () => {
    const layer = create("LSTM", { ...sizes, backend });
    const input = new Random(2).tensor([400, 3]);
    const { output } = layer.forward(input);
    const lasting = layer.stream();
    for (let t = 0; t < 400; t++) {
      const passing = layer.stream();
      passing.step([t, -t, 1]);
      expectSameBits(
        lasting.step(at(input, 0, t).data),
        at(output, 0, t).data,
        `step ${t}`,
      );
      if (t % 2) passing.dispose();
    }
    expectSameBits(
      layer.stream().step(at(input, 0, 0).data),
      at(output, 0, 0).data,
      "a new stream",
    );
  });

  test.each(cells)(
    "$name: a fork goes on alone from where it was made",
    ({ kind, options }) => {
      const layer = create(kind, { ...sizes, ...options, backend });
      const [common, left, right] = [3, 4, 5].map((seed) =>
        new Random(seed).floats(3 * 7),
      );
      const alone = (rest: Float32Array) => {
        const stream = layer.stream();
        stream.run(common!);
        return stream.run(rest);
      };
      const stream = layer.stream();
      stream.run(common!);
      const fork = stream.fork();
      const forkOfFork = fork.fork();
      expectSameBits(stream.run(left!), alone(left!), "the original");
      expectSameBits(fork.run(right!), alone(right!), "its fork");
      stream.dispose();
      fork.reset();
      expectSameBits(forkOfFork.run(left!), alone(left!), "a fork of the fork");
    },
  );

  test.each(cells)(
    "$name: the state read is a copy, and resumes the stream elsewhere",
    ({ kind, options }) => {
      const layer = create(kind, {
        ...sizes,
        ...options,
        numLayers: 2,
        backend,
      });
      const frames = new Random(6).floats(3 * 8);
      const stream = layer.stream();
      stream.run(frames.subarray(0, 12));
      const state = stream.state;
      const kept = cloneState(state);
      const rest = stream.run(frames.subarray(12));
      expectSameState(state, kept, "a state read before more steps");
      const elsewhere = layer.stream({ state });
      state.hidden.data.fill(7);
      state.cell?.data.fill(7);
      expectSameBits(
        elsewhere.run(frames.subarray(12)),
        rest,
        "the rest, elsewhere",
      );
      expectSameState(stream.state, elsewhere.state);
    },
  );

  test.each(cells)(
    "$name: the state written is copied in",
    ({ kind, options }) => {
      const full = { ...sizes, ...options, numLayers: 2, backend };
      const layer = create(kind, full);
      const state = randomState(new Random(7), kind, full);
      const frames = new Random(8).floats(3 * 5);
      const expected = layer.forward(
        { shape: [5, 3], data: frames },
        { state },
      );
      const stream = layer.stream();
      stream.step([9, 9, 9]);
      stream.state = state;
      expectSameState(stream.state, state, "what was written");
      state.hidden.data.fill(7);
      state.cell?.data.fill(7);
      expectSameBits(stream.run(frames), expected.output.data);
      expectSameState(stream.state, expected.state);
    },
  );

  test("reset makes a stream as new", () => {
    const layer = create("LSTM", { ...sizes, numLayers: 2, backend });
    const frames = new Random(9).floats(3 * 5);
    const stream = layer.stream();
    const first = stream.run(frames);
    stream.reset();
    expect(stream.state.hidden.data.every((h) => h === 0)).toBe(true);
    expect(stream.state.cell!.data.every((c) => c === 0)).toBe(true);
    expectSameBits(stream.run(frames), first);
  });
});
