import { describe, test } from "vitest";
import { Linear, LSTM, Sequential, type StateDict } from "../../src/index.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { zeros } from "../support/tensors.js";
import { expectUnharmed } from "../support/unharmed.js";

describe.each(backends)("weights on %s", (backend) => {
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
  const input = new Random(1).tensor([2, 5, 4]);
  const weights = lstm.stateDict();
  const { bias_hh_l1: _last, ...incomplete } = weights;
  // Values that would show, if any of them were taken.
  const others = new LSTM({ ...options, seed: 1 }).stateDict();

  const dicts: Refusal[] = [
    [
      "a dict that is none",
      () => lstm.loadStateDict(7 as never),
      TypeError,
      /^dict: .*, got 7$/,
    ],
    [
      "a missing weight",
      () => lstm.loadStateDict(incomplete),
      RangeError,
      /^dict\["bias_hh_l1"\]: expected \[12\] for this LSTM, got nothing; where there is one bias, zeros$/,
    ],
    [
      "a weight of another shape",
      () => lstm.loadStateDict({ ...others, bias_hh_l1: zeros(13) }),
      RangeError,
      /^dict.*bias_hh_l1.*: expected \[12\], got \[13\]$/,
    ],
    [
      "a transposed weight",
      () => lstm.loadStateDict({ ...others, weight_ih_l0: zeros(4, 12) }),
      RangeError,
      /^dict.*weight_ih_l0.*: expected \[12, 4\], got \[4, 12\]$/,
    ],
    [
      "one weight too many",
      () => lstm.loadStateDict({ ...others, weight_ih_l2: zeros(12, 3) }),
      RangeError,
      /^dict.*weight_ih_l2/,
    ],
    [
      "a weight that is no tensor",
      () => lstm.loadStateDict({ ...others, bias_hh_l1: [1] as never }),
      TypeError,
      /^dict.*bias_hh_l1/,
    ],
    [
      "a prefix that nothing has",
      () => lstm.loadStateDict(weights, { prefix: "rnn." }),
      RangeError,
      /^dict.*rnn\.weight_ih_l0/,
    ],
    [
      "fromStateDict of nothing",
      () => LSTM.fromStateDict({}),
      RangeError,
      /^dict.*weight_ih_l0/,
    ],
    [
      "fromStateDict of no multiple of 4 rows",
      () =>
        LSTM.fromStateDict({
          weight_ih_l0: zeros(6, 2),
          weight_hh_l0: zeros(6, 2),
        }),
      RangeError,
      /^dict.*weight_ih_l0/,
    ],
    [
      "fromStateDict with options that contradict the shapes",
      () => LSTM.fromStateDict(weights, { hiddenSize: 5 }),
      RangeError,
      /hidden|dict/,
    ],
    [
      "a model's missing weight",
      () => model.loadStateDict({ ...tagged(weights) }),
      RangeError,
      /^dict.*1\.weight.*, got /,
    ],
    [
      "a model's weight of a layer that it lacks",
      () => model.loadStateDict({ ...model.stateDict(), "2.weight": zeros(1) }),
      RangeError,
      /^dict.*2\.weight/,
    ],
  ];

  test.each(dicts)("refused: %s", (...refusal) => expectRefusal(refusal));

  test("all of these in the middle of a sequence leave everything as it was", () => {
    expectUnharmed(lstm, lstm.stream(), new LSTM(options), input, dicts);
  });

  test("nor is a model harmed", () => {
    expectUnharmed(model, model.stream(), make(), input, dicts);
  });
});

function tagged(dict: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(dict).map(([name, value]) => [`0.${name}`, value]),
  );
}
