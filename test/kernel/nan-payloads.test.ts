import { describe, expect, test } from "vitest";
import { Linear, type Tensor } from "../../src/index.js";
import {
  backends,
  cells,
  create,
  someGeneralCells,
} from "../support/layers.js";
import { Random } from "../support/random.js";

/*
 * A NaN is one whatever its lowest 22 bits are: GPUs write 0x7fffffff. They were added to an exponent, and a finite number
 * came out.
 */

const PAYLOADS = [0x7fffffff, 0xffffffff, 0x7fc00001, 0x7fc000ff, 0xffd2a5a5];

/** Writes a NaN's bits, which a number that is stored need not keep. */
function setBits(data: Float32Array, index: number, bits: number): void {
  new Uint32Array(data.buffer, data.byteOffset)[index] = bits;
}

const nans = ({ data }: Tensor): boolean[] => Array.from(data, Number.isNaN);

describe.each(backends)("NaN with a payload on %s", (backend) => {
  test.each(["linear", "tanh", "sigmoid", "relu", "softmax", "silu"] as const)(
    "through a Linear's %s is NaN",
    (activation) => {
      for (const outputSize of [1, 3, 4, 21]) {
        const layer = new Linear({
          inputSize: 1,
          outputSize,
          activation,
          backend,
        });
        for (const bits of PAYLOADS) {
          const data = new Float32Array(2);
          setBits(data, 1, bits);
          const { output } = layer.forward({ shape: [2, 1], data });
          const [first, second] = [0, outputSize].map((from) =>
            nans({
              shape: [outputSize],
              data: output.data.slice(from, from + outputSize),
            }),
          );
          expect(first).not.toContain(true);
          expect(second, bits.toString(16)).not.toContain(false);
        }
      }
    },
  );

  test.each([...cells, ...someGeneralCells])(
    "$name: what a NaN reaches does not depend on its payload",
    ({ kind, options }) => {
      const random = new Random(5);
      const layer = create(kind, {
        inputSize: 2,
        hiddenSize: 7,
        numLayers: 2,
        ...options,
        backend,
      });
      const clean = random.tensor([6, 2]);
      const run = (bits: number) => {
        const data = clean.data.slice();
        setBits(data, 5, bits);
        return layer.forward({ shape: clean.shape, data }).output;
      };
      const plain = run(0x7fc00000);
      for (const bits of PAYLOADS) {
        const output = run(bits);
        expect(nans(output), bits.toString(16)).toEqual(nans(plain));
        // numbers before the NaN are the same bits
        expect(output.data).toEqual(plain.data);
      }
      // a weight, which all units see from their second step on
      const dict = layer.stateDict();
      const { data } = dict["weight_hh_l0"] as Tensor;
      const withWeight = (bits: number) => {
        setBits(data, random.integer(0, data.length - 1), bits);
        layer.loadStateDict(dict);
        return nans(layer.forward(clean).output);
      };
      const before = withWeight(0x7fffffff);
      expect(before.slice(-7)).not.toContain(false);
    },
  );
});

describe.each(backends)("softmax on %s", (backend) => {
  test("a logit of -Infinity weighs nothing at all", () => {
    for (const outputSize of [2, 4, 7, 16, 19]) {
      const layer = new Linear({
        inputSize: 1,
        outputSize,
        activation: "softmax",
        backend,
      });
      const dict = layer.stateDict();
      const { data: bias } = dict["bias"] as Tensor;
      bias.fill(0.5);
      (dict["weight"] as Tensor).data.fill(1);
      bias[1] = -Infinity;
      layer.loadStateDict(dict);
      const { output } = layer.forward([[1]]);
      expect(output.data[1]).toBe(0);
      const rest = Array.from(output.data).filter((_, index) => index !== 1);
      for (const share of rest) expect(share).toBeCloseTo(1 / rest.length, 6);
    }
  });

  test("of nothing but -Infinity it is NaN, as 0 / 0 is", () => {
    const layer = new Linear({
      inputSize: 1,
      outputSize: 5,
      activation: "softmax",
      backend,
    });
    const dict = layer.stateDict();
    (dict["bias"] as Tensor).data.fill(-Infinity);
    layer.loadStateDict(dict);
    expect(nans(layer.forward([[1]]).output)).not.toContain(false);
  });
});
