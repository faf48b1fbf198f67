import { describe, test } from "vitest";
import {
  beamSearch,
  greedy,
  sample,
  type TokenStream,
} from "../../src/decode/index.js";
import { LSTM } from "../../src/index.js";
import { languageModel } from "../support/language-models.js";
import { expectRefusal } from "../support/refusals.js";

const START = 0;
const STOP = 1;

describe("what searches over streams refuse", () => {
  const stream = languageModel().stream();
  const given = { start: START, stop: STOP };
  const giving = (outputs: unknown): TokenStream => ({
    step: () => outputs as number[],
    fork: () => giving(outputs),
  });
  test.each([
    ["no stream", () => beamSearch({} as never, given), TypeError, /^stream: /],
    ["null", () => greedy(null as never, given), TypeError, /^stream: /],
    [
      "no options",
      () => beamSearch(stream, undefined as never),
      TypeError,
      /^options: /,
    ],
    [
      "no start",
      () => beamSearch(stream, { stop: 1 } as never),
      TypeError,
      /^start: /,
    ],
    [
      "no stop",
      () => beamSearch(stream, { start: 1 } as never),
      TypeError,
      /^stop: /,
    ],
    [
      "a stop that is no token",
      () => beamSearch(stream, { start: 0, stop: 12 }),
      RangeError,
      /^stop: .*0 to 11, got 12/,
    ],
    [
      "a start that is none",
      () => beamSearch(stream, { start: 12, stop: 1 }),
      RangeError,
      /got 12/,
    ],
    [
      "a start beyond a one-hot model's",
      () =>
        beamSearch(languageModel({ oneHot: true }).stream(), {
          start: 12,
          stop: 1,
        }),
      RangeError,
      /^start: .*got 12/,
    ],
    [
      "no beams",
      () => beamSearch(stream, { ...given, beams: 0 }),
      RangeError,
      /^beams: /,
    ],
    [
      "no steps",
      () => beamSearch(stream, { ...given, steps: 0 }),
      RangeError,
      /^steps: /,
    ],
    [
      "steps without end",
      () => beamSearch(stream, { ...given, steps: Infinity }),
      RangeError,
      /^steps: /,
    ],
    [
      "a penalty of text",
      () => beamSearch(stream, { ...given, lengthPenalty: "1" as never }),
      TypeError,
      /^lengthPenalty: /,
    ],
    [
      "an infinite penalty",
      () => beamSearch(stream, { ...given, lengthPenalty: Infinity }),
      RangeError,
      /^lengthPenalty: /,
    ],
    [
      "a misspelt option",
      () => beamSearch(stream, { ...given, beam: 1 } as never),
      RangeError,
      /^options: .*"beam"/,
    ],
    [
      "NaN",
      () => beamSearch(giving([0, NaN]), given),
      RangeError,
      /^stream\.step\(…\): /,
    ],
    [
      "nothing",
      () => beamSearch(giving(undefined), given),
      TypeError,
      /^stream\.step\(…\): /,
    ],
    [
      "no numbers",
      () => beamSearch(giving([]), given),
      RangeError,
      /^stream\.step\(…\): /,
    ],
    [
      "a temperature below 0",
      () => sample(stream, { start: 0, temperature: -1 }),
      RangeError,
      /^temperature: /,
    ],
    [
      "half a seed",
      () => sample(stream, { start: 0, seed: 0.5 }),
      RangeError,
      /^seed: /,
    ],
    [
      "sampling's options",
      () => greedy(stream, { start: 0, topK: 1 } as never),
      RangeError,
      /^options: .*"topK"/,
    ],
    [
      "a stop that is no token",
      () => [...greedy(stream, { start: 0, stop: 12 })],
      RangeError,
      /^stop: /,
    ],
  ] as const)("%s", (...refusal) => {
    expectRefusal(refusal);
  });

  test("a stream that is no stream of tokens", () => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 4 });
    expectRefusal([
      "outputs other than tokens",
      () => beamSearch(lstm.stream(), { start: 0, stop: 1, steps: 9 }),
      RangeError,
      /^stream: expected as many outputs as inputs, 3, got 4/,
    ]);
  });
});
