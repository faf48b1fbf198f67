import { describe, test } from "vitest";
import { Embedding, Linear, LSTM, Sequential } from "../../src/index.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { zeros } from "../support/tensors.js";
import { expectUnharmed } from "../support/unharmed.js";

const none = undefined as never;

describe.each(backends)("models on %s", (backend) => {
  const options = {
    inputSize: 4,
    hiddenSize: 3,
    numLayers: 2,
    seed: 0,
    backend,
  };
  const lstm = new LSTM(options);
  const make = () =>
    new Sequential([
      new LSTM(options),
      new Linear({ inputSize: 3, outputSize: 4, seed: 0 }),
    ]);
  const model = make();
  const talker = new Sequential([
    new Embedding({ vocabSize: 6, size: 4 }),
    lstm,
    new Linear({ inputSize: 3, outputSize: 6 }),
  ]);
  const input = new Random(1).tensor([2, 5, 4]);
  const state = lstm.forward(input).state;
  const modelStream = model.stream();

  const models: Refusal[] = [
    [
      "too few states",
      () => model.forward(input, { state: [null] }),
      RangeError,
      /^state: .*\b2\b.*, got .*\b1\b/,
    ],
    [
      "states that are no list",
      () => model.forward(input, { state: state as never }),
      TypeError,
      /^state: /,
    ],
    [
      "a state for a Linear",
      () => model.forward(input, { state: [null, state] }),
      TypeError,
      /^state\[1\]: /,
    ],
    [
      "a layer's state of the wrong shape",
      () =>
        model.forward(input, { state: [{ ...state, hidden: zeros(9) }, null] }),
      RangeError,
      /^state\[0\]\.hidden: expected \[2, 2, 3\], got \[9\]$/,
    ],
    [
      "a model's wrong input",
      () => model.forward(zeros(5, 3)),
      RangeError,
      /^input: expected \[B, T, 4\] or \[T, 4\], got \[5, 3\]$/,
    ],
    [
      "a model's wrong lengths",
      () => model.forward(input, { lengths: [0, 1] }),
      RangeError,
      /^lengths\[0\]: /,
    ],
    [
      "a model's written states of the wrong number",
      () => (modelStream.state = []),
      RangeError,
      /^state: .*\b2\b.*, got .*\b0\b/,
    ],
    [
      "a token beyond the vocabulary",
      () => talker.forward([1, 6]),
      RangeError,
      /^input.*\b5\b.*, got 6$/,
    ],
    [
      "a negative token",
      () => talker.forward([-1]),
      RangeError,
      /^input.*, got -1$/,
    ],
    [
      "half a token",
      () => talker.forward([0.5]),
      RangeError,
      /^input.*, got 0.5$/,
    ],
    [
      "a token beyond the vocabulary in a stream",
      () => talker.stream().step([6]),
      RangeError,
      /^frame.*, got 6$/,
    ],
    [
      "two tokens in a step",
      () => talker.stream().step([1, 2]),
      RangeError,
      /^frame: .*\b1\b.*, got .*\b2\b/,
    ],
    [
      "vectors for an Embedding",
      () => talker.forward(zeros(1, 2, 4)),
      RangeError,
      /^input: .*, got \[1, 2, 4\]$/,
    ],
    ["forecast by tokens", () => talker.forecast([[1]], 3), RangeError, /./],
    [
      "forecast of a batch",
      () => model.forecast(input, 3),
      RangeError,
      /^history: .*, got \[2, 5, 4\]$/,
    ],
    [
      "forecast of no steps",
      () => model.forecast(zeros(5, 4), 0),
      RangeError,
      /^steps: .*, got 0$/,
    ],
    [
      "forecast where the output is no input",
      () => new Sequential([lstm]).forecast(zeros(5, 4), 1),
      RangeError,
      /\b4\b.*\b3\b/,
    ],
    [
      "forecast of the wrong size",
      () => model.forecast(zeros(5, 3), 1),
      RangeError,
      /^(history|input): .*, got \[5, 3\]$/,
    ],
    [
      "metadata that is no text",
      () => model.save({ epoch: 3 } as never),
      TypeError,
      /^metadata.*epoch/,
    ],
  ];
  const generate = (options: object) => () => [
    ...talker.generate({ prompt: [1], steps: 1, ...options }),
  ];
  const generating: Refusal[] = [
    [
      "no prompt",
      generate({ prompt: undefined }),
      TypeError,
      /^prompt: .*, got undefined$/,
    ],
    ["an empty prompt", generate({ prompt: [] }), RangeError, /^prompt: /],
    [
      "a prompt beyond the vocabulary",
      generate({ prompt: [1, 6] }),
      RangeError,
      /^prompt\[1\]: .*, got 6$/,
    ],
    [
      "a prompt of strings",
      generate({ prompt: ["a"] }),
      TypeError,
      /^prompt\[0\]: .*, got "a"$/,
    ],
    [
      "negative steps",
      generate({ steps: -1 }),
      RangeError,
      /^steps: .*, got -1$/,
    ],
    [
      "a negative temperature",
      generate({ temperature: -1 }),
      RangeError,
      /^temperature: .*, got -1$/,
    ],
    [
      "a temperature that is NaN",
      generate({ temperature: NaN }),
      RangeError,
      /^temperature: .*, got NaN$/,
    ],
    [
      "a temperature of text",
      generate({ temperature: "1" }),
      TypeError,
      /^temperature: .*, got "1"$/,
    ],
    ["topK 0", generate({ topK: 0 }), RangeError, /^topK: .*, got 0$/],
    ["topP 0", generate({ topP: 0 }), RangeError, /^topP: .*, got 0$/],
    [
      "topP above 1",
      generate({ topP: 1.1 }),
      RangeError,
      /^topP: .*, got 1.1$/,
    ],
    [
      "a stop beyond the vocabulary",
      generate({ stop: 6 }),
      RangeError,
      /^stop: .*, got 6$/,
    ],
    [
      "a seed of text",
      generate({ seed: "x" }),
      TypeError,
      /^seed: .*, got "x"$/,
    ],
    [
      "no options",
      () => [...talker.generate(none)],
      TypeError,
      /^options: .*, got undefined$/,
    ],
    [
      "a model with fewer outputs than tokens",
      () => [...new Sequential([lstm]).generate({ prompt: [1] })],
      RangeError,
      /\b4\b.*, got .*\b3\b/,
    ],
  ];

  const all = [...models, ...generating];

  test.each(all)("refused: %s", (...refusal) => expectRefusal(refusal));

  test("all of these in the middle of a sequence leave everything as it was", () => {
    expectUnharmed(model, modelStream, make(), input, all);
  });
});
