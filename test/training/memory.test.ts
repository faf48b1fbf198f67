import { describe, expect, test } from "vitest";
import {
  type Layer,
  Embedding,
  GRU,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
} from "../../src/index.js";
import { record, type RecordOptions } from "../../src/training/index.js";
import { numbers } from "./support.js";

/*
 * A tape that does not fit in `memory` is computed twice, a chunk of steps at a time, whatever the model: its gradients are
 * those of a tape that does.
 */

const ROWS = 11; // more than a shard, and a ragged rest
const STEPS = 23;
const LENGTHS = Array.from(
  { length: ROWS },
  (_, row) => 1 + ((row * 7) % STEPS),
);
const MASK = Array.from({ length: ROWS }, (_, row) =>
  Array.from({ length: STEPS }, (__, t) => Number((t * 5 + row) % 4 !== 0)),
);

const sizes = { inputSize: 3, hiddenSize: 5 };
const MODELS: Record<string, () => readonly Layer[]> = {
  "forward, two layers": () => [new LSTM({ ...sizes, numLayers: 2 })],
  reverse: () => [new GRU({ ...sizes, direction: "reverse" })],
  "bidirectional, last steps alone": () => [
    new LSTM({ ...sizes, direction: "bidirectional", returnSequences: false }),
  ],
  "learned states, projection, peepholes": () => [
    new LSTM({ ...sizes, projSize: 2, peepholes: true, learnedState: true }),
  ],
  "reset before, the output before at masked steps": () => [
    new GRU({ ...sizes, resetAfter: false, maskRule: "previous" }),
  ],
  "both ways multiplied, the state at masked steps": () => [
    new RNN({
      ...sizes,
      direction: "bidirectional",
      mergeMode: "mul",
      maskRule: "state",
      learnedState: true,
    }),
  ],
  "masking, turned, a Linear behind": () => [
    new Masking(),
    new GRU({ ...sizes, direction: "reverse", outputOrder: "processing" }),
    new Linear({ inputSize: 5, outputSize: 2, activation: "tanh" }),
  ],
};

function gradientsOf(
  layers: readonly Layer[],
  options: RecordOptions,
  tokens = false,
) {
  const input = tokens
    ? {
        shape: [ROWS, STEPS],
        data: numbers(1, ROWS, STEPS).data.map((x) =>
          Math.floor((x + 1) * 2.5),
        ),
      }
    : numbers(1, ROWS, STEPS, 3);
  const tape = record(new Sequential(layers), input, options);
  const { output, state } = tape;
  const back = tape.backward(
    {
      output: numbers(2, ...output.shape),
      state: state.map(
        (own) =>
          own && {
            hidden: numbers(3, ...own.hidden.shape),
            ...(own.cell && { cell: numbers(4, ...own.cell.shape) }),
          },
      ),
    },
    { input: !tokens, state: true },
  );
  return { output, ends: state, ...back };
}

/** All numbers of a result, one after another. */
function flat(value: unknown): number[] {
  if (value instanceof Float32Array) return [...value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(flat);
}

describe.each(Object.entries(MODELS))("%s", (_, layers) => {
  test.each([
    ["whole", {}],
    ["lengths", { lengths: LENGTHS }],
    ["masked", { mask: MASK }],
    ["lengths, masked", { lengths: LENGTHS, mask: MASK }],
    ["dropout", { seed: 3 }],
  ] as const)("%s", (name, given) => {
    const own = layers();
    const cells = own.findIndex(({ type }) => /^(RNN|LSTM|GRU)$/.test(type));
    const options = {
      ...given,
      ...(name === "dropout" && { dropout: { [cells]: { recurrent: 0.4 } } }),
    };
    const whole = flat(gradientsOf(own, options));
    // 1: a step at a time; the other: chunks of several, and a ragged rest
    for (const memory of [1, 30_000]) {
      const pieces = flat(gradientsOf(own, { ...options, memory }));
      expect(pieces.length).toBe(whole.length);
      const scale = Math.max(1, ...whole.map(Math.abs));
      const off = pieces.map((value, i) => Math.abs(value - (whole[i] ?? NaN)));
      // sums of another order
      expect(Math.max(...off) / scale).toBeLessThan(2e-6);
    }
  });
});

test("tokens", () => {
  const layers = [
    new Embedding({ vocabSize: 5, size: 3, maskZero: true }),
    new LSTM({ ...sizes, returnSequences: false }),
  ];
  const whole = flat(gradientsOf(layers, {}, true));
  const pieces = flat(gradientsOf(layers, { memory: 1 }, true));
  pieces.forEach((value, i) => expect(value).toBeCloseTo(whole[i] ?? 0, 5));
});
