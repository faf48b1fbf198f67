import { describe, expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";

describe.each(backends)("after dispose on %s", (backend) => {
  const make = () => new LSTM({ inputSize: 2, hiddenSize: 3, backend });

  test("a layer and its streams refuse to run, and say that they were disposed of", () => {
    for (const run of [true, false]) {
      const layer = make();
      const stream = layer.stream();
      if (run) stream.step([1, 2]);
      layer.dispose();
      expect(() => layer.forward([[1, 2]])).toThrow(/dispose/);
      expect(() => layer.stream()).toThrow(/dispose/);
      expect(() => stream.step([1, 2])).toThrow(/dispose/);
      expect(() => stream.run([1, 2])).toThrow(/dispose/);
    }
  });

  test("a layer that never ran refuses too", () => {
    const layer = make();
    layer.dispose();
    expect(() => layer.forward([[1, 2]])).toThrow(/dispose/);
  });

  test("a stream refuses every call, and the others go on", () => {
    const layer = make();
    const [stream, other] = [layer.stream(), layer.stream()];
    const expected = layer.stream().run([1, 2, 3, 4]);
    expectSameBits(other.step([1, 2]), expected.subarray(0, 3));
    stream.step([9, 9]);
    stream.dispose();
    expect(() => stream.step([1, 2])).toThrow(/dispose/);
    expect(() => stream.run([1, 2])).toThrow(/dispose/);
    expect(() => stream.fork()).toThrow(/dispose/);
    expect(() => stream.reset()).toThrow(/dispose/);
    expect(() => stream.state).toThrow(/dispose/);
    expect(() => (stream.state = other.state)).toThrow(/dispose/);
    expectSameBits(other.step([3, 4]), expected.subarray(3), "another stream");
    expectSameBits(layer.stream().run([1, 2, 3, 4]), expected, "a new stream");
  });

  test("a model refuses to run, and its layers may run in another one", () => {
    const layers = [make(), new Linear({ inputSize: 3, outputSize: 1 })];
    const model = new Sequential(layers);
    const { output } = model.forward([[1, 2]]);
    const stream = model.stream();
    model.dispose();
    expect(() => model.forward([[1, 2]])).toThrow(/dispose/);
    expect(() => stream.step([1, 2])).toThrow(/dispose/);
    expect(new Sequential(layers).forward([[1, 2]]).output).toEqual(output);
  });

  test("disposing twice is as good as once", () => {
    const layer = make();
    const stream = layer.stream();
    for (const one of [stream, stream, layer, layer])
      expect(() => one.dispose()).not.toThrow();
  });
});
