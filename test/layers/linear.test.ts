import { beforeAll, describe, expect, test } from "vitest";
import {
  init,
  Linear,
  Sequential,
  type StandardActivation,
  type Tensor,
} from "../../src/index.js";
import { expectClose, expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { linear } from "../support/linear.js";
import { Random } from "../support/random.js";
import { at } from "../support/tensors.js";
import { tolerances } from "../support/tolerances.js";

const functions: readonly StandardActivation[] = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "softmax",
];

/** A Linear layer by itself; its backend is that of init. */
function run(layer: Linear, x: Tensor): Tensor {
  return new Sequential([layer]).forward(x).output;
}

describe.each(backends)("Linear on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each(functions)(
    "%s is the float64 formula for every output size from 1 to 40",
    (activation) => {
      for (let outputSize = 1; outputSize <= 40; outputSize++) {
        const inputSize = 1 + ((outputSize * 7) % 19);
        const layer = new Linear({
          inputSize,
          outputSize,
          activation,
          seed: outputSize,
        });
        const x = new Random(outputSize).tensor(
          [1 + (outputSize % 7), inputSize],
          -3,
          3,
        );
        const { shape, data } = run(layer, x);
        expect(shape).toEqual([x.shape[0], outputSize]);
        expectClose(
          data,
          linear(layer.stateDict(), activation, x).flat(),
          tolerances.linear,
          `${inputSize} → ${outputSize}`,
        );
      }
    },
  );

  test("bias false leaves the bias out, of the sum and of the state dict", () => {
    const layer = new Linear({ inputSize: 6, outputSize: 5, bias: false });
    expect(Object.keys(layer.stateDict())).toEqual(["weight"]);
    expect(layer.stateDict().weight!.shape).toEqual([5, 6]);
    const x = new Random(1).tensor([3, 6]);
    expectClose(
      run(layer, x).data,
      linear(layer.stateDict(), "linear", x).flat(),
      tolerances.linear,
    );
  });

  test("softmax sums to 1, also where the sums are large, far apart or equal", () => {
    for (const scale of [0, 1, 30, 1000, 1e30])
      for (const outputSize of [1, 2, 3, 4, 5, 9, 32, 63]) {
        const layer = new Linear({
          inputSize: 2,
          outputSize,
          activation: "softmax",
        });
        const x = new Random(outputSize).tensor([6, 2], -scale, scale);
        const output = run(layer, x);
        for (let row = 0; row < 6; row++) {
          const p = at(output, 0, row).data;
          const what = `scale ${scale}, ${outputSize} outputs, row ${row}`;
          expect(
            p.every((v) => v >= 0 && v <= 1),
            what,
          ).toBe(true);
          expect(
            Math.abs(p.reduce((sum, v) => sum + v, 0) - 1),
            what,
          ).toBeLessThanOrEqual(tolerances.softmax);
          if (scale === 0) continue;
          // The largest sum is the largest probability, whatever the rounding.
          const sums = linear(layer.stateDict(), "linear", {
            shape: [1, 2],
            data: at(x, 0, row).data,
          })[0]!;
          expect(p.indexOf(Math.max(...p)), what).toBe(
            sums.indexOf(Math.max(...sums)),
          );
        }
      }
  });

  test("softmax of one NaN is NaN in its own row alone", () => {
    const layer = new Linear({
      inputSize: 2,
      outputSize: 7,
      activation: "softmax",
    });
    const x = new Random(2).tensor([4, 2]);
    const clean = run(layer, x);
    const spoilt = { shape: x.shape, data: x.data.slice() };
    spoilt.data[3] = NaN;
    const output = run(layer, spoilt);
    expect(at(output, 0, 1).data.every(Number.isNaN)).toBe(true);
    for (const row of [0, 2, 3])
      expectSameBits(
        at(output, 0, row).data,
        at(clean, 0, row).data,
        `row ${row}`,
      );
  });

  test("a seed gives the same weights again, within ±1/√inputSize", () => {
    const make = (seed: number) =>
      new Linear({ inputSize: 25, outputSize: 30, seed }).stateDict();
    expect(make(3)).toEqual(make(3));
    expect(make(4)).not.toEqual(make(3));
    for (const { data } of Object.values(make(3)))
      expect(data.every((w) => Math.abs(w) <= 0.2)).toBe(true);
  });
});

test.each(functions)(
  "%s: js equals simd to the last bit",
  async (activation) => {
    for (let outputSize = 1; outputSize <= 40; outputSize += 3) {
      const layer = new Linear({ inputSize: 11, outputSize, activation });
      const x = new Random(outputSize).tensor([9, 11], -20, 20);
      await init({ backend: "simd" });
      const simd = run(layer, x);
      await init({ backend: "js" });
      expectSameBits(run(layer, x).data, simd.data, `${outputSize} outputs`);
    }
  },
);
