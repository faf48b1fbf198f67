import { describe, expect, test } from "vitest";
import { LSTM, type CellActivation } from "../../src/index.js";
import {
  expectClose,
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import { expectTextbook } from "../support/expect-textbook.js";
import { activationNames } from "../support/functions.js";
import {
  backends,
  create,
  generalCells,
  randomState,
  scaleWeights,
  type AnyOptions,
  type Cell,
  type Kind,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { at, stateOfRow } from "../support/tensors.js";
import { tolerances } from "../support/tolerances.js";

// Cells with other functions, clip, peepholes and coupled gates: the general path.

/** Whole quads and ragged rests, one panel and several. */
const sizes = [1, 3, 4, 5, 8, 19];
const batches = [1, 2, 5];
const functions = { RNN: 1, GRU: 2, LSTM: 3 } as const;

function problem(kind: Kind, given: AnyOptions, batch: number) {
  const random = new Random(given.hiddenSize + batch);
  const options = { ...given, seed: batch };
  const input = random.tensor([batch, 7, options.inputSize], -2, 2);
  const state = randomState(random, kind, options, batch);
  return { options, input, start: batch % 2 ? {} : { state }, random };
}

describe.each(backends)("general cells on %s", (backend) => {
  function check(cell: Cell, rest: Partial<AnyOptions> = {}, scale = 1) {
    // Every size with one batch here; which one differs from test to test.
    const turn = scale + generalCells.indexOf(cell as never);
    sizes.forEach((hiddenSize, index) => {
      const batch = batches[(index + turn) % 3]!;
      const { kind } = cell;
      const given = { inputSize: 3, hiddenSize, ...cell.options, ...rest };
      const { options, input, start, random } = problem(kind, given, batch);
      const layer = create(kind, { ...options, backend });
      scaleWeights(layer, scale);
      const what = `H = ${hiddenSize}, B = ${batch}`;
      expectTextbook(layer, input, start, tolerances.equations, what);
      const lengths = random.lengths(batch, 7);
      const { output, state } = layer.forward(input, { ...start, lengths });
      lengths.forEach((length, row) => {
        const own = at(input, 0, row);
        const alone = layer.forward(
          {
            shape: [length, options.inputSize],
            data: own.data.subarray(0, length * options.inputSize),
          },
          start.state && { state: stateOfRow(start.state, row) },
        );
        const valid = at(output, 0, row).data.subarray(
          0,
          alone.output.data.length,
        );
        expectSameBits(valid, alone.output.data, `${what}, row ${row}`);
        expectSameState(stateOfRow(state, row), alone.state, what);
      });
    });
  }

  test.each(generalCells)("$name: the equations in float64", (cell) => {
    check(cell);
  });

  test.each(generalCells)(
    "$name: two layers in both directions, weights twice as large",
    (cell) => {
      check(cell, { numLayers: 2, direction: "bidirectional" }, 2);
    },
  );

  test("LSTM with projection: the equations in float64", () => {
    for (const hiddenSize of [3, 5, 8, 19])
      for (const batch of batches) {
        const given: AnyOptions = {
          inputSize: 3,
          hiddenSize,
          projSize: 2,
          numLayers: 2,
          direction: "bidirectional",
          peepholes: true,
          clip: 0.9,
        };
        const { options, input, start } = problem("LSTM", given, batch);
        const layer = create("LSTM", { ...options, backend });
        const what = `H = ${hiddenSize}, B = ${batch}`;
        expectTextbook(layer, input, start, tolerances.equations, what);
      }
  });

  test.each(["RNN", "GRU", "LSTM"] as const)(
    "%s: each direction may have functions of its own",
    (kind) => {
      const own: CellActivation[] = ["softsign", "sigmoid", "tanh"];
      const activations = [
        ...own.slice(0, functions[kind]),
        ...own.reverse().slice(0, functions[kind]),
      ];
      check({ kind }, { activations, direction: "bidirectional" });
    },
  );

  test.each(["RNN", "GRU", "LSTM"] as const)(
    "%s: every function in every place",
    (kind) => {
      const standard = ["sigmoid", "tanh", "tanh"].slice(-functions[kind]);
      for (const name of activationNames)
        for (let place = 0; place < functions[kind]; place++) {
          const activations = standard.map((own, index) =>
            index === place ? name : own,
          ) as CellActivation[];
          const options = { inputSize: 2, hiddenSize: 5, activations };
          const layer = create(kind, { ...options, backend });
          // Small: a cell whose functions have no bounds would only measure how it grows.
          const input = new Random(place).tensor([2, 4, 2]);
          scaleWeights(layer, 0.5);
          const what = `${name} as ${"fgh"[place]}`;
          expectTextbook(layer, input, {}, tolerances.equations, what);
        }
    },
  );

  test("streams give what forward gives, and fork", () => {
    for (const { kind, options } of generalCells) {
      const layer = create(kind, {
        inputSize: 3,
        hiddenSize: 9,
        numLayers: 2,
        ...options,
        backend,
      });
      const input = new Random(4).tensor([12, 3], -2, 2);
      const whole = layer.forward(input);
      const width = layer.outputSize;
      const stream = layer.stream();
      const frames = (from: number, to: number) =>
        input.data.subarray(from * 3, to * 3);
      const expected = (from: number, to: number) =>
        whole.output.data.subarray(from * width, to * width);
      for (let t = 0; t < 4; t++)
        expectSameBits(stream.step(frames(t, t + 1)), expected(t, t + 1));
      const fork = stream.fork();
      expectSameBits(stream.run(frames(4, 12)), expected(4, 12));
      expectSameState(stream.state, whole.state);
      expectSameBits(fork.run(frames(4, 12)), expected(4, 12));
    }
  });

  test("options that change nothing leave the standard cell's results", () => {
    const options = { inputSize: 3, hiddenSize: 19, numLayers: 2 };
    const input = new Random(5).tensor([3, 9, 3], -2, 2);
    const cells: [Kind, Partial<AnyOptions>][] = [
      ["RNN", {}],
      ["LSTM", {}],
      ["GRU", { resetAfter: true }],
      ["GRU", { resetAfter: false }],
    ];
    for (const [kind, own] of cells) {
      const standard: AnyOptions = { ...options, ...own, backend };
      const expected = create(kind, standard).forward(input);
      // So far away that it limits nothing, and yet on the general path.
      const general = create(kind, { ...standard, clip: 1e30 });
      const { output } = general.forward(input);
      const { data } = expected.output;
      expectClose(output.data, data, tolerances.equations, kind);
    }
    const lstm = { ...options, numLayers: 1, backend };
    const plain = new LSTM(lstm);
    const general = new LSTM({ ...lstm, peepholes: true }).loadStateDict({
      ...plain.stateDict(),
      weight_peephole_l0: { shape: [57], data: new Float32Array(57) },
    });
    const { data } = plain.forward(input).output;
    const { output } = general.forward(input);
    expectClose(output.data, data, tolerances.equations, "no peepholes");
  });
});

test("a state dict tells of peepholes by their name", () => {
  const lstm = new LSTM({
    inputSize: 2,
    hiddenSize: 5,
    numLayers: 2,
    direction: "bidirectional",
    peepholes: true,
  });
  const dict = lstm.stateDict();
  expect(dict["weight_peephole_l1_reverse"]!.shape).toEqual([15]);
  const found = LSTM.fromStateDict(dict);
  expect(found.options.peepholes).toBe(true);
  const input = new Random(1).tensor([4, 2]);
  expectSameTensor(found.forward(input).output, lstm.forward(input).output);
});
