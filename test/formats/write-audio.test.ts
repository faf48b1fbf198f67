import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load as loadNam, toNam } from "../../src/formats/nam/index.js";
import {
  load as loadRTNeural,
  toRTNeural,
} from "../../src/formats/rtneural/index.js";
import { GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { numbers } from "../training/support.js";

const input = numbers(1, 40, 1);

/** The largest difference of what two models give. */
function difference(a: Sequential, b: Sequential): number {
  const [x, y] = [a.forward(input).output.data, b.forward(input).output.data];
  return x.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (y[i] as number))),
    0,
  );
}

describe("toNam", () => {
  test("is read back as the same model", () => {
    const model = new Sequential([
      new LSTM({
        inputSize: 1,
        hiddenSize: 5,
        numLayers: 2,
        learnedState: true,
      }),
      new Linear({ inputSize: 5, outputSize: 1 }),
    ]);
    const { model: read, sampleRate } = loadNam(
      toNam(model, { sample_rate: 44100, name: "mine" }),
    );
    expect(sampleRate).toBe(44100);
    expect(difference(read, model)).toBeLessThan(1e-6);
  });

  const file = new URL(
    "../../../shared/conformance/nam/lstm.nam",
    import.meta.url,
  );
  test.runIf(existsSync(file))(
    "writes a file of NAM's own again, number by number",
    () => {
      const original = JSON.parse(readFileSync(file, "utf8"));
      const { model } = loadNam(readFileSync(file));
      const { sample_rate, metadata } = original;
      const written = JSON.parse(
        new TextDecoder().decode(toNam(model, { ...metadata, sample_rate })),
      );
      expect(Object.keys(written).sort()).toEqual(Object.keys(original).sort());
      expect({ ...written, weights: 0 }).toEqual({ ...original, weights: 0 });
      expect(Array.from(written.weights, Math.fround)).toEqual(
        Array.from(original.weights, Math.fround),
      );
    },
  );

  test("refuses what NAM has not, by name", () => {
    const head = new Linear({ inputSize: 4, outputSize: 1 });
    const gru = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 4 }),
      head,
    ]);
    expect(() => toNam(gru)).toThrow(
      "model: expected an LSTM and a Linear, got GRU, Linear",
    );
    const peeping = new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: 4, peepholes: true }),
      head,
    ]);
    expect(() => toNam(peeping)).toThrow(
      "layers[0].peepholes: expected false, got true",
    );
  });
});

describe("toRTNeural", () => {
  test("is read back as the same model", () => {
    const model = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 6, numLayers: 2 }),
      new LSTM({ inputSize: 6, hiddenSize: 4 }),
      new Linear({ inputSize: 4, outputSize: 3, activation: "tanh" }),
      new Linear({ inputSize: 3, outputSize: 1, bias: false }),
    ]);
    const read = loadRTNeural(toRTNeural(model)).model;
    expect(difference(read as Sequential, model)).toBeLessThan(1e-6);
  });

  const folder = new URL(
    "../../../shared/conformance/rtneural/",
    import.meta.url,
  );
  test.runIf(existsSync(folder)).each(["gru_1d.json", "lstm_1d.json"])(
    "has the form of %s",
    (name) => {
      const original = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
      const { model } = loadRTNeural(readFileSync(new URL(name, folder)));
      const written = JSON.parse(
        new TextDecoder().decode(toRTNeural(model as Sequential)),
      );
      const layer = original.layers.find(({ type }: { type: string }) =>
        /gru|lstm/.test(type),
      );
      const own = written.layers.find(
        ({ type }: { type: string }) => type === layer.type,
      );
      expect(own.shape.at(-1)).toBe(layer.shape.at(-1));
      expect(own.weights.length).toBe(layer.weights.length);
      own.weights[0].forEach((row: number[], i: number) =>
        row.forEach((value, j) =>
          expect(value).toBeCloseTo(layer.weights[0][i][j], 6),
        ),
      );
      expect(
        difference(
          loadRTNeural(toRTNeural(model as Sequential)).model as Sequential,
          model as Sequential,
        ),
      ).toBeLessThan(1e-6);
    },
  );

  test("refuses what RTNeural has not, by name", () => {
    const model = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 4, resetAfter: false }),
    ]);
    expect(() => toRTNeural(model)).toThrow(
      "layers[0].resetAfter: expected true, got false",
    );
  });
});
