import { beforeAll, describe, expect, test } from "vitest";
import {
  GRU,
  init,
  Linear,
  LSTM,
  Sequential,
  type Layer,
} from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { at, clone, slice } from "../support/tensors.js";

const models: [name: string, size: number, make: () => Layer[]][] = [
  [
    "LSTM, Linear over one series",
    1,
    () => [
      new LSTM({ inputSize: 1, hiddenSize: 9, numLayers: 2 }),
      new Linear({ inputSize: 9, outputSize: 1 }),
    ],
  ],
  [
    "GRU over three series",
    3,
    () => [new GRU({ inputSize: 3, hiddenSize: 3 })],
  ],
  [
    "many-to-one LSTM, Linear over two series",
    2,
    () => [
      new LSTM({ inputSize: 2, hiddenSize: 7, returnSequences: false }),
      new Linear({ inputSize: 7, outputSize: 2, activation: "tanh" }),
    ],
  ],
];

describe.each(backends)("forecast on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  describe.each(models)("%s", (_, size, make) => {
    const model = new Sequential(make());
    const history = new Random(1).tensor([30, size]);

    test("each output is the next input", () => {
      const { shape, data } = model.forecast(history, 25);
      expect(shape).toEqual([25, size]);
      const stream = model.stream();
      let next: Float32Array = slice(
        { shape: [30, size], data: stream.run(history.data) },
        0,
        29,
        30,
      ).data;
      for (let step = 0; step < 25; step++) {
        expectSameBits(at({ shape, data }, 0, step).data, next, `step ${step}`);
        next = stream.step(next).slice();
      }
    });

    test("more steps begin with the fewer, forecasts follow each other alike, and the history stays as it is", () => {
      const before = clone(history);
      const ten = model.forecast(history, 10);
      const four = model.forecast(history, 4);
      expectSameBits(ten.data.slice(0, four.data.length), four.data);
      const joined = {
        shape: [34, size],
        data: Float32Array.of(...history.data, ...four.data),
      };
      expectSameBits(
        model.forecast(joined, 6).data,
        ten.data.slice(four.data.length),
      );
      expect(history).toEqual(before);
    });
  });
});
