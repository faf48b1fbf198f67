import { describe, expect, test } from "vitest";
import { load as loadOnnx, toOnnx } from "../../src/formats/onnx/index.js";
import {
  GRU,
  LastStep,
  Linear,
  LSTM,
  Sequential,
  tensor,
} from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";

/** (3, 5, 2) of which no two numbers are the same. */
const input = tensor(
  Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)),
  [3, 5, 2],
);
const both = new LSTM({
  inputSize: 2,
  hiddenSize: 3,
  direction: "bidirectional",
});
const autoencoder = new Sequential([
  new GRU({ inputSize: 2, hiddenSize: 4 }),
  new LastStep({ size: 4, repeat: 6 }),
  new GRU({ inputSize: 4, hiddenSize: 3, seed: 1 }),
  new Linear({ inputSize: 3, outputSize: 2 }),
]);

describe("LastStep", () => {
  test("gives the last step, or so many of it", () => {
    const last = new LastStep({ size: 2 });
    expect([
      ...last.forward([
        [1, 2],
        [3, 4],
      ]).output.data,
    ]).toEqual([3, 4]);
    const { output } = new LastStep({ size: 2, repeat: 3 }).forward(input);
    expect(output.shape).toEqual([3, 3, 2]);
    for (let i = 0; i < 18; i++)
      expect(output.data[i]).toBe(
        input.data[Math.floor(i / 6) * 10 + 8 + (i % 2)],
      );
  });

  test("is y[:, -1] of both directions, which returnSequences false is not", () => {
    const model = new Sequential([both, new LastStep({ size: 6 })]);
    const { output } = model.forward(input);
    const all = both.forward(input).output;
    expect(output.shape).toEqual([3, 6]);
    for (let i = 0; i < 18; i++)
      expect(output.data[i]).toBe(
        all.data[(Math.floor(i / 6) * 5 + 4) * 6 + (i % 6)],
      );
    expect(model.lastOnly).toBe(true);
  });

  test("takes each row's own last step where there are lengths", () => {
    const model = new Sequential([both, new LastStep({ size: 6 })]);
    const { output } = model.forward(input, { lengths: [5, 2, 1] });
    const row = tensor(input.data.slice(10, 14), [2, 2]);
    const { data } = model.forward(row).output;
    expect(output.data.slice(6, 12)).toEqual(data);
  });

  test("has steps behind it again where it repeats", () => {
    const { output } = autoencoder.forward(input);
    expect(output.shape).toEqual([3, 6, 2]);
    const { output: one } = autoencoder.forward(
      tensor(input.data.slice(0, 10), [5, 2]),
    );
    expect(output.data.slice(0, 12)).toEqual(one.data);
  });

  test("is saved and read again, as ONNX too, and runs in no stream", () => {
    const again = Sequential.load(autoencoder.save());
    expectSameTensor(
      again.forward(input).output,
      autoencoder.forward(input).output,
    );
    expect(() => autoencoder.stream()).toThrow(/stream: .*LastStep/);
    const { model } = loadOnnx(toOnnx(autoencoder));
    const { data } = autoencoder.forward(input).output;
    model.forward(input).output.data.forEach((value, i) => {
      expect(value).toBeCloseTo(data[i] as number, 6);
    });
  });

  test("is refused where it does not fit", () => {
    expect(() => new LastStep({ size: 0 })).toThrow(RangeError);
    expect(() => new LastStep({ size: 1, repeat: 1.5 })).toThrow(RangeError);
    expect(() => new LastStep({ size: 1, times: 2 } as never)).toThrow(
      RangeError,
    );
    expect(() => new Sequential([both, new LastStep({ size: 5 })])).toThrow(
      /inputSize 6/,
    );
    const layers = [
      both,
      new LastStep({ size: 6 }),
      new GRU({ inputSize: 6, hiddenSize: 2 }),
    ];
    expect(() => new Sequential(layers)).toThrow(
      /no layer that works over time after/,
    );
  });
});
