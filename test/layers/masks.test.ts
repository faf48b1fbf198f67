import { describe, expect, test } from "vitest";
import { GRU, type Tensor } from "../../src/index.js";
import {
  expectClose,
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import { expectTextbook } from "../support/expect-textbook.js";
import {
  backends,
  create,
  randomState,
  type AnyOptions,
  type Kind,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { at, stateOfRow } from "../support/tensors.js";
import { textbook } from "../support/textbook.js";
import { tolerances } from "../support/tolerances.js";

/** Nothing masked, the end, the beginning, holes, every step. */
const mask = [
  [1, 1, 1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0, 0, 0],
  [0, 0, 0, 1, 1, 1, 1],
  [0, 1, 0, 0, 1, 1, 0],
  [0, 0, 0, 0, 0, 0, 0],
];
const lengths = [5, 7, 6, 4, 3];
const input = new Random(1).tensor([5, 7, 3], -2, 2);

const kinds = ["RNN", "LSTM", "GRU"] as const;
const rules = ["zero", "previous", "state"] as const;
const directions = ["forward", "reverse", "bidirectional"] as const;

function problem(kind: Kind, given: Partial<AnyOptions>) {
  const options: AnyOptions = { inputSize: 3, hiddenSize: 5, ...given };
  const layer = create(kind, options);
  const state = randomState(new Random(2), kind, options, 5);
  return { options, layer, state };
}

describe.each(backends)("masks on %s", (backend) => {
  describe.each(kinds)("%s", (kind) => {
    test.each(rules)("%s: the equations in float64", (maskRule) => {
      for (const direction of directions)
        for (const numLayers of [1, 2]) {
          const given = { direction, numLayers, maskRule, backend };
          const { layer, state } = problem(kind, given);
          for (const start of [{}, { state }, { lengths }, { state, lengths }])
            expectTextbook(
              layer,
              input,
              { ...start, mask },
              tolerances.equations,
              `${direction}, ${numLayers} layers, ${Object.keys(start)}`,
            );
        }
    });

    test("with merged directions, an order of its own and learned states", () => {
      for (const maskRule of rules) {
        const common = { numLayers: 2, learnedState: true, maskRule, backend };
        for (const mergeMode of ["sum", "mul", "ave"] as const) {
          const direction = "bidirectional";
          const given = { ...common, direction, mergeMode } as const;
          const { layer } = problem(kind, given);
          for (const start of [{ mask }, { mask, lengths }])
            expectTextbook(
              layer,
              input,
              start,
              tolerances.equations,
              mergeMode,
            );
        }
        const order = { direction: "reverse", outputOrder: "processing" };
        const { layer } = problem(kind, { ...common, ...order } as never);
        for (const start of [{ mask }, { mask, lengths }])
          expectTextbook(layer, input, start, tolerances.equations, "turned");
      }
    });

    test("masked ends are lengths, but for a row of which nothing is left", () => {
      for (const direction of directions) {
        const { layer, state } = problem(kind, { direction, backend });
        const ends = [1, 2, 4, 7, 7];
        const given = ends.map((end) => mask[0]!.map((_, t) => +(t < end)));
        const masked = layer.forward(input, { state, mask: given });
        const expected = layer.forward(input, { state, lengths: ends });
        expectSameTensor(masked.output, expected.output);
        expectSameState(masked.state, expected.state);
      }
    });

    test("a masked step leaves the state as it is; a row of none keeps where it began", () => {
      const { layer, state } = problem(kind, { numLayers: 2, backend });
      const after = layer.forward(input, { state, mask }).state;
      expectSameState(stateOfRow(after, 4), stateOfRow(state, 4));
      const own = { shape: [4, 3], data: at(input, 0, 2).data.slice(9) };
      const alone = layer.forward(own, { state: stateOfRow(state, 2) });
      expectSameState(stateOfRow(after, 2), alone.state);
    });

    test("returnSequences false gives the last computed step, or what the rule has before the first", () => {
      for (const maskRule of rules)
        for (const direction of directions) {
          const common = { direction, maskRule, backend } as const;
          const { layer, state } = problem(kind, common);
          const last = create(kind, {
            ...layer.options,
            returnSequences: false,
          } as never).loadStateDict(layer.stateDict());
          const { output } = last.forward(input, { state, mask });
          const whole = layer.forward(input, { state, mask }).state.hidden;
          const size = output.shape[1]!;
          for (let row = 0; row < 5; row++) {
            const none = row === 4 && maskRule !== "state";
            const expected = none
              ? new Float32Array(size)
              : at(whole, 1, row).data;
            expectSameBits(at(output, 0, row).data, expected, `row ${row}`);
          }
        }
    });

    test("what lies at a masked step does not matter, NaN and infinity either", () => {
      const { layer } = problem(kind, { direction: "bidirectional", backend });
      const wild = { shape: input.shape, data: input.data.slice() };
      mask.flat().forEach((valid, step) => {
        if (!valid)
          wild.data.fill([NaN, Infinity][step % 2]!, step * 3, step * 3 + 3);
      });
      const expected = layer.forward(input, { mask });
      const given = layer.forward(wild, { mask });
      expectSameTensor(given.output, expected.output);
      expectSameState(given.state, expected.state);
    });

    test("the trace is 0 at masked steps", () => {
      const given = {
        direction: "bidirectional",
        maskRule: "previous",
      } as const;
      const { layer, options, state } = problem(kind, { ...given, backend });
      const start = { state, mask };
      const { trace, ...result } = layer.forward(input, {
        ...start,
        trace: true,
      });
      const plain = layer.forward(input, start);
      expectSameTensor(result.output, plain.output);
      expectSameState(result.state, plain.state);
      const weights = layer.stateDict();
      const { steps } = textbook(kind, options, weights, input, start);
      for (const { layer: _, direction, ...gates } of trace!)
        for (const [name, gate] of Object.entries(gates)) {
          const { data, shape } = gate as Tensor;
          const expected = new Float64Array(data.length);
          for (const step of steps)
            if (step.direction === direction)
              expected.set(
                step.gates[name as "hidden"]!,
                (step.row * 7 + step.time) * shape[2]!,
              );
          expectClose(data, expected, tolerances.equations, name);
        }
    });
  });
});

test("js equals simd", () => {
  for (const kind of kinds)
    for (const maskRule of rules) {
      const [simd, js] = (["simd", "js"] as const).map((backend) => {
        const given = {
          direction: "bidirectional",
          maskRule,
          backend,
        } as const;
        const { layer, state } = problem(kind, { ...given, mergeMode: "ave" });
        return layer.forward(input, { state, mask });
      });
      expectSameTensor(js!.output, simd!.output);
      expectSameState(js!.state, simd!.state);
    }
});

describe("a mask", () => {
  const { layer } = problem("GRU", {});
  const expected = layer.forward(input, { mask });

  test("may be booleans, typed arrays or a tensor", () => {
    const tensor = { shape: [5, 7], data: Float32Array.from(mask.flat()) };
    const forms = [
      mask.map((row) => row.map(Boolean)),
      mask.map((row) => Uint8Array.from(row)),
      tensor,
    ];
    for (const form of forms)
      expectSameTensor(
        layer.forward(input, { mask: form }).output,
        expected.output,
      );
  });

  test("may have 200 000 rows", () => {
    const layer = new GRU({ inputSize: 1, hiddenSize: 1 });
    const shape = [200_000, 1];
    const ones = { shape, data: new Float32Array(200_000).fill(1) };
    const input = { shape: [...shape, 1], data: ones.data };
    const masked = layer.forward(input, { mask: ones }).output.data;
    const { data } = layer.forward(input).output;
    expect(masked.every((y, i) => y === data[i])).toBe(true);
  });

  test("of an input without B has none either", () => {
    for (const own of [
      mask[3]!,
      mask[3]!.map(Boolean),
      Uint8Array.from(mask[3]!),
    ])
      expectSameTensor(
        layer.forward(at(input, 0, 3), { mask: own }).output,
        at(expected.output, 0, 3),
      );
  });

  test("that is none is refused", () => {
    const forward = (given: unknown) => () =>
      layer.forward(input, { mask: given as never });
    const refused: Refusal[] = [
      ["null", forward(null), TypeError, /^mask: /],
      ["a number", forward(1), RangeError, /^mask: .*\[5, 7\]/],
      ["a string", forward("1"), TypeError, /^mask: /],
      ["one row", forward(mask[0]), RangeError, /^mask: .*\[5, 7\], got \[7\]/],
      ["too few rows", forward(mask.slice(1)), RangeError, /got \[4, 7\]/],
      ["too deep", forward([mask]), RangeError, /^mask: .*\[B, T\]/],
      ["much too deep", forward([[[[true]]]]), RangeError, /^mask: /],
      [
        "a half",
        forward(mask.map((row) => row.map(() => 0.5))),
        RangeError,
        /0 and 1, got 0.5/,
      ],
      [
        "NaN",
        forward(mask.map((row) => row.map(() => NaN))),
        RangeError,
        /got NaN/,
      ],
      [
        "strings",
        forward(mask.map((row) => row.map(String))),
        TypeError,
        /^mask/,
      ],
    ];
    refused.forEach(expectRefusal);
  });
});

describe.each(backends)("orders and merged directions on %s", (backend) => {
  test.each(kinds)("%s: the equations in float64", (kind) => {
    const common = { inputSize: 3, backend };
    for (const hiddenSize of [1, 4, 5, 19])
      for (const numLayers of [1, 3]) {
        const sizes = { ...common, hiddenSize, numLayers };
        const layers = (["sum", "mul", "ave"] as const).map((mergeMode) => ({
          mergeMode,
          direction: "bidirectional" as const,
        }));
        const turned = { direction: "reverse", outputOrder: "processing" };
        for (const options of [...layers, turned]) {
          const layer = create(kind, { ...sizes, ...options } as AnyOptions);
          for (const start of [{}, { lengths }])
            expectTextbook(layer, input, start, tolerances.equations, kind);
          const { outputSize } = layer;
          expect(outputSize).toBe(hiddenSize);
          const last = create(kind, {
            ...layer.options,
            returnSequences: false,
          } as never).loadStateDict(layer.stateDict());
          const { output, state } = last.forward(input, { lengths });
          expect(output.shape).toEqual([5, hiddenSize]);
          const hidden = state.hidden.data.slice(-5 * hiddenSize);
          if (options === turned) expectSameBits(output.data, hidden);
        }
      }
  });

  test("the last steps of merged directions are merged", () => {
    const options = { inputSize: 3, hiddenSize: 4, backend } as const;
    const layer = create("LSTM", {
      ...options,
      direction: "bidirectional",
      mergeMode: "mul",
      returnSequences: false,
    });
    const { output, state } = layer.forward(input);
    const [forward, reverse] = [0, 1].map((d) => at(state.hidden, 0, d).data);
    const expected = forward!.map((y, i) => y * reverse![i]!);
    expectSameBits(output.data, expected);
  });
});
