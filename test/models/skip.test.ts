import { beforeAll, describe, expect, test } from "vitest";
import { init, Linear, LSTM, Sequential } from "../../src/index.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

// GuitarML's models: the first features of the input are added to the output.

const layers = () => [
  new LSTM({ inputSize: 3, hiddenSize: 6, seed: 1 }),
  new Linear({ inputSize: 6, outputSize: 2, seed: 2 }),
];

describe.each(backends)("skip on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each([1, 2])("adds the first %d features of each step", (skip) => {
    const input = new Random(1).tensor([3, 700, 3]);
    const lengths = [700, 3, 650];
    const model = new Sequential(layers(), { skip });
    expect(model.skip).toBe(skip);
    const plain = new Sequential(layers()).forward(input, { lengths });
    const expected = plain.output.data.map((y, at) => {
      const step = Math.floor(at / 2);
      const valid = step % 700 < lengths[Math.floor(step / 700)]!;
      return valid && at % 2 < skip ? y + input.data[step * 3 + (at % 2)]! : y;
    });
    expectSameBits(model.forward(input, { lengths }).output.data, expected);
  });

  test("streams give what forward gives, also where out is the frame", () => {
    const input = new Random(2).tensor([900, 3]); // several blocks of a run
    const model = new Sequential(layers(), { skip: 2 });
    const expected = model.forward(input).output.data;
    expectSameBits(model.stream().run(input.data), expected);
    const stream = model.stream();
    for (let t = 0; t < 5; t++) {
      const frame = input.data.slice(t * 3, t * 3 + 3);
      stream.step(frame, frame);
      expectSameBits(
        frame.subarray(0, 2),
        expected.subarray(t * 2, t * 2 + 2),
        `step ${t}`,
      );
    }
  });

  test("is saved and loaded", () => {
    const input = new Random(3).tensor([4, 3]);
    const model = new Sequential(layers(), { skip: 1 });
    const loaded = Sequential.load(model.save());
    expect(loaded.skip).toBe(1);
    expectSameTensor(loaded.forward(input).output, model.forward(input).output);
  });
});
