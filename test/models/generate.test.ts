import { beforeAll, describe, expect, test } from "vitest";
import { init } from "../../src/index.js";
import { backends } from "../support/layers.js";
import {
  constantModel,
  languageModel,
  likeliest,
  logitsBefore,
  probabilities,
  shares,
  tokens,
} from "../support/language-models.js";

describe.each(backends)("generate on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });
  const prompt = [3, 1, 4];

  test.each([false, true])(
    "temperature 0 takes the likeliest token each time, one-hot input %s",
    (oneHot) => {
      const model = languageModel({ oneHot });
      const greedy = tokens(model, { prompt, steps: 40, temperature: 0 });
      expect(greedy).toEqual(
        logitsBefore(model, prompt, greedy, oneHot).map(likeliest),
      );
      expect(new Set(greedy).size, "different tokens").toBeGreaterThan(2);
      expect(
        tokens(model, { prompt, steps: 40, temperature: 0, seed: 9 }),
      ).toEqual(greedy);
      expect(tokens(model, { prompt, steps: 40, topK: 1 })).toEqual(greedy);
      expect(tokens(model, { prompt, steps: 40, topP: 1e-9 })).toEqual(greedy);
      expect(tokens(model, { prompt, steps: 40, temperature: 1e-6 })).toEqual(
        greedy,
      );
    },
  );

  test("the same seed gives the same tokens, another seed others, none seed 0", () => {
    const model = languageModel();
    const once = tokens(model, { prompt, steps: 60, seed: 5 });
    expect(tokens(model, { prompt, steps: 60, seed: 5 })).toEqual(once);
    expect(tokens(languageModel(), { prompt, steps: 60, seed: 5 })).toEqual(
      once,
    );
    expect(tokens(model, { prompt, steps: 60, seed: 6 })).not.toEqual(once);
    expect(tokens(model, { prompt, steps: 60 })).toEqual(
      tokens(model, { prompt, steps: 60, seed: 0 }),
    );
  });

  test("a softmax at the end gives the tokens that its logits give", () => {
    const options = { prompt, steps: 100, temperature: 0.7, topK: 8, seed: 1 };
    expect(tokens(languageModel({ activation: "softmax" }), options)).toEqual(
      tokens(languageModel(), options),
    );
  });

  test("topK keeps to the k likeliest, topP to the smallest set that reaches p", () => {
    const model = languageModel();
    const fromK = tokens(model, {
      prompt,
      steps: 200,
      topK: 3,
      temperature: 2,
    });
    logitsBefore(model, prompt, fromK).forEach((logits, i) => {
      const rank = logits.filter((other) => other > logits[fromK[i]!]!).length;
      expect(rank, `token ${i}`).toBeLessThan(3);
    });
    const fromP = tokens(model, { prompt, steps: 200, topP: 0.6 });
    logitsBefore(model, prompt, fromP).forEach((logits, i) => {
      const p = probabilities(logits);
      const likelier = p
        .filter((other) => other > p[fromP[i]!]!)
        .reduce((sum, other) => sum + other, 0);
      expect(likelier, `token ${i}`).toBeLessThan(0.6 + 1e-6);
    });
  });

  test("topP ends with the token that reaches it to the bit", () => {
    // each has ½ exactly: the first alone is the smallest set
    const model = constantModel([0, 0, -1e30], "linear");
    const drawn = tokens(model, { prompt: [0], steps: 50, topP: 0.5 });
    expect(new Set(drawn)).toEqual(new Set([0]));
    const both = tokens(model, { prompt: [0], steps: 50, topP: 0.51 });
    expect(new Set(both)).toEqual(new Set([0, 1]));
  });

  test("steps counts the tokens, which come without the prompt", () => {
    const model = languageModel();
    const five = tokens(model, { prompt, steps: 5 });
    expect(five.length).toBe(5);
    expect(tokens(model, { prompt, steps: 8 }).slice(0, 5)).toEqual(five);
    const longer = [
      ...prompt,
      ...tokens(model, { prompt, steps: 2, temperature: 0 }),
    ];
    const rest = tokens(model, { prompt: longer, steps: 6, temperature: 0 });
    expect(
      tokens(model, { prompt, steps: 8, temperature: 0 }).slice(2),
    ).toEqual(rest);
  });

  test("stop ends the tokens where it first comes", () => {
    const model = languageModel();
    const all = tokens(model, { prompt, steps: 60 });
    const stop = all[10]!;
    const until = tokens(model, { prompt, steps: 60, stop });
    if (until.at(-1) === stop) until.pop(); // whether it is yielded itself is not promised
    expect(until).toEqual(all.slice(0, all.indexOf(stop)));
  });

  test("tokens come one by one, without an end if none is asked for, and generators do not disturb each other", () => {
    const model = languageModel();
    const expected = [1, 2].map((seed) =>
      tokens(model, { prompt, steps: 20, seed }),
    );
    const endless = [1, 2].map((seed) => model.generate({ prompt, seed }));
    const drawn: number[][] = [[], []];
    for (let i = 0; i < 20; i++)
      for (const k of [0, 1]) {
        drawn[k]!.push(endless[k]!.next().value as number);
        model.forward([1, 2, 3]);
      }
    expect(drawn).toEqual(expected);
    expect(endless[0]!.return(0).done).toBe(true);
  });

  test.each([
    ["logits", "linear"],
    ["probabilities", "softmax"],
  ] as const)(
    "tokens are drawn by their probability, and by temperature, from %s",
    (_, activation) => {
      const logits = [0, Math.log(2), Math.log(4), Math.log(1)];
      const model = constantModel(logits, activation);
      for (const temperature of [undefined, 0.5, 2]) {
        const drawn = tokens(model, {
          prompt: [0],
          steps: 6000,
          seed: 3,
          ...(temperature && { temperature }),
        });
        const expected = probabilities(
          logits.map((a) => a / (temperature ?? 1)),
        );
        shares(drawn, 4).forEach((share, token) => {
          // 4 standard deviations of a share of 6000 draws
          const noise =
            4 * Math.sqrt((expected[token]! * (1 - expected[token]!)) / 6000);
          expect(
            Math.abs(share - expected[token]!),
            `temperature ${temperature}, token ${token}`,
          ).toBeLessThan(noise);
        });
      }
    },
  );

  test("topK and topP renormalise what they keep", () => {
    const model = constantModel([0, Math.log(2), Math.log(4), Math.log(1)]); // 1/8, 2/8, 4/8, 1/8
    const [, second, first, none] = shares(
      tokens(model, { prompt: [0], steps: 3000, topK: 2 }),
      4,
    );
    expect(none).toBe(0);
    expect(first).toBeCloseTo(2 / 3, 1);
    expect(second).toBeCloseTo(1 / 3, 1);
    expect(
      shares(tokens(model, { prompt: [0], steps: 3000, topP: 0.7 }), 4),
    ).toEqual([0, second, first, 0]);
    expect(
      shares(tokens(model, { prompt: [0], steps: 300, topP: 0.49 }), 4),
    ).toEqual([0, 0, 1, 0]);
    expect(
      shares(tokens(model, { prompt: [0], steps: 3000, topP: 1 }), 4)[0],
    ).toBeGreaterThan(0.08);
  });
});

test("js and simd give the same tokens for the same seed", async () => {
  const drawn: number[][] = [];
  for (const backend of ["simd", "js"] as const) {
    await init({ backend });
    drawn.push(
      tokens(languageModel(), {
        prompt: [0, 7],
        steps: 200,
        seed: 4,
        temperature: 1.3,
      }),
    );
  }
  expect(drawn[1]).toEqual(drawn[0]);
});
