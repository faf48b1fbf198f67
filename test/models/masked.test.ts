import { beforeAll, describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  init,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
  type Layer,
  type Tensor,
} from "../../src/index.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { withEntry } from "../support/tensors.js";

const tokens = [
  [3, 1, 4, 1, 5],
  [2, 6, 0, 0, 0],
  [0, 0, 5, 0, 3],
  [0, 0, 0, 0, 0],
];
const mask = tokens.map((row) => row.map((token) => +(token !== 0)));
const maskZero = { vocabSize: 7, size: 3, maskZero: true };

/** Layers behind the mask, with what ends it, and one that keeps it. */
const behind = () => {
  const both = { direction: "bidirectional", mergeMode: "ave" } as const;
  return {
    first: new LSTM({
      inputSize: 3,
      hiddenSize: 5,
      maskRule: "previous",
      ...both,
    }),
    second: new GRU({
      inputSize: 5,
      hiddenSize: 4,
      returnSequences: false,
    }),
    last: new Linear({ inputSize: 4, outputSize: 2, activation: "tanh" }),
  };
};

describe.each(backends)("models that mask on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test("an Embedding with maskZero masks token 0 up to the layer that gives its last step", () => {
    const embedding = new Embedding(maskZero);
    const { first, second, last } = behind();
    const model = new Sequential([embedding, first, second, last]);
    const vectors = embedding.forward(tokens).output;
    const middle = first.forward(vectors, { mask });
    const end = second.forward(middle.output, { mask });
    const { output, state } = model.forward(tokens);
    expectSameTensor(output, last.forward(end.output).output);
    expect(state).toEqual([null, middle.state, end.state, null]);
    // Under way, and with more masked by the caller.
    const more = mask.map((row) => row.map((valid, t) => valid && +(t > 0)));
    const start = [null, middle.state, end.state, null];
    const again = model.forward(tokens, { state: start, mask: more });
    const own = { state: middle.state, mask: more };
    const next = first.forward(vectors, own).output;
    const rest = second.forward(next, { state: end.state, mask: more });
    expectSameTensor(again.output, last.forward(rest.output).output);
  });

  test("a Masking masks steps whose features all equal its value, and makes them 0", () => {
    const random = new Random(1);
    let input: Tensor = random.tensor([4, 5, 3]);
    tokens.flat().forEach((token, step) => {
      if (!token) input.data.fill(-1.5, step * 3, step * 3 + 3);
    });
    // One feature alone is no mask.
    input = withEntry(input, 0, -1.5);
    const masking = new Masking({ maskValue: -1.5 });
    const { first, second, last } = behind();
    const dense = new Linear({ inputSize: 3, outputSize: 3 });
    const model = new Sequential([masking, dense, first, second, last]);
    const cleared = masking.forward(input).output;
    expect(cleared.data.filter((x) => x === 0)).toHaveLength(11 * 3);
    const given = first.forward(dense.forward(cleared).output, { mask }).output;
    const expected = second.forward(given, { mask }).output;
    expectSameTensor(
      model.forward(input).output,
      last.forward(expected).output,
    );
    expect(model.inputSize).toBe(3);
  });

  test("a Masking behind other layers masks what follows it alone", () => {
    const before = new Linear({
      inputSize: 2,
      outputSize: 3,
      activation: "relu",
      seed: 0,
    });
    const recurrent = new RNN({ inputSize: 3, hiddenSize: 4 });
    const model = new Sequential([before, new Masking(), recurrent]);
    const input = new Random(3).tensor([3, 9, 2], -2, 2);
    const middle = before.forward(input).output;
    const own = Array.from({ length: 3 }, (_, row) =>
      Array.from({ length: 9 }, (_, t) => {
        const at = (row * 9 + t) * 3;
        return +middle.data.subarray(at, at + 3).some((x) => x !== 0);
      }),
    );
    expect(own.flat()).toContain(0);
    const expected = recurrent.forward(middle, { mask: own });
    expectSameTensor(model.forward(input).output, expected.output);
  });

  test("a mask given to any model, with lengths and a skip", () => {
    const layers = [
      new LSTM({ inputSize: 3, hiddenSize: 4, maskRule: "previous" }),
      new Linear({ inputSize: 4, outputSize: 2 }),
    ] as const;
    const input = new Random(4).tensor([4, 5, 3]);
    const lengths = [5, 4, 3, 2];
    const model = new Sequential(layers, { skip: 1 });
    const { output } = model.forward(input, { mask, lengths });
    const middle = layers[0].forward(input, { mask, lengths }).output;
    const plain = layers[1].forward(middle).output;
    const expected = plain.data.map((y, at) => {
      const step = Math.floor(at / 2);
      const [row, t] = [Math.floor(step / 5), step % 5];
      if (t >= lengths[row]!) return 0;
      return mask[row]![t] && at % 2 === 0 ? y + input.data[step * 3]! : y;
    });
    expectSameBits(output.data, expected);
    // All steps count: as without a mask.
    const all = mask.map((row) => row.map(() => true));
    expectSameTensor(
      model.forward(input, { mask: all, lengths }).output,
      model.forward(input, { lengths }).output,
    );
  });

  test("are saved and loaded", () => {
    const { first, second, last } = behind();
    const turned = new GRU({
      inputSize: 5,
      hiddenSize: 5,
      direction: "reverse",
      outputOrder: "processing",
      maskRule: "state",
    });
    for (const layers of [
      [new Embedding(maskZero), first, turned, second, last],
      [new Masking({ maskValue: 3 }), first, turned, second, last],
    ] satisfies Layer[][]) {
      const model = new Sequential(layers);
      const loaded = Sequential.load(model.save());
      expect(loaded.layers.map(({ savedOptions }) => savedOptions)).toEqual(
        layers.map(({ savedOptions }) => savedOptions),
      );
      const input =
        layers[0] instanceof Embedding
          ? tokens
          : new Random(5).tensor([2, 6, 3]);
      expectSameTensor(
        loaded.forward(input).output,
        model.forward(input).output,
      );
    }
  });
});

