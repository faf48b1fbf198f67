import { describe, expect, test } from "vitest";
import {
  type Cell,
  stepsOut,
  type Window,
} from "../../src/kernel/cells/cell.js";
import { linearCell } from "../../src/kernel/cells/linear.js";
import type { KernelFunction } from "../../src/kernel/contract.js";
import { Fields } from "../../src/kernel/js/layer.js";
import { Run } from "../../src/kernel/js/run.js";
import { LAYER } from "../../src/kernel/fields.js";
import { Model, type StageSpec } from "../../src/kernel/model.js";
import { Random } from "../support/random.js";

/*
 * A stage may give another number of steps than it takes. The cell here, plain JavaScript alone, makes each output of the
 * sum of its window's first and last step.
 */

/** y(t) = x(first of its window) + x(last of it). */
const ends = (window: Window): KernelFunction => ({
  name: "ends",
  js(memory) {
    const run = new Run(memory);
    return (address) => {
      const { f32, layer, rows, steps, x, y } = run.read(address);
      const fields = new Fields(memory, layer, LAYER);
      const width = fields.int("inputWidth");
      const yWidth = fields.index("outputStride");
      const all = (steps - 1) * window.stride + window.span;
      for (let row = 0; row < rows; row++)
        for (let t = 0; t < run.length(row); t++) {
          const from = x + (row * all + t * window.stride) * width;
          const to = y + (row * steps + t) * yWidth;
          const last = from + (window.span - 1) * width;
          f32[to] = f32[from]! + f32[last]!;
        }
    };
  },
});

function endsCell(window: Window): Cell {
  const { ints, floats, format, matrices, zPanels } = linearCell({
    inputSize: 1,
    outputSize: 1,
    activation: "linear",
    weight: () => new Float32Array(1),
    bias: () => null,
  });
  return {
    inputSize: 1,
    outputSize: 1,
    hiddenSize: 1,
    reverse: false,
    ints,
    floats,
    format,
    matrices,
    zPanels,
    fields: LAYER,
    vectors: [],
    states: [],
    traced: [],
    scratch: 0,
    window,
    run: ends(window),
  };
}

const stageOf = (cell: Cell): StageSpec => ({
  cells: [cell],
  lastOnly: false,
  merge: "concat",
  inProcessingOrder: false,
});

/** y = 2 x + 1. */
const double = () =>
  linearCell({
    inputSize: 1,
    outputSize: 1,
    activation: "linear",
    weight: () => Float32Array.of(2),
    bias: () => Float32Array.of(1),
  });

const WINDOWS: readonly (readonly [string, Window])[] = [
  ["valid", { span: 5, stride: 1, before: 0, after: 0 }],
  ["same", { span: 5, stride: 1, before: 2, after: 2 }],
  ["causal, stride 3", { span: 4, stride: 3, before: 3, after: 0 }],
  ["more padding than span", { span: 2, stride: 2, before: 5, after: 5 }],
  ["gaps", { span: 1, stride: 4, before: 0, after: 0 }],
];

/** One row by itself, by the definition. */
function expected(row: readonly number[], window: Window): number[] {
  const at = (t: number) => row[t] ?? 0;
  return Array.from({ length: stepsOut(window, row.length) }, (_, t) => {
    const from = t * window.stride - window.before;
    return at(from) + at(from + window.span - 1);
  });
}

describe.each(WINDOWS)("%s", (_, window) => {
  const stages = [double(), endsCell(window), double()].map(stageOf);
  const through = (row: readonly number[]) =>
    expected(
      row.map((value) => 2 * value + 1),
      window,
    ).map((value) => 2 * value + 1);

  // 20 000 steps are several chunks
  test.each([7, 20000])("%i steps", (steps) => {
    const model = new Model(stages, "js", 0);
    const input = new Random(steps).floats(steps).map((n) => Math.round(n * 9));
    const run = { input, batch: 1, lengths: null, states: [], trace: null };
    const result = model.forward({ ...run, steps });
    const wanted = through([...input]);
    expect(result.steps).toBe(wanted.length);
    expect([...result.output]).toEqual(wanted);
  });

  test("each row of a batch as by itself, whatever lies behind its end", () => {
    const model = new Model(stages, "js", 0);
    const [batch, steps] = [4, 9];
    const lengths = [7, 9, 5, 9];
    const input = new Random(1)
      .floats(batch * steps)
      .map((n) => Math.round(n * 9));
    const run = { input, batch, steps, lengths, states: [], trace: null };
    const result = model.forward(run);
    lengths.forEach((length, row) => {
      const own = Array.from(input.slice(row * steps, row * steps + length));
      const wanted = through(own);
      const got = result.output.slice(
        row * result.steps,
        (row + 1) * result.steps,
      );
      const rest = Array.from(
        { length: result.steps - wanted.length },
        () => 0,
      );
      expect([...got]).toEqual([...wanted, ...rest]);
    });
  });
});
