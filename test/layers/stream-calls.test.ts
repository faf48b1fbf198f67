import { describe, expect, test } from "vitest";
import { expectSameBits } from "../support/compare.js";
import { backends, create } from "../support/layers.js";
import { Random } from "../support/random.js";
import { at, slice } from "../support/tensors.js";

const sizes = { inputSize: 3, hiddenSize: 6 };

describe.each(backends)("calls of a stream on %s", (backend) => {
  test("the view that step returns stays as it is until that stream's next call", () => {
    const layer = create("GRU", { ...sizes, backend });
    const [stream, other] = [layer.stream(), layer.stream()];
    const view = stream.step([1, 2, 3]);
    const kept = view.slice();
    other.step([4, 5, 6]);
    other.run(new Random(10).floats(3 * 5000));
    layer.stream().step([7, 8, 9]);
    // Large enough that any memory behind the layer has to grow.
    layer.forward(new Random(11).tensor([64, 900, 3]));
    create("GRU", { ...sizes, backend }).forward([[1, 2, 3]]);
    expect(view.length).toBe(6);
    expectSameBits(view, kept);
  });

  test("run returns a copy, which later calls leave alone", () => {
    const stream = create("LSTM", { ...sizes, backend }).stream();
    const first = stream.run([1, 2, 3, 4, 5, 6]);
    const kept = first.slice();
    stream.run([9, 9, 9, 9, 9, 9]);
    stream.step([9, 9, 9]);
    expectSameBits(first, kept);
  });

  test("out is written from its start, returned, and untouched behind the result", () => {
    const layer = create("LSTM", { ...sizes, backend });
    const frames = new Random(12).floats(6);
    const expected = layer.stream().run(frames);
    const stream = layer.stream();
    const out = new Float32Array(8).fill(7);
    expect(stream.step(frames.subarray(0, 3), out)).toBe(out);
    expectSameBits(out.slice(0, 6), expected.slice(0, 6), "step");
    expect(out.slice(6)).toEqual(Float32Array.of(7, 7));
    stream.reset();
    const block = new Float32Array(13).fill(7);
    expect(stream.run(frames, block)).toBe(block);
    expectSameBits(block.slice(0, 12), expected, "run");
    expect(block[12]).toBe(7);
  });

  test("an output may be the next input, in place or not", () => {
    const layer = create("GRU", {
      inputSize: 6,
      hiddenSize: 6,
      numLayers: 2,
      backend,
    });
    const start = new Random(13).floats(6);
    const [copying, chained, inPlace] = [
      layer.stream(),
      layer.stream(),
      layer.stream(),
    ];
    let copied: Float32Array = start.slice();
    let view: Float32Array = start.slice();
    const buffer = start.slice();
    for (let t = 0; t < 10; t++) {
      copied = copying.step(copied).slice();
      view = chained.step(view);
      inPlace.step(buffer, buffer);
      expectSameBits(view, copied, `chained step ${t}`);
      expectSameBits(buffer, copied, `step ${t} in place`);
    }
  });

  test("frames may be any list of numbers, and are not modified", () => {
    const layer = create("RNN", { ...sizes, backend });
    const expected = layer
      .stream()
      .run(Float32Array.of(0.5, -1, 2))
      .slice();
    for (const frame of [
      [0.5, -1, 2],
      Float64Array.of(0.5, -1, 2),
      { length: 3, 0: 0.5, 1: -1, 2: 2 },
    ]) {
      const before = Array.from(frame);
      expectSameBits(layer.stream().step(frame), expected);
      expectSameBits(layer.stream().run(frame), expected);
      expect(Array.from(frame)).toEqual(before);
    }
  });

  test("a stream outlives every other reference to its layer", async () => {
    const input = new Random(14).tensor([40, 3]);
    const { output } = create("LSTM", { ...sizes, backend }).forward(input);
    const stream = create("LSTM", { ...sizes, backend }).stream();
    for (let t = 0; t < 40; t++) {
      if (t % 10 === 0) {
        globalThis.gc!();
        await new Promise((resolve) => setTimeout(resolve, 1)); // finalizers run between tasks
      }
      expectSameBits(
        stream.step(at(input, 0, t).data),
        at(output, 0, t).data,
        `step ${t}`,
      );
    }
  });

  test("returnSequences false still streams one output a frame", () => {
    const weights = create("LSTM", sizes).stateDict();
    const frames = new Random(15).tensor([4, 3]);
    const whole = create("LSTM", { ...sizes, backend })
      .loadStateDict(weights)
      .forward(frames).output;
    const last = create("LSTM", { ...sizes, returnSequences: false, backend })
      .loadStateDict(weights)
      .stream();
    expectSameBits(
      last.run(slice(frames, 0, 0, 3).data),
      slice(whole, 0, 0, 3).data,
    );
    expectSameBits(last.step(at(frames, 0, 3).data), at(whole, 0, 3).data);
  });

  test("a frame whose numbers step the very stream is read on its own", () => {
    const make = () => create("GRU", { ...sizes, backend }).stream();
    const [expected, stream] = [make(), make()];
    expected.step([9, 8, 7]);
    const frame = {
      length: 3,
      0: 1,
      get 1() {
        stream.step([9, 8, 7]);
        return 2;
      },
      2: 3,
    };
    // lists that are no typed arrays are copied into an array that the stream keeps: it must not serve two steps
    stream.step([0, 0, 0]);
    stream.reset();
    expectSameBits(stream.step(frame), expected.step([1, 2, 3]));
  });

  test("an out that the stream knows is refused once its buffer has gone", () => {
    const stream = create("GRU", { ...sizes, backend }).stream();
    const out = new Float32Array(6);
    stream.step([1, 2, 3], out);
    const { state } = stream;
    structuredClone(out, { transfer: [out.buffer] });
    expect(() => stream.step([1, 2, 3], out)).toThrow(
      new RangeError("out: expected room for 6, got 0"),
    );
    expect(stream.state).toEqual(state);
  });
});