test("models that mask refuse what they cannot do", () => {
  const { first, second } = behind();
  const embedding = new Embedding(maskZero);
  const recurrent = new RNN({ inputSize: 3, hiddenSize: 7 });
  const words = new Sequential([embedding, recurrent]);
  const steps = new Sequential([new Masking(), recurrent]);
  const of = (...layers: Layer[]) => new Sequential(layers);
  const refused: Refusal[] = [
    ["a stream", () => words.stream(), RangeError, /^stream: .*maskZero/],
    ["another", () => steps.stream(), RangeError, /^stream: .*Masking/],
    [
      "generate",
      () => words.generate({ prompt: [1] }),
      RangeError,
      /^stream: .*maskZero/,
    ],
    ["no kernel", () => of(new Masking()), RangeError, /^layers: /],
    [
      "a Masking behind the last step",
      () => of(first, second, new Masking()),
      RangeError,
      /^layers\[2\]: .*no layer that works over time .*got Masking/,
    ],
    [
      "sizes across a Masking",
      () => of(first, new Masking(), recurrent),
      RangeError,
      /^layers\[2\]: .*inputSize 5, the output size of layers\[0\]/,
    ],
    [
      "an Embedding behind it",
      () => of(new Masking(), embedding, recurrent),
      RangeError,
      /^layers\[1\]: .*only be the first layer/,
    ],
    [
      "maskZero",
      () => new Embedding({ ...maskZero, maskZero: 1 as never }),
      TypeError,
      /^maskZero: /,
    ],
    [
      "maskValue",
      () => new Masking({ maskValue: "0" as never }),
      TypeError,
      /^maskValue: /,
    ],
    ["NaN", () => new Masking({ maskValue: NaN }), RangeError, /^maskValue: /],
    ["no options", () => new Masking(0 as never), TypeError, /^options: /],
    ["a vector", () => new Masking().forward([1, 2]), RangeError, /^input: /],
    [
      "weights for it",
      () =>
        new Masking().loadStateDict({
          weight: { shape: [1], data: new Float32Array(1) },
        }),
      RangeError,
      /^dict\["weight"\]: .*Masking/,
    ],
    [
      "a mask of tokens",
      () => words.forward(tokens, { mask: [1] }),
      RangeError,
      /^mask: /,
    ],
    [
      "mergeMode",
      () => new GRU({ inputSize: 1, hiddenSize: 1, mergeMode: "sum" }),
      RangeError,
      /^mergeMode: /,
    ],
    [
      "outputOrder",
      () => new GRU({ ...first.options, outputOrder: "processing" } as never),
      RangeError,
      /^outputOrder: /,
    ],
  ];
  refused.forEach(expectRefusal);
});
