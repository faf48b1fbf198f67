import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import {
  expectClose,
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import {
  backends,
  cells,
  create,
  someGeneralCells,
  randomState,
  type AnyOptions,
  type Cell,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { at, slice } from "../support/tensors.js";
import { textbook, type TextbookStep } from "../support/textbook.js";
import { tolerances } from "../support/tolerances.js";

const names = {
  RNN: ["hidden"],
  LSTM: ["input", "forget", "candidate", "output", "cell", "hidden"],
  GRU: ["reset", "update", "candidate", "hidden"],
} as const;

const projected: Cell & { name: string } = {
  name: "LSTM with a projection",
  kind: "LSTM",
  options: { projSize: 3 },
};

const time = 420; // three chunks of an LSTM in the kernel, two of a GRU
const input = new Random(1).tensor([2, time, 3]);
const optionsOf = ({ options }: Cell): AnyOptions => ({
  inputSize: 3,
  hiddenSize: 18,
  numLayers: 2,
  direction: "bidirectional",
  ...options,
});
/** The gates of each cell by the textbook, once for all backends: their weights are the same. */
const theory = [
  ...cells,
  projected,
  ...someGeneralCells.filter(({ kind }) => kind !== "RNN"),
].map((cell) => {
  const { kind } = cell;
  const weights = create(kind, optionsOf(cell)).stateDict();
  const { steps } = textbook(kind, optionsOf(cell), weights, input);
  return { ...cell, gates: gatesOf(steps) };
});

describe.each(backends)("the trace on %s", (backend) => {
  describe.each(theory)("$name", ({ kind, options, gates }) => {
    const full = optionsOf({ kind, ...(options && { options }) });
    const layer = create(kind, { ...full, backend });

    test("holds every gate of every step, layer and direction, as the textbook has it", () => {
      const { trace } = layer.forward(input, { trace: true });
      expect(trace!.map(({ layer, direction }) => [layer, direction])).toEqual([
        [0, "forward"],
        [0, "reverse"],
        [1, "forward"],
        [1, "reverse"],
      ]);
      for (const entry of trace!) {
        const own = Object.keys(entry).filter(
          (key) => key !== "layer" && key !== "direction",
        );
        expect(own.sort()).toEqual([...names[kind]].sort());
        for (const name of names[kind]) {
          const { shape, data } = entry[name] as Tensor;
          const width = name === "hidden" ? (full.projSize ?? 18) : 18;
          expect(shape, name).toEqual([2, time, width]);
          const place = `${entry.layer} ${entry.direction} ${name}`;
          expectClose(data, gates[place]!, tolerances.equations, place);
        }
      }
    });

    test("changes nothing in the result, and is there only when asked for", () => {
      const brief = slice(input, 1, 0, 2);
      expect(layer.forward(brief).trace).toBeUndefined();
      expect(layer.forward(brief, { trace: false }).trace).toBeUndefined();
      const state = randomState(new Random(2), kind, full, 2);
      for (const start of [
        {},
        { state },
        { lengths: [time, 77] },
        { state, lengths: [3, time - 1] },
      ]) {
        const traced = layer.forward(input, { ...start, trace: true });
        const plain = layer.forward(input, start);
        expectSameTensor(traced.output, plain.output);
        expectSameState(traced.state, plain.state);
      }
    });

    test("of a shorter sequence is that of its own run", () => {
      const { trace } = layer.forward(input, {
        lengths: [time, 77],
        trace: true,
      });
      const alone = layer.forward(slice(at(input, 0, 1), 0, 0, 77), {
        trace: true,
      });
      trace!.forEach((entry, i) => {
        for (const name of names[kind]) {
          const own = slice(at(entry[name] as Tensor, 0, 1), 0, 0, 77);
          expectSameTensor(own, alone.trace![i]![name] as Tensor, name);
        }
      });
    });

    test("of an input without a batch axis has none either", () => {
      const alone = { shape: [time, 3], data: input.data.slice(0, 3 * time) };
      const [first] = layer.forward(alone, { trace: true }).trace!;
      const [batch] = layer.forward(input, { trace: true }).trace!;
      for (const name of names[kind]) {
        const { shape, data } = first![name] as Tensor;
        expect(shape.length, name).toBe(2);
        expectSameBits(
          data,
          (batch![name] as Tensor).data.slice(0, data.length),
          name,
        );
      }
    });
  });
});

/** Each gate of all steps in the order of the trace, [B, T, width], by `layer direction name`. */
function gatesOf(steps: readonly TextbookStep[]): Record<string, Float64Array> {
  const all: Record<string, Float64Array> = {};
  for (const { layer, direction, row, time: t, gates } of steps)
    for (const [name, values] of Object.entries(gates)) {
      const { length } = values;
      const place = `${layer} ${direction} ${name}`;
      all[place] ??= new Float64Array(2 * time * length);
      all[place].set(values, (row * time + t) * length);
    }
  return all;
}
