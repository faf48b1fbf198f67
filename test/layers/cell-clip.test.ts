import { describe, expect, test } from "vitest";
import { LSTM, Sequential, tensor } from "../../src/index.js";
import { toOnnx } from "../../src/formats/onnx/index.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";

/* Several quads of units and a ragged rest, sums that reach the limit of both signs. */
const sizes = { inputSize: 3, hiddenSize: 11 };
const CLIP = 0.25;
const STEPS = 40;
const input = tensor(
  Array.from({ length: 2 * STEPS * 3 }, (_, i) => 4 * Math.sin(i * i)),
  [2, STEPS, 3],
);
const clipped = (options: object = {}) =>
  new LSTM({ ...sizes, seed: 3, cellClip: CLIP, ...options });

/** c after each step, by the equations in float64. */
function cells(layer: LSTM, row: number): number[][] {
  const { hiddenSize: H, inputSize: I } = sizes;
  const dict = layer.stateDict();
  const at = (name: string, i: number) => dict[name]?.data[i] as number;
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  let h = Array.from({ length: H }, () => 0);
  let c = h;
  return Array.from({ length: STEPS }, (_, t) => {
    const x = input.data.subarray(
      (row * STEPS + t) * I,
      (row * STEPS + t + 1) * I,
    );
    const sum = (gate: number, unit: number) => {
      const line = gate * H + unit;
      let z = at("bias_ih_l0", line) + at("bias_hh_l0", line);
      for (let k = 0; k < I; k++)
        z += at("weight_ih_l0", line * I + k) * (x[k] as number);
      for (let k = 0; k < H; k++)
        z += at("weight_hh_l0", line * H + k) * (h[k] as number);
      return z;
    };
    c = c.map((old, unit) => {
      const next =
        sigmoid(sum(1, unit)) * old +
        sigmoid(sum(0, unit)) * Math.tanh(sum(2, unit));
      return Math.min(Math.max(next, -CLIP), CLIP);
    });
    h = c.map((cell, unit) => sigmoid(sum(3, unit)) * Math.tanh(cell));
    return c;
  });
}

describe.each(backends)("cellClip on %s", (backend) => {
  test("is the textbook's, at every step", () => {
    const layer = clipped({ backend });
    const { trace } = layer.forward(input, { trace: true });
    const found = trace[0]?.cell.data as Float32Array;
    let limited = 0;
    for (const row of [0, 1])
      cells(layer, row).forEach((step, t) =>
        step.forEach((expected, unit) => {
          const got = found[(row * STEPS + t) * 11 + unit] as number;
          expect(Math.abs(got - expected)).toBeLessThan(tolerances.manySteps);
          if (Math.abs(expected) === CLIP) limited++;
        }),
      );
    expect(limited).toBeGreaterThan(50);
  });

  test("a limit that is never reached changes nothing but the path", () => {
    const plain = new LSTM({ ...sizes, seed: 3, backend }).forward(input);
    const wide = clipped({ backend, cellClip: 40 }).forward(input);
    wide.output.data.forEach((value, i) =>
      expect(Math.abs(value - (plain.output.data[i] as number))).toBeLessThan(
        tolerances.equations,
      ),
    );
  });

  test("NaN stays where it is", () => {
    const broken = { ...input, data: input.data.slice() };
    broken.data[5 * 3] = NaN; // row 0
    const { output } = clipped({ backend }).forward(broken);
    const whole = clipped({ backend }).forward(input).output;
    const half = STEPS * 11;
    expect(output.data.subarray(half)).toEqual(whole.data.subarray(half));
    expect(output.data.subarray(6 * 11, half).every(Number.isNaN)).toBe(true);
  });
});

test("js gives the bits of simd; a stream those of whole sequences", () => {
  const simd = clipped({ backend: "simd" }).forward(input);
  const js = clipped({ backend: "js" }).forward(input);
  expect(js).toEqual(simd);
  const stream = clipped({ backend: "simd" }).stream();
  const first = stream.run(input.data.subarray(0, STEPS * 3));
  expect(first).toEqual(simd.output.data.subarray(0, STEPS * 11));
});

test("is saved with a model, and refused where nothing has it", () => {
  const model = new Sequential([clipped()]);
  const again = Sequential.load(model.save());
  expect(again.layers[0]?.toString()).toBe(model.layers[0]?.toString());
  expect((again.layers[0] as LSTM).options.cellClip).toBe(CLIP);
  expect(() => toOnnx(model)).toThrow("cellClip: expected Infinity");
  expect(() => clipped({ cellClip: 0 })).toThrow(
    "cellClip: expected a number above 0, got 0",
  );
});
