import { describe, test } from "vitest";
import { ctcAlign, ctcBeam, ctcGreedy } from "../../src/decode/index.js";
import { expectRefusal } from "../support/refusals.js";

describe("what CTC refuses", () => {
  const rows = [[1, 2, 3]];
  const bad = (value: number) => [
    [0, 0, 0],
    [0, value, 0],
  ];
  test.each([
    [
      "logits of one axis",
      () => ctcGreedy([1, 2]),
      RangeError,
      /^logits: .*\[T, C\], got \[2\]/,
    ],
    [
      "logits of three",
      () => ctcBeam([rows]),
      RangeError,
      /^logits: .*got \[1, 1, 3\]/,
    ],
    [
      "no steps",
      () => ctcGreedy({ shape: [0, 3], data: new Float32Array() }),
      RangeError,
      /^logits: /,
    ],
    [
      "no numbers",
      () => ctcGreedy([["a"]] as never),
      TypeError,
      /^logits\[0\]\[0\]: /,
    ],
    [
      "NaN",
      () => ctcGreedy(bad(NaN)),
      RangeError,
      /^logits\[1\]: .*got NaN or Infinity/,
    ],
    ["Infinity", () => ctcBeam(bad(Infinity)), RangeError, /^logits\[1\]: /],
    ...(
      [
        ["NaN", NaN, /^logits\[1\]: expected probabilities, .*got NaN or neg/],
        [
          "-0.5",
          -0.5,
          /^logits\[1\]: expected probabilities, .*got NaN or neg/,
        ],
        ["Infinity", Infinity, /^logits\[1\]: .*got Infinity/],
      ] as const
    ).map(
      ([name, value, text]) =>
        [
          `a probability of ${name}`,
          () =>
            ctcGreedy(
              [
                [0.5, 0.5],
                [0.5, value],
              ],
              { probabilities: true },
            ),
          RangeError,
          text,
        ] as const,
    ),
    [
      "a step whose probabilities are 0",
      () => ctcGreedy([[0, 0]], { probabilities: true }),
      RangeError,
      /^logits\[0\]: .*got 0 alone/,
    ],
    [
      "a step without a class",
      () => ctcBeam([[-Infinity, -Infinity]]),
      RangeError,
      /^logits\[0\]: .*only -Infinity/,
    ],
    [
      "a blank that is no class",
      () => ctcGreedy(rows, { blank: 3 }),
      RangeError,
      /^blank: .*0 to 2, got 3/,
    ],
    [
      "half a blank",
      () => ctcBeam(rows, { blank: 0.5 }),
      RangeError,
      /^blank: /,
    ],
    ["no beams", () => ctcBeam(rows, { beams: 0 }), RangeError, /^beams: /],
    [
      "a misspelt option",
      () => ctcBeam(rows, { beam: 3 } as never),
      RangeError,
      /^options: .*"beam"/,
    ],
    [
      "an option of another",
      () => ctcGreedy(rows, { beams: 3 } as never),
      RangeError,
      /^options: /,
    ],
    [
      "a scorer that is none",
      () => ctcBeam(rows, { scorer: 1 as never }),
      TypeError,
      /^scorer: /,
    ],
    [
      "a scorer that gives NaN",
      () => ctcBeam(rows, { scorer: () => NaN }),
      RangeError,
      /^scorer\(\[\], 1\): /,
    ],
    [
      "a scorer that gives nothing",
      () => ctcBeam(rows, { scorer: (() => {}) as never }),
      TypeError,
      /^scorer\(\[\], 1\): /,
    ],
    ["no words", () => ctcBeam(rows, { words: [] }), RangeError, /^words: /],
    [
      "an empty word",
      () => ctcBeam(rows, { words: [[1], []] }),
      RangeError,
      /^words\[1\]: /,
    ],
    [
      "a word of text",
      () => ctcBeam(rows, { words: ["a" as never] }),
      TypeError,
      /^words\[0\]: /,
    ],
    [
      "a blank in a word",
      () => ctcBeam(rows, { words: [[1, 0]] }),
      RangeError,
      /^words\[0\]\[1\]: /,
    ],
    [
      "a separator in a word",
      () => ctcBeam(rows, { words: [[1, 2]], separator: 2 }),
      RangeError,
      /^words\[0\]\[1\]: /,
    ],
    [
      "a separator without words",
      () => ctcBeam(rows, { separator: 2 }),
      RangeError,
      /^separator: /,
    ],
    [
      "more labels than steps",
      () => ctcAlign(rows, [1, 2]),
      RangeError,
      /^labels: /,
    ],
    [
      "a label twice in two steps",
      () => ctcAlign([...rows, ...rows], [1, 1]),
      RangeError,
      /^labels: /,
    ],
    [
      "a label that is the blank",
      () => ctcAlign(rows, [0]),
      RangeError,
      /^labels\[0\]: /,
    ],
    [
      "labels as text",
      () => ctcAlign(rows, "1" as never),
      TypeError,
      /^labels: /,
    ],
  ] as const)("%s", (...refusal) => {
    expectRefusal(refusal);
  });
});
