import { describe, expect, test } from "vitest";
import {
  Conv1d,
  type Direction,
  type ForwardOptions,
  GRU,
  Linear,
  LSTM,
  Sequential,
  type State,
  type Tensor,
} from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import {
  type AnyOptions,
  type Cell,
  cells,
  create,
  generalCells,
  randomState,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { realThreads } from "./threads.js";

/*
 * A call on N threads has the bits of one: the layers of a case run on one thread first, which is what they are packed
 * for, and others with the same weights then on N. Sizes are several full panels a thread and a ragged rest.
 */

const init = realThreads();
const COUNTS = [2, 3, 4] as const;
const BACKENDS = ["relaxed", "simd"] as const;

interface Case {
  readonly cell: Cell & { name: string };
  readonly options: AnyOptions;
  readonly batch: number | null;
  readonly steps: number;
  readonly lengths?: readonly number[];
}

const named = (name: string) =>
  [...cells, ...generalCells].find((cell) => cell.name === name) as Cell & {
    name: string;
  };

/** A large cell of a kind: its panels are split. */
const sized = (
  cell: Cell & { name: string },
  more: object = {},
): AnyOptions => ({
  inputSize: 37,
  hiddenSize: cell.kind === "RNN" ? 331 : 149,
  ...cell.options,
  ...more,
});

/** Fewer panels than threads, and a few more. */
const SMALL = [1, 3, 16, 17, 37];

const projected = { ...named("LSTM"), name: "LSTM with projection" };
const everything = { ...named("LSTM with everything") };

/** One sequence: units are split, but of a GRU that is not standard. */
const sequences: Case[] = [...cells, ...generalCells]
  .filter(({ kind, options }) => kind !== "GRU" || !options?.activations)
  .map((cell) => ({
    cell,
    options: sized(cell),
    batch: null,
    steps: 23,
  }));
for (const direction of ["reverse", "bidirectional"] as const)
  for (const name of ["LSTM", "GRU reset before, keep", "RNN tanh"])
    sequences.push({
      cell: named(name),
      options: sized(named(name), { direction }),
      batch: null,
      steps: 22,
    });
for (const projSize of [5, 71, 140])
  sequences.push({
    cell: projected,
    options: sized(projected, { projSize, numLayers: 2 }),
    batch: null,
    steps: 16,
  });

for (const hiddenSize of SMALL)
  for (const cell of cells)
    sequences.push({
      cell,
      options: { ...cell.options, inputSize: 3, hiddenSize },
      batch: null,
      steps: 5,
    });

/** Few rows: their units are split too, and rows begin and end at different steps. */
const few: Case[] = [];
for (const name of [
  "LSTM",
  "RNN relu",
  "GRU reset after, replace",
  "GRU reset before, replace (Chung et al. 2014)",
  "LSTM with everything",
])
  for (const direction of ["forward", "bidirectional"] as Direction[])
    few.push({
      cell: named(name),
      options: sized(named(name), { direction }),
      batch: 3,
      steps: 21,
      lengths: [13, 21, 1],
    });
few.push({
  cell: projected,
  options: sized(projected, { projSize: 70, direction: "bidirectional" }),
  batch: 3,
  steps: 20,
  lengths: [20, 3, 7],
});

/** Many rows: they are split. */
const many: Case[] = [];
for (const cell of [...cells, everything, ...generalCells.slice(-4)])
  many.push({
    cell,
    options: { inputSize: 19, hiddenSize: 61, ...cell.options },
    batch: 21,
    steps: 24,
    lengths: new Random(5).lengths(21, 24),
  });
many.push({
  cell: projected,
  options: {
    inputSize: 20,
    hiddenSize: 61,
    projSize: 22,
    direction: "bidirectional",
  },
  batch: 19,
  steps: 31,
});
many.push({
  cell: named("LSTM"),
  options: { inputSize: 20, hiddenSize: 61, numLayers: 2 },
  batch: 32,
  steps: 9,
});

/** Of integers: each kind's units, with every way to have several products, ragged rows, and rows that are split. */
const integers: Case[] = (["int8", "int8-fast"] as const).flatMap((precision) =>
  [
    ...sequences.filter(
      ({ cell, options }) =>
        !cell.options?.activations &&
        (options.hiddenSize > 37 || options.hiddenSize === 17) &&
        (options.direction === undefined || options.direction === "reverse"),
    ),
    ...few,
    ...many.filter(({ cell }) => !generalCells.includes(cell)),
  ].map((one) => ({ ...one, options: { ...one.options, precision } })),
);
/** Calibrated ranges lie in front of a matrix's first panel, wherever a thread's begin. */
for (const batch of [null, 9])
  integers.push({
    cell: named("LSTM"),
    options: sized(named("LSTM"), {
      precision: "int8-fast",
      ranges: { weight_ih_l0: [-1, 0.5], weight_hh_l0: [-0.5, 0.75] },
    }),
    batch,
    steps: 11,
  });

interface Outcome {
  output: Tensor;
  state: State;
}

function run({ cell, options, batch, steps, lengths }: Case): Outcome {
  const random = new Random(9);
  const layer = create(cell.kind, options);
  const shape =
    batch === null
      ? [steps, options.inputSize]
      : [batch, steps, options.inputSize];
  const input = random.tensor(shape);
  const state = randomState(random, cell.kind, options, batch ?? undefined);
  const given: ForwardOptions = { state, ...(lengths && { lengths }) };
  return layer.forward(input, given);
}

function expectSame(actual: Outcome, expected: Outcome): void {
  expectSameTensor(actual.output, expected.output, "output");
  expectSameTensor(actual.state.hidden, expected.state.hidden, "hidden");
  if (expected.state.cell)
    expectSameTensor(actual.state.cell as Tensor, expected.state.cell, "cell");
}

const label = ({ cell, options, batch, lengths }: Case) =>
  [
    cell.name,
    options.direction ?? "forward",
    `H ${options.hiddenSize}`,
    options.projSize ? `P ${options.projSize}` : "",
    options.precision ?? "",
    batch === null ? "" : `B ${batch}`,
    lengths ? "lengths" : "",
  ]
    .filter(Boolean)
    .join(", ");

describe.each(BACKENDS)("%s", (backend) => {
  const all = [...sequences, ...few, ...many, ...integers];
  test("N threads have the bits of one", async () => {
    await init({ threads: 1, backend });
    const alone = all.map((one) => ({ one, expected: run(one) }));
    const unsplit: string[] = [];
    for (const count of COUNTS) {
      const threads = await init({ threads: count, backend });
      for (const { one, expected } of alone) {
        const before = threads.calls;
        const actual = run(one);
        if (threads.calls === before) unsplit.push(`${label(one)}, ${count}`);
        try {
          expectSame(actual, expected);
        } catch (error) {
          throw new Error(`${label(one)}, ${count} threads`, { cause: error });
        }
      }
      await threads.close();
    }
    expect(unsplit).toEqual([]);
  });

  test.each(["float32", "int8-fast"] as const)(
    "a model of layers, whose rows have their own lengths: %s",
    async (precision) => {
      const make = () =>
        new Sequential([
          new LSTM({ inputSize: 12, hiddenSize: 21, seed: 1, precision }),
          new Linear({
            inputSize: 21,
            outputSize: 33,
            activation: "relu",
            seed: 2,
            precision,
          }),
          new GRU({
            inputSize: 33,
            hiddenSize: 18,
            direction: "bidirectional",
            seed: 3,
            precision,
          }),
          new Linear({ inputSize: 36, outputSize: 6, seed: 4 }),
        ]);
      const random = new Random(8);
      const input = random.tensor([11, 300, 12]);
      const lengths = random.lengths(11, 300);
      await init({ threads: 1, backend });
      const expected = make().forward(input, { lengths });
      for (const count of COUNTS) {
        const threads = await init({ threads: count, backend });
        const actual = make().forward(input, { lengths });
        expectSameTensor(actual.output, expected.output, `${count} threads`);
        expect(actual.state).toEqual(expected.state);
        await threads.close();
      }
    },
  );

  test.each(["float32", "int8", "int8-fast"] as const)(
    "a Linear's steps and rows are split: %s",
    async (precision) => {
      const random = new Random(3);
      const input = random.tensor([5, 67, 83]);
      const make = (activation: "softmax" | "tanh") =>
        new Linear({
          inputSize: 83,
          outputSize: 91,
          activation,
          seed: 2,
          precision,
        });
      await init({ threads: 1, backend });
      const expected = (["softmax", "tanh"] as const).map(
        (activation) => make(activation).forward(input).output,
      );
      for (const count of COUNTS) {
        const threads = await init({ threads: count, backend });
        (["softmax", "tanh"] as const).forEach((activation, index) => {
          const before = threads.calls;
          const { output } = make(activation).forward(input);
          expectSameTensor(output, expected[index] as Tensor, activation);
          expect(threads.calls).toBeGreaterThan(before);
        });
        await threads.close();
      }
    },
  );

  test("a Conv1d of integers runs on one beside them, in the same memory", async () => {
    const input = new Random(4).tensor([3, 40, 20]);
    const make = () =>
      new Sequential([
        new Conv1d({
          inputSize: 20,
          outputSize: 33,
          kernelSize: 5,
          seed: 1,
          precision: "int8-fast",
        }),
        new LSTM({
          inputSize: 33,
          hiddenSize: 61,
          seed: 1,
          precision: "int8-fast",
        }),
      ]);
    await init({ threads: 1, backend });
    const expected = make().forward(input).output;
    const threads = await init({ threads: 2, backend });
    expectSameTensor(make().forward(input).output, expected, "output");
    expect(threads.calls).toBeGreaterThan(0);
    await threads.close();
  });
});
