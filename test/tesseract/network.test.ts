import { beforeAll, describe, expect, test } from "vitest";
import { readTraineddata } from "../../src/formats/tesseract/read.js";
import { init, Linear } from "../../src/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { build } from "../../src/tesseract/build.js";
import { linearDict } from "../../src/tesseract/weights.js";
import { worstError } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { type Image, run } from "./oracle.js";
import {
  CHARACTERS,
  type Form,
  make,
  NETWORKS,
  traineddata,
} from "./writer.js";

const imageOf = (data: Float32Array, width: number, channels: number): Image =>
  Array.from({ length: data.length / width / channels }, (_, y) =>
    Array.from({ length: width }, (_, x) => [
      ...data.subarray((y * width + x) * channels).subarray(0, channels),
    ]),
  );

describe.each(backends)("networks on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each(Object.keys(NETWORKS))(
    "%s gives what each layer's description says",
    (name) => {
      const layers = NETWORKS[name]!;
      for (const [seed, form, width] of [
        [1, "int8", 34],
        [2, "float64", 9],
        [3, "old int8", 20],
      ] as [number, Form, number][]) {
        const options = { seed, form, spread: 1.5 };
        const file = { layers, characters: CHARACTERS, blank: 7, options };
        const { network } = readTraineddata(traineddata(file));
        const [, height = 1, , channels = 1] = network.layers[0]!.sizes;
        const { data } = new Random(seed).tensor([height, width, channels]);
        const layer = build(network);
        const result = layer.run({ height, width, channels, data });
        const expected = run(network, imageOf(data, width, channels));
        const size = { height: expected.length, width: expected[0]!.length };
        expect(result).toMatchObject({ ...size, channels: 8 });
        expect(layer.size({ height, width })).toEqual(size);
        expect(size.height).toBe(1);
        const found = imageOf(result.data, size.width, 8).flat(2);
        expected.flat(2).forEach((value, i) => {
          expect(Math.abs(found[i]! - value), `${name} ${i}`).toBeLessThan(
            2e-5,
          );
        });
        expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan(0.05);
      }
    },
  );

  test.each(["LSTM", "SummLSTM"])(
    "the cells of an %s stay within ±100, on rows of any length",
    (type) => {
      // x = 1 counts up in the one unit and down in the other, -1 the other way round, 0 forgets
      // inputs x and |x|: columns x, |x|, h, h, bias
      const [g, i, f, o] = [
        [20, 0, 0, 0, 0, -20, 0, 0, 0, 0],
        [0, 40, 0, 0, -20, 0, 40, 0, 0, -20],
        [0, 40, 0, 0, 0.5, 0, 40, 0, 0, 1],
        [0, 0, 0, 0, 9, 0, 0, 0, 0, 9],
      ];
      const options = { form: "float64", weights: [g!, i!, f!, o!] } as const;
      const lstm = make.lstm(2, 2, type);
      const file = {
        layers: make.series(make.input(1, 2), lstm),
        characters: CHARACTERS.slice(0, 2),
        blank: 1,
        recoded: false,
        options,
      };
      const { network } = readTraineddata(traineddata(file));
      for (const width of [99, 100, 101, 350]) {
        const height = 3;
        const data = Float32Array.from(
          { length: height * width * 2 },
          (_, k) => {
            const place = Math.floor(k / 2);
            const [x, y] = [place % width, Math.floor(place / width)];
            const left = width - x;
            // counts, and forgets in the last steps
            const sign = left < 10 + y ? 0 : y === 1 ? -1 : 1;
            return k % 2 ? Math.abs(sign) : sign;
          },
        );
        const result = build(network).run({ height, width, channels: 2, data });
        const expected = run(network, imageOf(data, width, 2));
        expected.flat(2).forEach((value, k) => {
          expect(
            Math.abs(result.data[k]! - value),
            `${width}, ${k}`,
          ).toBeLessThan(2e-5);
        });
      }
    },
  );
});

test.each(["int8", "old int8"] as const)(
  "the integers of a file of form %s are those of the layers",
  (form) => {
    const rows = 16;
    const layers = make.series(
      make.input(1, rows),
      make.dense("Tanh", rows, 8),
    );
    const options = { seed: 1, form };
    const file = { layers, characters: CHARACTERS, blank: 7, options };
    const { network } = readTraineddata(traineddata(file));
    const matrix = network.layers[1]!.matrices[0]!;
    const { integers, data, columns } = matrix;
    const { weight } = linearDict([matrix], rows);
    const own = (weight as IntegerTensor).integers;
    expect(own.scales).toEqual(integers!.scales);
    own.values.forEach((value, i) => {
      const at = Math.floor(i / rows) * columns + (i % rows);
      expect(value).toBe(integers!.values[at]);
      const scale = integers!.scales[Math.floor(i / rows)]!;
      expect(Math.abs(value * scale - data[at]!)).toBeLessThan(1e-6);
    });
    const linear = Linear.fromStateDict(
      { weight: weight! },
      { precision: "int8" },
    );
    expect((linear.stateDict()["weight"] as IntegerTensor).integers).toEqual(
      own,
    );
    const size = { height: 1, width: 20, channels: rows };
    const image = { ...size, data: new Random(2).tensor([20, rows]).data };
    const exact = build(network).run(image);
    for (const precision of ["int8", "int8-fast"] as const) {
      const rounded = build(network, precision).run(image);
      const error = worstError(rounded.data, exact.data);
      expect(error).toBeGreaterThan(0);
      // what it multiplies is rounded alone: to 1 part of 32767, or of 127
      expect(error).toBeLessThan(precision === "int8" ? 2e-4 : 0.03);
    }
  },
);

test("a window of few inputs has the bits of float32 in every precision", () => {
  const layers = make.series(make.input(1, 9), make.dense("Tanh", 9, 8));
  const options = { seed: 1, form: "int8" } as const;
  const file = { layers, characters: CHARACTERS, blank: 7, options };
  const { network } = readTraineddata(traineddata(file));
  const size = { height: 1, width: 20, channels: 9 };
  const image = { ...size, data: new Random(2).tensor([20, 9]).data };
  const exact = build(network).run(image);
  for (const precision of ["int8", "int8-fast"] as const)
    expect(build(network, precision).run(image).data).toEqual(exact.data);
});
